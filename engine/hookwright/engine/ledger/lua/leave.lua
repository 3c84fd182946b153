#!lua flags=allow-oom
-- A worker goes: whatever it still holds is ready again (no try spent), and its lease ends.
-- Keys: w:<worker>, call:<worker>, lease, d:*, q:*, ring, ep:*.
-- Idempotent: the second call finds nothing. Cost: O(claims held).
-- ARGV: epoch candidate, worker. Answer: epoch.

begin(ARGV[1])
local worker = ARGV[2]
for _, id in ipairs(redis.call('SMEMBERS', P .. 'w:' .. worker)) do
  local d = redis.call('HMGET', P .. 'd:' .. id, 'endpoint', 'worker')
  if d[2] == worker then give_back(id, d[1], worker) end
end
save_departures()
save_endpoints()
redis.call('DEL', P .. 'w:' .. worker, P .. 'call:' .. worker)
redis.call('ZREM', P .. 'lease', worker)
return { head[2] }
