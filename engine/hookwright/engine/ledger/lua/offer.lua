#!lua
-- Takes deliveries in. One whose `seen` key another one of its endpoint had within the window is skipped instead.
-- Keys: d:<delivery>, body:<sha256>, total, due, q:<endpoint>, ring, ep:<endpoint>, order:*, seen:<endpoint>:<key>;
--       of what is skipped, results:<node>; reads and, of what is skipped, writes settled:<node>.
-- Idempotent: a delivery the ledger has, or of which it has a tombstone, is left alone; none repeats itself.
-- Cost: O(deliveries), 1 command each and 4 an endpoint; the rest once a call.
-- ARGV: epoch candidate, packed [[id, node, endpoint, body, attempts, wait, packed delivery, and for some: order,
--       turn, seen, window in ms]], then sha256 and bytes of each body by turns.
-- Answer: epoch, added, refused ids (tombstones).

begin(ARGV[1])
local offers, bodies, needed = cmsgpack.unpack(ARGV[2]), {}, {}
for i = 3, #ARGV, 2 do bodies[ARGV[i]] = ARGV[i + 1] end
for _, offer in ipairs(offers) do needed[offer[4]] = (needed[offer[4]] or 0) + 1 end

-- Which of these keys there are: asked for each only if there are any.
local function existing(keys)
  local found = {}
  for i = 1, #keys, CHUNK do
    local last = math.min(i + CHUNK - 1, #keys)
    if redis.call('EXISTS', unpack(keys, i, last)) > 0 then
      for j = i, last do found[keys[j]] = redis.call('EXISTS', keys[j]) == 1 end
    end
  end
  return found
end

-- What there is of all that is offered, each kind asked for at once.
local there, buried, names = {}, {}, {}
local function look_around()
  local keys, asked, known = {}, {}, {}
  for i, offer in ipairs(offers) do
    local id, node, name = offer[1], offer[2], offer[3]
    keys[i] = P .. 'd:' .. id
    local ids = asked[node] or {}
    asked[node], ids[#ids + 1] = ids, id
    if not known[name] then known[name], names[#names + 1] = true, name end
  end
  for body, count in pairs(needed) do
    if count == 1 then keys[#keys + 1] = P .. 'body:' .. body end
  end
  there = existing(keys)
  for node, ids in pairs(asked) do
    for i = 1, #ids, CHUNK do
      local last = math.min(i + CHUNK - 1, #ids)
      local found = redis.call('HMGET', P .. 'settled:' .. node, unpack(ids, i, last))
      for j = i, last do buried[ids[j]] = found[j - i + 1] end
    end
  end
  look_up_caps(names)
end

-- A body that several deliveries need is kept apart, once; that of a single one is kept with it.
local more = {} -- body kept apart -> how many of these deliveries need it
local function is_kept_apart(body) return needed[body] > 1 or there[P .. 'body:' .. body] end

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
local ready = {} -- endpoint -> deliveries

local function take_in(id, node, name, body, attempts, wait, packed, order, turn)
  added = added + 1
  local apart = is_kept_apart(body)
  if apart then more[body] = (more[body] or 0) + 1 end
  if order == '' then order = nil end
  there[P .. 'd:' .. id] = true
  redis.call('SET', P .. 'd:' .. id,
    write_work(attempts, apart and body, order, node, name, packed, apart and '' or bodies[body]))
  if order and not line_up(id, name, order, turn) then
    park(id, wait > 0 and due_after(wait) or 0)
  elseif wait > 0 then
    redis.call('ZADD', P .. 'due', due_after(wait), id)
  else
    local ids = ready[name] or {}
    ready[name], ids[#ids + 1] = ids, id
  end
end

-- Puts what is ready into the queues, all of an endpoint's at once.
local function save_ready()
  for _, name in ipairs(names) do
    if ready[name] then
      local e = endpoint(name)
      e.waiting = redis.call('RPUSH', e.queue, unpack(ready[name]))
      enter_ring(e)
    end
  end
end

look_around()
for _, offer in ipairs(offers) do
  local id, node, name, _, attempts, _, _, order, _, seen, window = unpack(offer)
  if buried[id] then
    refused[#refused + 1] = id
  elseif not there[P .. 'd:' .. id] then
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
save_ready()
count(added)
save_bodies()
save_endpoints()
save_gathered()
return { head[2], added, refused }
