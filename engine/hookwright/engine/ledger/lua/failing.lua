-- A part of every ledger script: what switches an endpoint off by itself. Put after the writes that are gathered.
-- Keys touched here: failing (endpoint -> Unix ms of the first failed try since the last Success, and how many failed),
-- `failures` in ep:*, switches, off, results:<node>; reads limits. An endpoint without a limit costs one command a
-- failed try; while none fails, all that succeed cost one a call.

local OURSELVES = 'hookwright' -- who switches off what fails too often
local UNITS = { { 'd', 86400000 }, { 'h', 3600000 }, { 'm', 60000 }, { 's', 1000 } }

local some_fail -- whether any endpoint is counted in `failing`

-- Something got through, or it counts from nothing again.
local function heal(e)
  if e.failures > 0 then count_failures(e, 0) end
  if some_fail == nil then some_fail = redis.call('EXISTS', P .. 'failing') == 1 end
  if some_fail and not e.healed then redis.call('HDEL', P .. 'failing', e.name) end
  e.healed = true
end

local function in_words(ms)
  for _, unit in ipairs(UNITS) do
    if ms >= unit[2] then return math.floor(ms / unit[2]) .. unit[1] end
  end
  return ms .. 'ms'
end

-- One more failed try: since when nothing but such, and how many.
local function note_failed_try(e)
  local stored = redis.call('HGET', P .. 'failing', e.name)
  local since, tries = string.match(stored or '', '^(%d+) (%d+)$')
  since, tries = tonumber(since) or now, (tonumber(tries) or 0) + 1
  redis.call('HSET', P .. 'failing', e.name, string.format('%.0f %.0f', since, tries))
  some_fail, e.healed = true, nil
  return since, tries
end

-- Why these limits switch an endpoint off now, if they do.
local function why_off(e, limit, outcome, status)
  for _, each in ipairs(limit.statuses or {}) do
    if each == status then return 'the receiver answered ' .. status end
  end
  if limit.lasting then
    local since, tries = note_failed_try(e)
    if now - since >= limit.lasting and tries >= limit.tries then
      return 'nothing but failure for ' .. in_words(now - since) .. ', ' .. tries .. ' tries'
    end
  end
  if outcome == 'failure' and limit.failures and e.failures >= limit.failures then
    return e.failures == 1 and '1 failed delivery' or e.failures .. ' failed deliveries in a row'
  end
end

-- A try failed, with this status if there was an answer. The node that hears of the last one writes it down.
local function judge_failure(e, node, outcome, status)
  if outcome == 'failure' then count_failures(e, e.failures + 1) end
  local written = redis.call('HGET', P .. 'limits', e.name)
  if not written then return end
  local limit = cjson.decode(written)
  local why = why_off(e, limit, outcome, status)
  if not why or e.off then return end
  local last = last_switch(e.name)
  local switch = {
    name = e.name,
    state = 'disabled',
    reason = why,
    by = OURSELVES,
    at = math.max(now, last and last.at + 1 or 0),
  }
  put_switch(switch)
  e.off = true
  if #limit.notify > 0 then switch.notify = limit.notify end
  report_apart(node, 'switched', cjson.encode(switch))
end

local FAILED = { retry = true, failure = true }

local function judge_outcome(e, node, outcome, status)
  if outcome == 'success' then
    heal(e)
  elseif FAILED[outcome] and e.published then
    judge_failure(e, node, outcome, status)
  end
end
