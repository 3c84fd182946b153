-- A part of every ledger script: claims, and the moves of a delivery out of flight. Put after the writes that are
-- gathered. Keys touched here: w:<worker>, lease, call:<worker>, results:*, d:*, and those of `make_ready`.
-- A delivery is in flight while, and only while, it stands in the hash w:<worker> of one worker. There its claim is
-- written as "call body order endpoint": the number of the step that made it, its body if that is kept apart, the key
-- of its order (each - for none). So what settles need not be read. A token is "delivery/worker/call".

local claims_of = {} -- worker -> delivery -> its claim as written, false when there is none: each read once a call

-- Reads the claims of a worker on these deliveries with one command.
local function look_up(worker, ids)
  local found = {}
  for i = 1, #ids, CHUNK do
    local last = math.min(i + CHUNK - 1, #ids)
    local stored = redis.call('HMGET', P .. 'w:' .. worker, unpack(ids, i, last))
    for j = i, last do found[ids[j]] = stored[j - i + 1] end
  end
  claims_of[worker] = found
end

local function written_claim(worker, id)
  local found = claims_of[worker] or {}
  claims_of[worker] = found
  if found[id] == nil then found[id] = redis.call('HGET', P .. 'w:' .. worker, id) end
  return found[id]
end

local function write_claim(call, body, order, name)
  return call .. ' ' .. (body or '-') .. ' ' .. (order or '-') .. ' ' .. name
end

-- The claim a token stands for: delivery, worker, endpoint, body, order; the delivery alone when it holds no more.
local function claim_behind(token)
  local id, worker, call = string.match(token, '^([^/]*)/(.*)/(%d+)$')
  if not id then return string.match(token, '^[^/]*') end
  local written = written_claim(worker, id)
  local began, body, order, name = string.match(written or '', '^(%d+) (%S+) (%S+) (.*)$')
  if began ~= call then return id end
  return id, worker, name, body ~= '-' and body, order ~= '-' and order
end

local alive
-- The worker that holds a delivery, if any does. Cost: O(workers).
local function holder_of(id)
  alive = alive or redis.call('ZRANGE', P .. 'lease', 0, -1)
  for _, worker in ipairs(alive) do
    if written_claim(worker, id) then return worker end
  end
end

-- Takes a delivery out of flight; the caller says where it goes next. Who held it is written once a call.
local departed = {}
local function land(id, name, worker)
  local ids = departed[worker] or {}
  departed[worker], ids[#ids + 1] = ids, id
  if claims_of[worker] then claims_of[worker][id] = false end
  local e = endpoint(name)
  e.flying = math.max(e.flying - 1, 0)
  if e.probing == id then e.probing, e.probed = nil, id end
  return e
end

local function save_departures()
  for worker, ids in pairs(departed) do in_chunks('HDEL', P .. 'w:' .. worker, ids) end
  departed = {}
end

-- In flight to ready again, in front of its queue: no try is spent.
local function give_back(id, name, worker) make_ready(id, land(id, name, worker), 'LPUSH') end

-- What the worker had claimed in its last step and not begun to send is under suspicion of its death.
local NEARLY_SENT, IN_PREPARATION = 3, 10 -- how much; at 30 a delivery is set aside (see `Claim`)
local function suspect(id, last) add_suspicion(id, last[id] and IN_PREPARATION or NEARLY_SENT) end

-- The claims of a worker's last step: had it lived to take another, it would have prepared them all.
local function last_claims(worker)
  local stored, last = redis.call('GET', P .. 'call:' .. worker), {}
  for _, id in ipairs(stored and cmsgpack.unpack(stored)[2] or {}) do last[id] = true end
  return last
end

-- A worker whose lease ended loses its claims: each is ready again, and its node is told.
local function reap(lease)
  local spared = (tonumber(head[5]) or 0) - now
  if spared > 0 and spared <= lease then return end
  local ended = redis.call('ZRANGEBYSCORE', P .. 'lease', '-inf', now - lease, 'LIMIT', 0, 8)
  if #ended == 0 then ended = redis.call('ZRANGEBYSCORE', P .. 'lease', now + lease, '+inf', 'LIMIT', 0, 8) end
  for _, worker in ipairs(ended) do
    local last, claims = last_claims(worker), redis.call('HGETALL', P .. 'w:' .. worker)
    for i = 1, #claims, 2 do
      local id, name = claims[i], string.match(claims[i + 1], '^%S+ %S+ %S+ (.*)$')
      local attempts, _, _, _, node = work_of(id)
      if node then
        redis.call('XADD', P .. 'results:' .. node, '*', 'reaped', worker, 'delivery', id,
          'attempt', attempts + 1, 'at', now)
        suspect(id, last)
        give_back(id, name, worker)
      end
    end
    redis.call('DEL', P .. 'w:' .. worker)
    redis.call('ZREM', P .. 'lease', worker)
  end
end
