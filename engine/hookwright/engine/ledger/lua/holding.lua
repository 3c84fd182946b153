#!lua flags=no-writes
-- Lists what the ledger holds of a node, a part a call. Keys: reads d:*. Idempotent: nothing is written.
-- Cost: O(1,000 keys). ARGV: node, cursor ("0" to begin). Answer: next cursor ("0" at the end), then delivery,
--       tries spent and token (or false) by turns. Some may come twice.

local found = redis.call('SCAN', ARGV[2], 'MATCH', P .. 'd:*', 'COUNT', 1000)
local answer = { found[1] }
for _, key in ipairs(found[2]) do
  local d = redis.call('HMGET', key, 'node', 'attempts', 'token')
  if d[1] == ARGV[1] then
    answer[#answer + 1] = string.sub(key, #P + 3)
    answer[#answer + 1] = tonumber(d[2])
    answer[#answer + 1] = d[3]
  end
end
return answer
