#!lua flags=no-writes
-- Tells the last switch of every name, and how often in a row each of some endpoints failed.
-- Keys: reads switches, ep:*. Idempotent: nothing is written. Cost: O(switches + endpoints).
-- ARGV: packed [endpoint]. Answer: the switches (JSON each), the counts in the order of the endpoints.

local counts = {}
for _, name in ipairs(cmsgpack.unpack(ARGV[1])) do
  counts[#counts + 1] = tonumber(redis.call('HGET', P .. 'ep:' .. name, 'failures')) or 0
end
return { redis.call('HVALS', P .. 'switches'), counts }
