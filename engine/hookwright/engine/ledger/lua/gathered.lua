-- The second part of every ledger script: writes that are gathered over a call and made together at its end, each key
-- once. Put after the prelude. Keys touched here: results:<node>, settled:<node>, d:*, body:*.
-- A delivery that is over within the call is still there to be read; `is_over` tells.

local CHUNK = 1000 -- values a command
local results = {} -- node -> packed results, oldest first
local tombstones = {} -- node -> delivery, 1, by turns
local over, over_keys, left = {}, {}, {} -- deliveries; their keys; body kept apart -> how many fewer need it

local function in_chunks(command, key, values)
  for i = 1, #values, CHUNK do
    redis.call(command, key, unpack(values, i, math.min(i + CHUNK - 1, #values)))
  end
end

-- One entry of a stream holds many results, a line each.
local function save_results(node)
  local found = results[node]
  if found then redis.call('XADD', P .. 'results:' .. node, '*', 'results', table.concat(found, '\n')) end
  results[node] = nil
end

local function report(node, result)
  local found = results[node] or {}
  found[#found + 1] = result
  results[node] = found
end

-- What is no result has an entry of its own, after the results that came before it.
local function report_apart(node, ...)
  save_results(node)
  redis.call('XADD', P .. 'results:' .. node, '*', ...)
end

local function is_over(id) return over[id] end

local function bury(node, id)
  local found = tombstones[node] or {}
  found[#found + 1], found[#found + 2] = id, 1
  tombstones[node] = found
end

local function forget(id, body)
  over[id] = true
  over_keys[#over_keys + 1] = P .. 'd:' .. id
  if body then left[body] = (left[body] or 0) + 1 end
end

local function save_gathered()
  for node in pairs(results) do save_results(node) end
  for node, found in pairs(tombstones) do in_chunks('HSET', P .. 'settled:' .. node, found) end
  for body, fewer in pairs(left) do
    local key = P .. 'body:' .. body
    if redis.call('HINCRBY', key, 'count', -fewer) <= 0 then over_keys[#over_keys + 1] = key end
  end
  for i = 1, #over_keys, CHUNK do
    redis.call('DEL', unpack(over_keys, i, math.min(i + CHUNK - 1, #over_keys)))
  end
end
