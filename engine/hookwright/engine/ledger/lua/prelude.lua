-- The first part of every ledger script: the clock, the head keys, the endpoint table, and how work gets ready.
-- Not a script of its own: it is put after the `#!lua` line of each.
-- KEYS[1] is the prefix of all keys. Keys touched here: schema, epoch, live, heard, spared (read once a call); caps, off,
-- switches, ep:*, q:*, ring (endpoints); total, lease, doubt, sure, grounds.
-- An endpoint stands in `ring` exactly once while it has ready work and a free slot under its cap; `ringed`
-- in its hash says so. Work waiting behind a full cap is therefore never looked at.
-- `switches` holds the last word on every name ever switched, `off` the names that are off now. A name is an
-- endpoint's or its subscriber's. An endpoint that the live revision does not have is never off: its work has to
-- come out and be cancelled. One switched off, or put to rest, may stand in the ring until its next turn, which
-- takes it out.

local P = KEYS[1]
local SCHEMA = 3
local DEFAULT_CAP = 4

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- When what waits from now on is due: `now` is the millisecond that has begun, so the next one is counted from.
local function due_after(wait) return wait > 0 and now + 1 + wait or now end

local head = redis.call('MGET', P .. 'schema', P .. 'epoch', P .. 'live', P .. 'heard', P .. 'spared')
if head[1] and tonumber(head[1]) > SCHEMA then
  return redis.error_reply('SCHEMA the data was written by a newer version (' .. head[1] .. ')')
end

local KEPT = { schema = 1, live = 1, heard = 1, spared = 1, lease = 1, caps = 1, limits = 1, switches = 1, off = 1,
  marks = 1, grounds = 1, doubt = 1, sure = 1, results = 1, settled = 1, revision = 1, call = 1, halt = 1, ep = 1,
  node = 1 }

