-- The fourth part of every ledger script: rates, and how many calls an endpoint may make now. Put after `breaker`.
-- A policy's rate is [calls, ms, burst]. `bucket` in ep:* is the time at which all of the burst is there again; each
-- call moves it on by ms / calls, and back again when it is not made. So within any span of that many ms at most calls + burst - 1 are claimed, by however
-- many workers. An endpoint that has used up its rate rests until the next call is due.

local function rate_of(e) return e.policy and e.policy.rate end

-- How many of `most` calls this endpoint may make now.
local function allowance(e, most)
  if e.opened > 0 then most = math.min(most, 1) end -- the probe
  local rate = rate_of(e)
  if not rate then return most end
  local each = rate[2] / rate[1]
  local behind = math.max((e.bucket or 0) - now, 0)
  return math.min(most, math.floor((rate[3] * each - behind) / each + 1e-6))
end

-- The endpoint makes these calls.
local function spend(e, ids)
  if #ids > 0 and e.opened > 0 then e.probing = ids[1] end
  local rate = rate_of(e)
  if not rate then return end
  local each = rate[2] / rate[1]
  e.bucket = math.max(e.bucket or 0, now) + each * #ids
  redis.call('HSET', P .. 'ep:' .. e.name, 'bucket', string.format('%.3f', e.bucket))
  if allowance(e, 1) < 1 then
    put_to_rest(e, 'rate', math.ceil(e.bucket - (rate[3] - 1) * each), 'at most ' .. rate[4])
  end
end

-- A call that was claimed is not made: another one may be made in its place.
local function refund(e)
  local rate = rate_of(e)
  if not rate or not e.bucket then return end
  local each = rate[2] / rate[1]
  e.bucket = e.bucket - each
  redis.call('HSET', P .. 'ep:' .. e.name, 'bucket', string.format('%.3f', e.bucket))
  local rests = e.rest and rests_of(e) or {}
  if rests.rate then
    rests.rate[1] = math.ceil(e.bucket - (rate[3] - 1) * each)
    if rests.rate[1] <= now then rests.rate = nil end
    save_rests(e, rests)
  end
end

local function fill_bucket(e)
  e.bucket = nil
  redis.call('HDEL', P .. 'ep:' .. e.name, 'bucket')
end
