#!lua flags=no-writes
-- Counts. Keys: reads total, due, lease, w:*. Idempotent: nothing is written. Cost: O(workers).
-- Answer: all deliveries, those waiting for a time, those in flight, then worker and ms since its beat by turns.

local answer = { tonumber(redis.call('GET', P .. 'total')) or 0, redis.call('ZCARD', P .. 'due'), 0 }
local workers = redis.call('ZRANGE', P .. 'lease', 0, -1, 'WITHSCORES')
for i = 1, #workers, 2 do
  answer[3] = answer[3] + redis.call('HLEN', P .. 'w:' .. workers[i])
  answer[#answer + 1] = workers[i]
  answer[#answer + 1] = now - workers[i + 1]
end
return answer