-- Forgets all work. What is not booked yet, who lives and what is configured stays. The epoch ends, so all nodes
-- offer again what is open. Cost: O(keys).
local function forget_all()
  local cursor = '0'
  repeat
    local found = redis.call('SCAN', cursor, 'MATCH', P .. '*', 'COUNT', 1000)
    cursor = found[1]
    for _, key in ipairs(found[2]) do
      local kind = string.match(string.sub(key, #P + 1), '^[^:]*')
      if kind == 'ep' then
        redis.call('HDEL', key, 'flying', 'ringed', 'rest', 'breaker') -- nobody can end a probe that is forgotten
      elseif not KEPT[kind] then
        redis.call('UNLINK', key)
      end
    end
  until cursor == '0'
  head[2] = false
end

-- The epoch ends with the data: a candidate that is random per call takes its place only when it is gone. Work that an
-- older version wrote in another form is forgotten, and offered again by the nodes it came from.
local function begin(candidate)
  if head[1] and tonumber(head[1]) < SCHEMA then
    forget_all()
    head[1] = false
  end
  if not head[1] then redis.call('SET', P .. 'schema', SCHEMA) end
  if not head[2] then
    redis.call('SET', P .. 'epoch', candidate)
    head[2] = candidate
  end
end

local function subscriber_of(name) return string.match(name, '^[^/]*/[^/]*') or name end

local anything_off -- whether any name is off: then, and only then, each endpoint is asked for
local function is_off(name)
  if anything_off == nil then anything_off = redis.call('EXISTS', P .. 'off') == 1 end
  if not anything_off then return false end
  local found = redis.call('HMGET', P .. 'off', name, subscriber_of(name))
  return found[1] ~= false or found[2] ~= false
end

-- Of an endpoint's cap and, where it has one, its policy (JSON): what stands in `caps`.
local function read_cap(written)
  if not written or tonumber(written) then return tonumber(written), nil end
  local cap, policy = string.match(written, '^(%d+) (.*)$')
  return tonumber(cap), policy and cjson.decode(policy)
end

local endpoints = {}
local caps = {} -- endpoint -> what stands in `caps`, where it was asked for already

-- Reads the caps of many endpoints with one command.
local function look_up_caps(names)
  local asked = {}
  for _, name in ipairs(names) do
    if not endpoints[name] then asked[#asked + 1] = name end
  end
  if #asked == 0 then return end
  for i, written in ipairs(redis.call('HMGET', P .. 'caps', unpack(asked))) do caps[asked[i]] = written end
end

local function endpoint(name)
  local e = endpoints[name]
  if not e then
    local stored = redis.call('HMGET', P .. 'ep:' .. name, 'flying', 'ringed', 'failures', 'rest',
      'breaker', 'bucket')
    local written = caps[name]
    if written == nil then written = redis.call('HGET', P .. 'caps', name) end
    local cap, policy = read_cap(written)
    e = {
      name = name,
      queue = P .. 'q:' .. name,
      flying = tonumber(stored[1]) or 0,
      ringed = stored[2] ~= false,
      stored = { flying = stored[1], ringed = stored[2], breaker = stored[5] },
      failures = tonumber(stored[3]) or 0,
      rest = tonumber(stored[4]),
      bucket = tonumber(stored[6]),
      cap = cap or DEFAULT_CAP,
      policy = policy,
      published = written ~= false,
      off = written ~= false and is_off(name),
    }
    local strikes, opened, probing = string.match(stored[5] or '', '^(%d+) (%d+) (.*)$')
    e.strikes, e.opened = tonumber(strikes) or 0, tonumber(opened) or 0
    e.probing = probing ~= '' and probing or nil
    endpoints[name] = e
  end
  return e
end

-- How many wait in its queue: asked for once a call, and counted from then on.
local function waiting(e)
  if not e.waiting then e.waiting = redis.call('LLEN', e.queue) end
  return e.waiting
end

-- One that is off, that rests, or whose probe is under way makes no calls.
local function may_call(e) return not e.off and not e.rest and not e.probing end

local function enter_ring(e)
  if not e.ringed and may_call(e) and e.flying < e.cap and waiting(e) > 0 then
    redis.call('RPUSH', P .. 'ring', e.name)
    e.ringed = true
  end
end

local function count_failures(e, failures) e.failures, e.counted = failures, true end

-- Writes back what has changed; an endpoint at rest whose last delivery succeeded leaves no key behind.
local function save_endpoint(e)
  local set, unset = {}, {}
  local function save(field, value, before)
    if value and tostring(value) ~= before then
      set[#set + 1], set[#set + 2] = field, value
    elseif not value and before then
      unset[#unset + 1] = field
    end
  end
  save('flying', e.flying > 0 and e.flying, e.stored.flying)
  save('ringed', e.ringed and 1, e.stored.ringed)
  local struck = e.strikes > 0 or e.opened > 0
  save('breaker', struck and e.strikes .. ' ' .. e.opened .. ' ' .. (e.probing or ''), e.stored.breaker)
  if e.counted then save('failures', e.failures > 0 and e.failures, true) end
  if #set > 0 then redis.call('HSET', P .. 'ep:' .. e.name, unpack(set)) end
  if #unset > 0 then redis.call('HDEL', P .. 'ep:' .. e.name, unpack(unset)) end
end

local function save_endpoints()
  for _, e in pairs(endpoints) do save_endpoint(e) end
end

local function last_switch(name)
  local stored = redis.call('HGET', P .. 'switches', name)
  return stored and cjson.decode(stored)
end

-- The last word on a name. Telling its endpoints is the caller's business.
local function put_switch(switch)
  redis.call('HSET', P .. 'switches', switch.name, cjson.encode(switch))
  if switch.state == 'enabled' then
    redis.call('HDEL', P .. 'off', switch.name)
  else
    redis.call('HSET', P .. 'off', switch.name, switch.state)
  end
  anything_off = nil
end

local function make_ready(id, e, push)
  e.waiting = redis.call(push, e.queue, id)
  enter_ring(e)
end

local function count(more)
  if more ~= 0 and redis.call('INCRBY', P .. 'total', more) <= 0 then redis.call('DEL', P .. 'total') end
end

-- After so long a silence the data may be that of a moment long before the last: a copy brought back.
local SILENCE = 5000 -- ms
local DOUBTED = 10000 -- ms until claims go on although a node does not vouch for its own

local function is_doubted(node)
  local doubt = redis.call('GET', P .. 'doubt')
  if not doubt or redis.call('HGET', P .. 'sure', node) == doubt then return false end
  return redis.call('HEXISTS', P .. 'grounds', node) == 1 -- who never vouched left nothing to be mistaken about
end

-- Renews a worker's lease. When no worker at all was heard for half a lease, or the clock went back, then the
-- server was away or its clock jumped: no lease says anything about its worker until all had time to renew.
-- Answers with 1 when there was no lease to renew: then the worker holds nothing of what it claimed before.
local function renew(worker, lease)
  local anew = redis.call('ZADD', P .. 'lease', now, worker)
  local heard = tonumber(head[4])
  if heard and (now - heard > lease / 2 or now < heard) then
    head[5] = now + lease
    redis.call('SET', P .. 'spared', head[5], 'PX', lease) -- expiry tidies up; the value decides
  end
  if heard and (now - heard > SILENCE or now < heard) then redis.call('SET', P .. 'doubt', now, 'PX', DOUBTED) end
  redis.call('SET', P .. 'heard', now)
  return anew
end
