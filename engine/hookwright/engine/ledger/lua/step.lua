#!lua flags=allow-oom
-- One tick of a worker: renew its lease, settle, hand back, reap dead workers, wake, promote due work, claim.
-- Keys: lease, heard, spared, w:<worker>, call:<worker>, d:*, body:*, total, due, q:*, ring, ep:*, results:<node>,
--       settled:<node>, switches, off, order:*, rest, rests, failing, doubt; reads caps, limits, live, halt:<node>, sure,
--       grounds.
-- Idempotent: a call number seen before changes nothing but the lease and answers with the same claims (those
-- still held); a settle or hand-back counts only with the token of the claim.
-- Cost: O(settles + promoted (at most 256) + claims), about 2 commands a settle and 3 a claim, and 6 an endpoint.
-- ARGV: epoch candidate, worker, call number, lease in ms, claims wanted, packed settles
--       [[token, node, outcome, wait, packed result, rest, status, faulty]], packed tokens to hand back. A rest is
--       [ms, cause, why]: the delivery's endpoint makes no calls for so long. The status is that of the answer, or 0.
--       Faulty: the receiver is to blame.
-- Answer: epoch, live, now, next due, [[packed delivery, body, tries spent, token, suspicion]], 1 when the
--         lease had ended.

local candidate, worker, call, lease, wanted = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local PER_TURN = 4
local PROMOTED = 256
local HALTED = 5000 -- ms until the work of a halted node is looked at again
local UNBOOKED = 50000 -- results of a node, at most: one whose bookkeeper is gone makes no more
local UNSURE = 250 -- the same, of a node that is asked whether the data is what it left
local TERMINAL = { success = true, failure = true, cancelled = true, skipped = true }

local function delivery_of(token) return string.match(token, '^[^/]*') end

local function report_stale(node, result) report_apart(node, 'result', result, 'stale', 1) end

-- The ledger lost this delivery altogether: the result stands, and a re-offer waits until it is booked.
local function settle_unknown(id, node, result)
  if redis.call('HSETNX', P .. 'settled:' .. node, id, 1) == 1 then return report(node, result) end
  report_stale(node, result)
end

local ended = 0

local function settle(token, node, outcome, wait, result, rest, status, faulty)
  local id = delivery_of(token)
  local d = redis.call('HMGET', P .. 'd:' .. id, 'token', 'endpoint', 'worker', 'body', 'order')
  if not d[2] then return settle_unknown(id, node, result) end
  if d[1] ~= token or is_over(id) then return report_stale(node, result) end
  report(node, result)
  local e = land(id, d[2], d[3])
  if TERMINAL[outcome] then
    bury(node, id)
    forget(id, d[4])
    if d[5] then leave_line(id, d[2], d[5]) end
    ended = ended + 1
  else
    untoken(id)
    if outcome == 'retry' then redis.call('HINCRBY', P .. 'd:' .. id, 'attempts', 1) end
    redis.call('ZADD', P .. 'due', due_after(wait), id)
  end
  judge_outcome(e, node, outcome, status)
  judge_attempt(e, id, outcome, faulty)
  if rest and e.published then rest_at_least(e, rest[2], due_after(rest[1]), rest[3]) end
  enter_ring(e)
end

local function hand_back(token)
  local id = delivery_of(token)
  local d = redis.call('HMGET', P .. 'd:' .. id, 'token', 'endpoint', 'worker')
  if d[1] == token and not is_over(id) then give_back(id, d[2], d[3]) end
end

local function promote()
  local ids = redis.call('ZRANGEBYSCORE', P .. 'due', '-inf', now, 'LIMIT', 0, PROMOTED)
  for _, id in ipairs(ids) do
    local name = redis.call('HGET', P .. 'd:' .. id, 'endpoint')
    if name then make_ready(id, endpoint(name), 'RPUSH') end
  end
  if #ids > 0 then redis.call('ZREM', P .. 'due', unpack(ids)) end
end

-- How long the work of a node has to wait (ms), false when it may be claimed.
local barred = {}
local function wait_of(node)
  if barred[node] == nil then
    local stopped = redis.call('EXISTS', P .. 'halt:' .. node) == 1
      or redis.call('XLEN', P .. 'results:' .. node) >= UNBOOKED
    barred[node] = stopped and HALTED or is_doubted(node) and UNSURE
  end
  return barred[node]
end

