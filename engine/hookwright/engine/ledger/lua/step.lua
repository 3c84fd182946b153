#!lua flags=allow-oom
-- One tick of a worker: renew its lease, settle, hand back, reap dead workers, wake, promote due work, claim.
-- Keys: lease, heard, spared, w:<worker>, call:<worker>, d:*, body:*, total, due, q:*, ring, ep:*, results:<node>,
--       settled:<node>, switches, off, order:*, rest, rests, failing, doubt; reads caps, limits, live, halt:<node>, sure,
--       grounds.
-- Idempotent: a call number seen before changes nothing but the lease and answers with the same claims (those
-- still held); a settle or hand-back counts only with the token of the claim.
-- Cost: O(settles + promoted (at most 256) + claims), 1 command a claim and 4 an endpoint; what
--       is settled, handed back or claimed is read and written with one command each.
-- ARGV: epoch candidate, worker, call number, lease in ms, claims wanted, packed settles
--       [[token, node, outcome, wait, bytes of the result, rest, status, faulty]], packed tokens to hand back, the
--       results, a line each. A rest is [ms, cause, why]: the delivery's endpoint makes no calls for so long. The
--       status is that of the answer, or 0. Faulty: the receiver is to blame.
-- Answer: epoch, live, now, next due, [[packed delivery, a line break and body, body kept apart or nothing, tries spent,
--         token, suspicion]], 1 when the lease had ended. A body kept apart that an earlier claim of this answer brings is
--         the place of that claim, from 1.

local candidate, worker, call, lease, wanted = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local PER_TURN = 4
local PROMOTED = 256
local HALTED = 5000 -- ms until the work of a halted node is looked at again
local UNBOOKED = 50000 -- results of a node, at most: one whose bookkeeper is gone makes no more
local UNSURE = 250 -- the same, of a node that is asked whether the data is what it left
local TERMINAL = { success = true, failure = true, cancelled = true, skipped = true, split = true }

local lines, from, to = ARGV[8], 0, -1 -- the results, and where that of the present settle begins and ends

local function report_stale(node) report_apart(node, 'result', string.sub(lines, from, to), 'stale', 1) end

-- The ledger lost this delivery altogether: the result stands, and a re-offer waits until it is booked.
local function settle_unknown(id, node)
  if redis.call('HSETNX', P .. 'settled:' .. node, id, 1) == 1 then return report_line(node, lines, from, to) end
  report_stale(node)
end

local function is_known(id) return redis.call('EXISTS', P .. 'd:' .. id) == 1 end

local ended = 0

local function settle(token, node, outcome, wait, size, rest, status, faulty)
  from, to = to + 2, to + 1 + size
  local id, holder, name, body, order = claim_behind(token)
  local final = TERMINAL[outcome]
  if not (holder and final) and not is_known(id) then return settle_unknown(id, node) end
  if not holder then return report_stale(node) end
  report_line(node, lines, from, to)
  local e = land(id, name, holder)
  if final then
    bury(node, id)
    forget(id, body)
    if order then leave_line(id, name, order) end
    ended = ended + 1
  else
    if outcome == 'held' then refund(e) end
    if outcome == 'retry' then add_try(id) end
    redis.call('ZADD', P .. 'due', due_after(wait), id)
  end
  judge_outcome(e, node, outcome, status)
  judge_attempt(e, id, outcome, faulty)
  if rest and e.published then rest_at_least(e, rest[2], due_after(rest[1]), rest[3]) end
  enter_ring(e)
end

local function hand_back(token)
  local id, holder, name = claim_behind(token)
  if not holder then return end
  refund(endpoint(name))
  give_back(id, name, holder)
end

local function promote()
  local ids = redis.call('ZRANGEBYSCORE', P .. 'due', '-inf', now, 'LIMIT', 0, PROMOTED)
  for _, id in ipairs(ids) do
    local name = select(6, work_of(id))
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

-- The texts of deliveries, false for one that is not there.
local function read_texts(ids)
  local keys = {}
  for i, id in ipairs(ids) do keys[i] = P .. 'd:' .. id end
  return #keys > 0 and redis.call('MGET', unpack(keys)) or {}
end

-- Adds what the worker gets to know of a claim: of a text that is none of ours, all there is.
local tail = '/' .. worker .. '/' .. call -- of the tokens
local brought = {} -- body kept apart -> which claim of this answer brings it
local function describe(id, text, attempts, suspicion, body, from, claims)
  local place, bytes = #claims + 1, false
  if body then
    bytes = brought[body] or redis.call('HGET', P .. 'body:' .. body, 'bytes')
    brought[body] = brought[body] or bytes and place
  end
  claims[place] = { string.sub(text, from or 1), bytes, attempts or 0, id .. tail, suspicion or 0 }
