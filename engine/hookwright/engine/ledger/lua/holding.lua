#!lua flags=no-writes
-- Lists what the ledger holds of a node, a part a call. Keys: reads d:*, w:*, lease. Idempotent: nothing is written.
-- Cost: O(1,000 keys + claims). ARGV: node, cursor ("0" to begin). Answer: next cursor ("0" at the end), then delivery,
--       tries spent and token (or false) by turns. Some may come twice.

local tokens = {}
for _, worker in ipairs(redis.call('ZRANGE', P .. 'lease', 0, -1)) do
  local claims = redis.call('HGETALL', P .. 'w:' .. worker)
  for i = 1, #claims, 2 do
    tokens[claims[i]] = claims[i] .. '/' .. worker .. '/' .. string.match(claims[i + 1], '^%d+')
  end
end

local found = redis.call('SCAN', ARGV[2], 'MATCH', P .. 'd:*', 'COUNT', 1000)
local answer = { found[1] }
for _, key in ipairs(found[2]) do
  local id = string.sub(key, #P + 3)
  local attempts, _, _, _, node = work_of(id)
  if node == ARGV[1] then
    answer[#answer + 1] = id
    answer[#answer + 1] = attempts
    answer[#answer + 1] = tokens[id] or false
  end
end
return answer