-- What the worker gets to know of a claim.
local function describe(d, token)
  return { d[1], redis.call('HGET', P .. 'body:' .. d[2], 'bytes'), d[3], token, tonumber(d[5] or 0) }
end

local SUSPECT = 10 -- of such suspicion a delivery is claimed by itself, so that its worker's death is its own doing
local alone -- whether this step's claims are complete because one of them is, or has to be, by itself

-- The rest of a turn, in front of its queue again.
local function put_back(e, popped, from)
  for i = #popped, from, -1 do redis.call('LPUSH', e.queue, popped[i]) end
  e.waiting = waiting(e) + math.max(#popped - from + 1, 0)
end

-- Whether a suspect has to wait for the next step, which then begins with it.
local function has_company(ids)
  alone = true
  return #ids > 0
end

-- One endpoint's turn: at most PER_TURN of its deliveries, and never more in flight than its cap.
local function take_turn(e, room, ids, claims)
  local before, taken = waiting(e), {}
  local most = allowance(e, math.min(PER_TURN, e.cap - e.flying, room))
  local popped = most > 0 and redis.call('LPOP', e.queue, most) or {}
  e.waiting = before - #popped
  for i, id in ipairs(popped) do
    local d = redis.call('HMGET', P .. 'd:' .. id, 'delivery', 'body', 'attempts', 'node', 'suspicion', 'order')
    local suspected = tonumber(d[5] or 0) >= SUSPECT
    if suspected and has_company(ids) then
      put_back(e, popped, i)
      if e.policy then spend(e, taken) end
      redis.call('LPUSH', P .. 'ring', e.name)
      e.ringed = true
      return
    elseif d[4] and wait_of(d[4]) then
      redis.call('ZADD', P .. 'due', due_after(wait_of(d[4])), id)
    elseif d[4] and (not d[6] or is_its_turn(id, e.name, d[6])) then
      local token = id .. '/' .. worker .. '/' .. call
      redis.call('HSET', P .. 'd:' .. id, 'token', token, 'worker', worker)
      e.flying = e.flying + 1
      ids[#ids + 1], taken[#taken + 1] = id, id
      claims[#claims + 1] = describe(d, token)
    end
    if suspected then
      put_back(e, popped, i + 1)
      break
    end
  end
  if e.policy then spend(e, taken) end
  enter_ring(e)
end

local function claim()
  local ids, claims = {}, {}
  if not head[3] then return ids, claims end -- no configuration is live: nobody could prepare a call
  for _ = 1, wanted * 4 do
    local name = not alone and #ids < wanted and redis.call('LPOP', P .. 'ring')
    if not name then break end
    local e = endpoint(name)
    e.ringed = false
    if may_call(e) and e.flying < e.cap then take_turn(e, wanted - #ids, ids, claims) end
  end
  for i = 1, #ids, 1000 do
    redis.call('SADD', P .. 'w:' .. worker, unpack(ids, i, math.min(i + 999, #ids)))
  end
  return ids, claims
end

-- The claims of this very call, made by an execution whose answer was lost.
local function claimed_before(ids)
  local claims = {}
  for _, id in ipairs(ids) do
    local d = redis.call('HMGET', P .. 'd:' .. id, 'delivery', 'body', 'attempts', 'token', 'suspicion')
    if d[4] == id .. '/' .. worker .. '/' .. call then claims[#claims + 1] = describe(d, d[4]) end
  end
  return claims
end

local function execute()
  for _, s in ipairs(cmsgpack.unpack(ARGV[6])) do settle(unpack(s)) end
  for _, token in ipairs(cmsgpack.unpack(ARGV[7])) do hand_back(token) end
  reap(lease)
  wake()
  promote()
  save_departures() -- before the claims: what was just handed back may be claimed again
  local ids, claims = claim()
  save_endpoints()
  save_gathered()
  count(-ended)
  redis.call('SET', P .. 'call:' .. worker, cmsgpack.pack({ call, ids }), 'PX', 600000)
  return claims
end

begin(candidate)
local anew = renew(worker, lease)
local stored = redis.call('GET', P .. 'call:' .. worker)
local last = stored and cmsgpack.unpack(stored) or { -1, {} }
local claims = {}
if call > last[1] then
  claims = execute()
elseif call == last[1] then
  claims = claimed_before(last[2])
end
return { head[2], head[3], now, next_due(), claims, anew }
