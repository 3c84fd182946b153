-- The third part of every ledger script: endpoints that make no calls for a time. Put after what is gathered.
-- Keys touched here: rest (endpoint -> Unix ms at which it is woken), rests (endpoint -> JSON, by cause
-- [Unix ms, why]), `rest` in ep:*. An endpoint that rests is not in the ring; its work waits where it is. It rests
-- until the last of its causes is over. Endpoints that never rest cost nothing here.

local WOKEN = 256 -- endpoints a call

local function rests_of(e)
  local stored = redis.call('HGET', P .. 'rests', e.name)
  return stored and cjson.decode(stored) or {}
end

local function save_rests(e, rests)
  local last = 0
  for _, each in pairs(rests) do last = math.max(last, each[1]) end
  if last > now then
    e.rest = last
    redis.call('HSET', P .. 'rests', e.name, cjson.encode(rests))
    redis.call('HSET', P .. 'ep:' .. e.name, 'rest', last)
    redis.call('ZADD', P .. 'rest', last, e.name)
  elseif e.rest then
    e.rest = nil
    redis.call('HDEL', P .. 'rests', e.name)
    redis.call('HDEL', P .. 'ep:' .. e.name, 'rest')
    redis.call('ZREM', P .. 'rest', e.name)
  end
end

-- Lets an endpoint rest until `till`, in place of what this cause said before.
local function put_to_rest(e, cause, till, why)
  local rests = e.rest and rests_of(e) or {}
  rests[cause] = { till, why }
  save_rests(e, rests)
end

-- The same, but never shorter than this cause said before.
local function rest_at_least(e, cause, till, why)
  local before = e.rest and rests_of(e)[cause]
  if not before or before[1] < till then put_to_rest(e, cause, till, why) end
end

-- Ends the rest that came of one cause, or of any.
local function end_rest(e, cause)
  if not e.rest then return end
  local rests = cause and rests_of(e) or {}
  if cause then rests[cause] = nil end
  save_rests(e, rests)
  enter_ring(e)
end

-- Those whose time has come.
local function wake()
  local names = redis.call('ZRANGEBYSCORE', P .. 'rest', '-inf', now, 'LIMIT', 0, WOKEN)
  for _, name in ipairs(names) do
    local e = endpoint(name)
    end_rest(e)
    if e.bucket and e.bucket <= now then -- nothing is left to remember
      e.bucket = nil
      redis.call('HDEL', P .. 'ep:' .. name, 'bucket')
    end
    redis.call('ZREM', P .. 'rest', name) -- also what stood there without cause
  end
end

-- Milliseconds until the next delivery is due or the next endpoint wakes (0: now), false when there is none.
local function next_due()
  local due = redis.call('ZRANGE', P .. 'due', 0, 0, 'WITHSCORES')[2]
  local woken = redis.call('ZRANGE', P .. 'rest', 0, 0, 'WITHSCORES')[2]
  local first = math.min(tonumber(due) or math.huge, tonumber(woken) or math.huge)
  return first < math.huge and math.max(first - now, 0) or false
end
