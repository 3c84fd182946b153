-- The third part of every ledger script: breakers. Put after `rest`. An endpoint whose policy has one
-- ([failures, probe, probe_max], ms) counts its failed attempts in a row as `strikes`. So many open it: it rests, for
-- `probe` first, then makes one call, the probe (`probing` is its delivery). Each failed probe doubles the rest; any
-- Success closes it. `opened` counts the rests. What was in flight when it opened says nothing by its failure.
-- Kept in `breaker` of ep:*, as "strikes opened probing"; a breaker without strikes leaves nothing there.

local function close_breaker(e)
  e.strikes, e.opened, e.probing = 0, 0, nil
  end_rest(e, 'breaker')
end

local function open_breaker(e)
  local _, probe, longest = unpack(e.policy.breaker)
  e.opened = e.opened + 1
  local wait = math.min(probe * 2 ^ math.min(e.opened - 1, 52), longest)
  local why = e.strikes == 1 and '1 failed attempt' or e.strikes .. ' failed attempts in a row'
  put_to_rest(e, 'breaker', due_after(wait), why)
end

-- What the end of an attempt means: `faulty` when the receiver failed, or was not to be reached.
local function judge_attempt(e, id, outcome, faulty)
  if e.opened == 0 and e.strikes == 0 and not faulty then return end
  if outcome == 'success' then
    close_breaker(e)
  elseif faulty and e.policy and e.policy.breaker then
    local probed = e.probed == id
    if e.opened == 0 or probed then e.strikes = e.strikes + 1 end
    if probed or (e.opened == 0 and e.strikes >= e.policy.breaker[1]) then open_breaker(e) end
  end
  e.probed = nil
end
