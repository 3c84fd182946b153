#!lua
-- Makes a revision live: its content, then caps, limits and policies of its endpoints, then the name, in one stroke.
-- Endpoints it no longer has are neither off nor counted any more: their work comes out and is cancelled.
-- One that rests goes on resting only while its policy stays as it is: nothing waits for what nobody wants any more.
-- Keys: revision:<new>, revision:<old>, caps, limits, policies, live, ring, ep:*, failing, rest, rests; reads q:*, off.
-- Idempotent: publishing what is live changes nothing but the caps, limits and policies. Cost: O(endpoints).
-- ARGV: epoch candidate, revision, content, packed [[endpoint, cap]], packed [[endpoint, limit]] (JSON: what switches
--       it off, and whom to tell), packed [[endpoint, policy]] (JSON). Answer: epoch.

begin(ARGV[1])
local revision = ARGV[2]
redis.call('SET', P .. 'revision:' .. revision, ARGV[3])
if head[3] and head[3] ~= revision then redis.call('DEL', P .. 'revision:' .. head[3]) end
local before = redis.call('HKEYS', P .. 'caps')
local policies = {} -- of those that rest, before
for _, name in ipairs(redis.call('HKEYS', P .. 'rests')) do policies[name] = redis.call('HGET', P .. 'policies', name) end
redis.call('DEL', P .. 'caps', P .. 'limits', P .. 'policies')
local caps = cmsgpack.unpack(ARGV[4])
for _, pair in ipairs(caps) do redis.call('HSET', P .. 'caps', pair[1], pair[2]) end
for _, pair in ipairs(cmsgpack.unpack(ARGV[5])) do redis.call('HSET', P .. 'limits', pair[1], pair[2]) end
for _, pair in ipairs(cmsgpack.unpack(ARGV[6])) do redis.call('HSET', P .. 'policies', pair[1], pair[2]) end
for _, pair in ipairs(caps) do enter_ring(endpoint(pair[1])) end
for _, name in ipairs(before) do
  local e = endpoint(name)
  if not e.published then
    heal(e)
    enter_ring(e)
  end
end
for name, policy in pairs(policies) do
  local e = endpoint(name)
  if not e.published or redis.call('HGET', P .. 'policies', name) ~= policy then end_rest(e) end
end
save_endpoints()
redis.call('SET', P .. 'live', revision)
return { head[2] }
