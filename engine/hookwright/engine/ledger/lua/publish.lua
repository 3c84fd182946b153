#!lua
-- Makes a revision live: its content, then caps, limits and policies of its endpoints, then the name, in one stroke.
-- Endpoints it no longer has are neither off nor counted any more: their work comes out and is cancelled.
-- One that rests goes on resting only while its policy stays as it is: nothing waits for what nobody wants any more.
-- Keys: revision:<new>, revision:<old>, caps, limits, live, ring, ep:*, failing, rest, rests; reads q:*, off.
-- Idempotent: publishing what is live changes nothing but the caps and limits. Cost: O(endpoints).
-- ARGV: epoch candidate, revision, content, packed [[endpoint, cap]] (a policy may follow the cap, as JSON), packed
--       [[endpoint, limit]] (JSON: what switches it off, and whom to tell). Answer: epoch.

begin(ARGV[1])
local revision = ARGV[2]
redis.call('SET', P .. 'revision:' .. revision, ARGV[3])
if head[3] and head[3] ~= revision then redis.call('DEL', P .. 'revision:' .. head[3]) end

local function policy_in(written) return written and string.match(written, '^%d+ (.*)$') end

-- Another policy, or none: what the former one left behind ends.
local function revise(e)
  end_rest(e)
  fill_bucket(e)
  if not (e.policy and e.policy.breaker) then close_breaker(e) end
end

local before = redis.call('HGETALL', P .. 'caps')
redis.call('DEL', P .. 'caps', P .. 'limits')
local caps, written = cmsgpack.unpack(ARGV[4]), {}
for _, pair in ipairs(caps) do
  written[pair[1]] = tostring(pair[2])
  redis.call('HSET', P .. 'caps', pair[1], pair[2])
end
for _, pair in ipairs(cmsgpack.unpack(ARGV[5])) do redis.call('HSET', P .. 'limits', pair[1], pair[2]) end
for i = 1, #before, 2 do
  local e = endpoint(before[i])
  if not e.published then heal(e) end
  if not e.published or policy_in(before[i + 1]) ~= policy_in(written[e.name]) then revise(e) end
  enter_ring(e)
end
for _, pair in ipairs(caps) do enter_ring(endpoint(pair[1])) end
save_endpoints()
redis.call('SET', P .. 'live', revision)
return { head[2] }