end

local SUSPECT = 10 -- of such suspicion a delivery is claimed by itself, so that its worker's death is its own doing
local alone -- whether this step's claims are complete because one of them is, or has to be, by itself

-- The rest of a turn, in front of its queue again.
local function put_back(e, popped, from)
  for i = #popped, from, -1 do e.waiting = redis.call('LPUSH', e.queue, popped[i]) end
end

-- Whether a suspect has to wait for the next step, which then begins with it.
local function has_company(ids)
  alone = true
  return #ids > 0
end

-- The next of an endpoint's queue. How many are left is known without asking when there were fewer, or it was known before.
local function pop(e, most)
  local popped = most > 0 and redis.call('LPOP', e.queue, most) or {}
  e.waiting = #popped < most and 0 or e.waiting and e.waiting - #popped
  return popped
end

-- One endpoint's turn: at most PER_TURN of its deliveries, and never more in flight than its cap. Answers with true when
-- the next step has to begin with it.
local function take_turn(e, room, ids, claims, entries)
  local popped, taken = pop(e, allowance(e, math.min(PER_TURN, e.cap - e.flying, room))), {}
  local texts = read_texts(popped)
  for i, id in ipairs(popped) do
    local text = texts[i]
    local attempts, suspicion, body, order, node, _, from
    if text then attempts, suspicion, body, order, node, _, from = read_work(text) end
    local suspected = (suspicion or 0) >= SUSPECT
    if suspected and has_company(ids) then
      put_back(e, popped, i)
      if e.policy then spend(e, taken) end
      return true
    elseif node and wait_of(node) then
      redis.call('ZADD', P .. 'due', due_after(wait_of(node)), id)
    elseif text and (not order or is_its_turn(id, e.name, order)) then
      e.flying = e.flying + 1
      ids[#ids + 1], taken[#taken + 1] = id, id
      entries[#entries + 1], entries[#entries + 2] = id, write_claim(call, body, order, e.name)
      describe(id, text, attempts, suspicion, body, from, claims)
    end
    if suspected then
      put_back(e, popped, i + 1)
      break
    end
  end
  if e.policy then spend(e, taken) end
  enter_ring(e)
end

-- As many endpoints as surely get a turn, since none fills more than PER_TURN of the room.
local function next_endpoints(most, room)
  local names = redis.call('LPOP', P .. 'ring', math.min(most, math.ceil(room / PER_TURN), CHUNK)) or {}
  look_up_caps(names)
  return names
end

-- Puts endpoints in front of the ring again.
local function put_first(names, from)
  for i = #names, from, -1 do
    redis.call('LPUSH', P .. 'ring', names[i])
    endpoint(names[i]).ringed = true
  end
end

local function claim()
  local ids, claims, entries, turns = {}, {}, {}, wanted * 4
  if not head[3] then return ids, claims end -- no configuration is live: nobody could prepare a call
  repeat
    local names = not alone and #ids < wanted and next_endpoints(turns, wanted - #ids) or {}
    for i, name in ipairs(names) do
      local e, again = endpoint(name), false
      e.ringed = false
      if may_call(e) and e.flying < e.cap then again = take_turn(e, wanted - #ids, ids, claims, entries) end
      if alone then
        put_first(names, again and i or i + 1)
        break
      end
    end
    turns = turns - #names
  until #names == 0 or turns <= 0
  in_chunks('HSET', P .. 'w:' .. worker, entries)
  return ids, claims
end

-- The claims of this very call, made by an execution whose answer was lost.
local function claimed_before(ids)
  local claims = {}
  look_up(worker, ids)
  for _, id in ipairs(ids) do
    local written = written_claim(worker, id)
    local text = written and tonumber(string.match(written, '^%d+')) == call and read_texts({ id })[1]
    if text then
      local attempts, suspicion, body, _, _, _, from = read_work(text)
      describe(id, text, attempts, suspicion, body, from, claims)
    end
  end
  return claims
end

local function execute()
  local settles, unsent, ids = cmsgpack.unpack(ARGV[6]), cmsgpack.unpack(ARGV[7]), {}
  for i, s in ipairs(settles) do ids[i] = string.match(s[1], '^[^/]*') end
  for _, token in ipairs(unsent) do ids[#ids + 1] = string.match(token, '^[^/]*') end
  look_up(worker, ids)
  for _, s in ipairs(settles) do settle(unpack(s)) end
  for _, token in ipairs(unsent) do hand_back(token) end
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
