-- The third part of every ledger script: writes that are gathered over a call and made together at its end, each key
-- once. Put after the form of work. Keys touched here: results:<node>, settled:<node>, d:*, body:*.
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

-- Results that stand one after the other in one text, a line each, are taken out of it together: most often all.
local run = {} -- the text, the node, the first and the last byte
local function end_run()
  local node = run.node
  if not node then return end
  local found = results[node] or {}
  found[#found + 1] = string.sub(run.text, run.from, run.to)
  results[node], run.node = found, nil
end

-- One entry of a stream holds many results, a line each.
local function save_results(node)
  end_run()
  local found = results[node]
  if found then redis.call('XADD', P .. 'results:' .. node, '*', 'results', table.concat(found, '\n')) end
  results[node] = nil
end

local function report(node, result)
  end_run()
  local found = results[node] or {}
  found[#found + 1] = result
  results[node] = found
end

-- The same, of a result that stands in a text from one byte to another.
local function report_line(node, text, from, to)
  if run.node ~= node or run.text ~= text or run.to + 2 ~= from then
    end_run()
    run.node, run.text, run.from = node, text, from
  end
  run.to = to
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
  end_run()
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
