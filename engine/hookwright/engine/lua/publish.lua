#!lua
-- Makes a revision live: its content, then the caps of its endpoints, then the name, in one stroke.
-- Keys: revision:<new>, revision:<old>, caps, live, ring, ep:*; reads q:*.
-- Idempotent: publishing what is live changes nothing but the caps. Cost: O(endpoints).
-- ARGV: epoch candidate, revision, content, packed [[endpoint, cap]]. Answer: epoch.

begin(ARGV[1])
local revision = ARGV[2]
redis.call('SET', P .. 'revision:' .. revision, ARGV[3])
if head[3] and head[3] ~= revision then redis.call('DEL', P .. 'revision:' .. head[3]) end
redis.call('DEL', P .. 'caps')
local caps = cmsgpack.unpack(ARGV[4])
for _, pair in ipairs(caps) do redis.call('HSET', P .. 'caps', pair[1], pair[2]) end
for _, pair in ipairs(caps) do enter_ring(endpoint(pair[1])) end
save_endpoints()
redis.call('SET', P .. 'live', revision)
return { head[2] }
