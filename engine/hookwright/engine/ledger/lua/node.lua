#!lua flags=allow-oom
-- One accepting node holds its name, or lets go of it: two that book the results of one name would lose some.
-- Keys: node:<node>. Idempotent: who holds it holds it longer. Cost: O(1).
-- ARGV: epoch candidate, node, who asks, how long in ms (0: let go). Answer: epoch, who holds it, ms left.

begin(ARGV[1])
local key, asks, span = P .. 'node:' .. ARGV[2], ARGV[3], tonumber(ARGV[4])
local holder = redis.call('GET', key)
if holder and holder ~= asks then return { head[2], holder, redis.call('PTTL', key) } end
if span > 0 then redis.call('SET', key, asks, 'PX', span) else redis.call('DEL', key) end
return { head[2], asks, span }
