#!lua
-- Takes deliveries in. One whose `seen` key another one of its endpoint had within the window is skipped instead.
-- Keys: d:<delivery>, body:<sha256>, total, due, q:<endpoint>, ring, ep:<endpoint>, order:*, seen:<endpoint>:<key>;
--       of what is skipped, results:<node>; reads and, of what is skipped, writes settled:<node>.
-- Idempotent: a delivery the ledger has, or of which it has a tombstone, is left alone; none repeats itself.
-- Cost: O(deliveries), about 4 commands each.
-- ARGV: epoch candidate, packed [[id, node, endpoint, body, attempts, wait, packed delivery, and for some: order,
--       turn, seen, window in ms]], then sha256 and bytes of each body by turns.
-- Answer: epoch, added, refused ids (tombstones).

begin(ARGV[1])
local offers, bodies, needed = cmsgpack.unpack(ARGV[2]), {}, {}
for i = 3, #ARGV, 2 do bodies[ARGV[i]] = ARGV[i + 1] end
for _, offer in ipairs(offers) do needed[offer[4]] = (needed[offer[4]] or 0) + 1 end

-- A body that several deliveries need is kept apart, once; that of a single one is kept with it.
local more = {} -- body kept apart -> how many of these deliveries need it
local function is_kept_apart(body)
  return more[body] or needed[body] > 1 or redis.call('EXISTS', P .. 'body:' .. body) == 1
end

local function save_bodies()
  for body, count in pairs(more) do
    redis.call('HSETNX', P .. 'body:' .. body, 'bytes', bodies[body])
    redis.call('HINCRBY', P .. 'body:' .. body, 'count', count)
  end
end

-- The delivery that this one repeats. A key is remembered from the first one on, not from its last repeat.
local function twin_of(id, name, seen, window)
  local key = P .. 'seen:' .. name .. ':' .. seen
  local first, till = string.match(redis.call('GET', key) or '', '^(%S+) (%d+)$')
  if first and tonumber(till) > now then return first ~= id and first end
  redis.call('SET', key, id .. ' ' .. now + window, 'PX', window) -- expiry tidies up; the time decides
end

local function skip(id, node, attempts, twin)
  local result = { delivery = id, node = node, attempt = attempts, outcome = 'skipped', at = now, reason = 'duplicate of ' .. twin }
  report(node, cjson.encode(result))
  bury(node, id)
end

local added, refused = 0, {}

local function take_in(id, node, name, body, attempts, wait, packed, order, turn)
  added = added + 1
  local apart = is_kept_apart(body)
  if apart then more[body] = (more[body] or 0) + 1 end
  redis.call('HSET', P .. 'd:' .. id, 'attempts', attempts, 'node', node, 'endpoint', name,
    apart and 'body' or 'bytes', apart and body or bodies[body], 'delivery', packed)
  if order and order ~= '' and not line_up(id, name, order, turn) then
    park(id, wait > 0 and due_after(wait) or 0)
  elseif wait > 0 then
    redis.call('ZADD', P .. 'due', due_after(wait), id)
  else
    make_ready(id, endpoint(name), 'RPUSH')
  end
end

for _, offer in ipairs(offers) do
  local id, node, name, _, attempts, _, _, order, _, seen, window = unpack(offer)
  if redis.call('HEXISTS', P .. 'settled:' .. node, id) == 1 then
    refused[#refused + 1] = id
  elseif redis.call('EXISTS', P .. 'd:' .. id) == 0 then
    local twin = seen and seen ~= '' and attempts == 0 and twin_of(id, name, seen, window)
    if twin then
      skip(id, node, attempts, twin)
    else
      take_in(unpack(offer))
    end
  elseif order and order ~= '' then
    release(name, line_of(name, order)) -- of those before it some may be lost
  end
end
count(added)
save_bodies()
save_endpoints()
save_gathered()
return { head[2], added, refused }
