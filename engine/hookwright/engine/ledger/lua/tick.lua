#!lua flags=allow-oom
-- Times at which a clock begins runs: of the nodes that share this server one begins them.
-- Keys: ticks (a hash: automation -> last time, node). Idempotent: who got a time gets it again, until a later one is
-- given to another node. Cost: O(times).
-- ARGV: epoch candidate, automation, node, packed [time in Unix ms, oldest first]. Answer: epoch, the times given.

begin(ARGV[1])
local key, name, node = P .. 'ticks', ARGV[2], ARGV[3]
local last, holder = 0, ''
local kept = redis.call('HGET', key, name)
if kept then last, holder = unpack(cmsgpack.unpack(kept)) end
local given = {}
for _, time in ipairs(cmsgpack.unpack(ARGV[4])) do
  if time > last or holder == node then given[#given + 1] = time end
  if time > last then last, holder = time, node end
end
if holder == node then redis.call('HSET', key, name, cmsgpack.pack({ last, holder })) end
return { head[2], given }
