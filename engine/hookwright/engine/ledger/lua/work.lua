-- The second part of every ledger script: the form in which a delivery is kept. Put after the prelude.
-- Keys touched here: d:<delivery>, a text. Its first line has a fixed beginning, so that a piece of it can be written by
-- itself: "tries suspicion parked body order" - 6, 4 and 15 characters; when it is due, if its order parked it; the digest
-- of its body if that is kept apart, the key of its order (each - for none). Then come its node and its endpoint, a line
-- each, the delivery as JSON, and, on the next line, its body.

local HEAD = '^(%d+) (%d+) (%S+) (%S+) (%S+)\n([^\n]*)\n([^\n]*)\n()'
local HEAD_BYTES = 511 -- hold nearly every head
local NOT_PARKED = '---------------'

local function write_work(attempts, body, order, node, name, packed, bytes)
  return string.format('%06d 0000 ', attempts) .. NOT_PARKED .. ' ' .. (body or '-') .. ' ' .. (order or '-') .. '\n'
    .. node .. '\n' .. name .. '\n' .. packed .. '\n' .. bytes
end

-- Tries spent, suspicion, body kept apart, order, node, endpoint, and where the delivery begins; nothing when the text
-- is none of ours.
local function read_work(text)
  local attempts, suspicion, _, body, order, node, name, from = string.match(text, HEAD)
  if not from then return end
  return tonumber(attempts), tonumber(suspicion), body ~= '-' and body, order ~= '-' and order, node, name, from
end

-- The same of a delivery that is asked for by itself; nothing when there is none.
local function work_of(id)
  local key = P .. 'd:' .. id
  local text = redis.call('GETRANGE', key, 0, HEAD_BYTES)
  if text == '' then return end
  if not string.match(text, HEAD) then text = redis.call('GET', key) end
  return read_work(text)
end

local function write_piece(id, at, piece) redis.call('SETRANGE', P .. 'd:' .. id, at, piece) end

-- Of deliveries that are there.
local function add_try(id)
  local attempts = tonumber(redis.call('GETRANGE', P .. 'd:' .. id, 0, 5)) or 0
  write_piece(id, 0, string.format('%06d', math.min(attempts + 1, 999999)))
end

local function add_suspicion(id, more)
  local suspicion = tonumber(redis.call('GETRANGE', P .. 'd:' .. id, 7, 10)) or 0
  write_piece(id, 7, string.format('%04d', math.min(suspicion + more, 9999)))
end

local function park(id, till) write_piece(id, 12, till and string.format('%015.0f', till) or NOT_PARKED) end

-- When a delivery that is parked is due (Unix ms).
local function parked_till(id) return tonumber(redis.call('GETRANGE', P .. 'd:' .. id, 12, 26) or nil) end
