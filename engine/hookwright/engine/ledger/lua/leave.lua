#!lua flags=allow-oom
-- A worker goes: whatever it still holds is ready again (no try spent), and its lease ends.
-- Keys: w:<worker>, call:<worker>, lease, q:*, ring, ep:*.
-- Idempotent: the second call finds nothing. Cost: O(claims held).
-- ARGV: epoch candidate, worker. Answer: epoch.

begin(ARGV[1])
local worker = ARGV[2]
local claims = redis.call('HGETALL', P .. 'w:' .. worker)
for i = 1, #claims, 2 do give_back(claims[i], string.match(claims[i + 1], '^%S+ %S+ %S+ (.*)$'), worker) end
save_departures()
save_endpoints()
redis.call('DEL', P .. 'w:' .. worker, P .. 'call:' .. worker)
redis.call('ZREM', P .. 'lease', worker)
return { head[2] }
