#!lua
-- Takes deliveries in.
-- Keys: d:<delivery>, body:<sha256>, total, due, q:<endpoint>, ring, ep:<endpoint>; reads settled:<node>.
-- Idempotent: a delivery the ledger has, or of which it has a tombstone, is left alone.
-- Cost: O(deliveries), about 8 commands each.
-- ARGV: epoch candidate, packed [[id, node, endpoint, body, attempts, wait, packed delivery]],
--       then sha256 and bytes of each body by turns. Answer: epoch, added, refused ids (tombstones).

begin(ARGV[1])
local bodies = {}
for i = 3, #ARGV, 2 do bodies[ARGV[i]] = ARGV[i + 1] end

local added, refused = 0, {}
for _, offer in ipairs(cmsgpack.unpack(ARGV[2])) do
  local id, node, name, body, attempts, wait, packed = unpack(offer)
  local key = P .. 'd:' .. id
  if redis.call('HEXISTS', P .. 'settled:' .. node, id) == 1 then
    refused[#refused + 1] = id
  elseif redis.call('EXISTS', key) == 0 then
    added = added + 1
    redis.call('HSET', key, 'delivery', packed, 'node', node, 'endpoint', name, 'body', body,
      'attempts', attempts)
    redis.call('HSETNX', P .. 'body:' .. body, 'bytes', bodies[body])
    redis.call('HINCRBY', P .. 'body:' .. body, 'count', 1)
    if wait > 0 then
      redis.call('ZADD', P .. 'due', due_after(wait), id)
    else
      make_ready(id, endpoint(name), 'RPUSH')
    end
  end
end
count(added)
save_endpoints()
return { head[2], added, refused }
