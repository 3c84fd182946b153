#!lua flags=allow-oom
-- Puts a message into a Dramatiq queue and rings the queue's bell.
-- Keys: dramatiq:<queue>, dramatiq:<queue>.msgs, dramatiq:bell:<queue>.
-- Idempotent with ARGV[4] = 1: a message is put only while the queue is empty, so bells never pile up.
-- Cost: O(1). ARGV: queue, message id, message, 1 or 0. Answer: 1 when it was put.

local queue = KEYS[1] .. 'dramatiq:' .. ARGV[1]
if ARGV[4] == '1' and redis.call('LLEN', queue) > 0 then return 0 end
redis.call('HSET', queue .. '.msgs', ARGV[2], ARGV[3])
redis.call('RPUSH', queue, ARGV[2])
local bell = KEYS[1] .. 'dramatiq:bell:' .. ARGV[1]
redis.call('LPUSH', bell, 1)
redis.call('LTRIM', bell, 0, 63)
return 1
