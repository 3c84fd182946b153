#!lua
-- Makes a revision live: its content, then the caps and limits of its endpoints, then the name, in one stroke.
-- Endpoints it no longer has are neither off nor counted any more: their work comes out and is cancelled.
-- Keys: revision:<new>, revision:<old>, caps, limits, live, ring, ep:*; reads q:*, off.
-- Idempotent: publishing what is live changes nothing but the caps and limits. Cost: O(endpoints).
-- ARGV: epoch candidate, revision, content, packed [[endpoint, cap]], packed [[endpoint, limit]] (JSON with the
--       failures in a row that switch it off, and whom to tell). Answer: epoch.

begin(ARGV[1])
local revision = ARGV[2]
redis.call('SET', P .. 'revision:' .. revision, ARGV[3])
if head[3] and head[3] ~= revision then redis.call('DEL', P .. 'revision:' .. head[3]) end
local before = redis.call('HKEYS', P .. 'caps')
redis.call('DEL', P .. 'caps', P .. 'limits')
local caps = cmsgpack.unpack(ARGV[4])
for _, pair in ipairs(caps) do redis.call('HSET', P .. 'caps', pair[1], pair[2]) end
for _, pair in ipairs(cmsgpack.unpack(ARGV[5])) do redis.call('HSET', P .. 'limits', pair[1], pair[2]) end
for _, pair in ipairs(caps) do enter_ring(endpoint(pair[1])) end
for _, name in ipairs(before) do
  local e = endpoint(name)
  if not e.published then
    count_failures(e, 0)
    enter_ring(e)
  end
end
save_endpoints()
redis.call('SET', P .. 'live', revision)
return { head[2] }
