-- The last part of every ledger script: deliveries of one endpoint that go out one after the other, by key. Put after
-- `rate`. Keys touched here: order:<endpoint>:<key> (deliveries that have not ended, by their turn), `parked` in d:*, due,
-- and those of the prelude. The first of a key alone may be claimed; once claimed its turn is -1, so it stays the first
-- until it ends, whoever is offered meanwhile. A delivery that finds others before it is parked: it is in no queue, and
-- `parked` says when it is due. Deliveries without a key cost nothing here.

local function line_of(name, order) return P .. 'order:' .. name .. ':' .. order end

-- The first of a key; those that are gone are forgotten on the way.
local function first_in(line)
  while true do
    local first = redis.call('ZRANGE', line, 0, 0)[1]
    if not first or (not is_over(first) and redis.call('EXISTS', P .. 'd:' .. first) == 1) then return first end
    redis.call('ZREM', line, first)
  end
end

-- Lets the first of a key go on, if it was parked.
local function release(name, line)
  local first = first_in(line)
  local till = first and parked_till(first)
  if not till then return end
  park(first, nil)
  if till > now then
    redis.call('ZADD', P .. 'due', till, first)
  else
    make_ready(first, endpoint(name), 'RPUSH')
  end
end

-- A delivery joins; whether it is the first.
local function line_up(id, name, order, turn)
  local line = line_of(name, order)
  redis.call('ZADD', line, turn, id)
  return first_in(line) == id
end

-- Whether a delivery that stands in front of the queue may be claimed; if not, it is parked.
local function is_its_turn(id, name, order)
  local line = line_of(name, order)
  if first_in(line) ~= id then
    park(id, 0)
    return false
  end
  redis.call('ZADD', line, -1, id)
  return true
end

-- A delivery has ended.
local function leave_line(id, name, order)
  local line = line_of(name, order)
  redis.call('ZREM', line, id)
  release(name, line)
end
