#!lua flags=allow-oom
-- Renews a worker's lease, reaps dead workers, and says whether a drain should look.
-- Keys: lease, heard, spared, doubt; of a dead worker w:*, d:*, q:*, ring, ep:*, results:<node>; reads due, rest, live.
-- Idempotent: it is a state, not a step. Cost: O(1), and O(claims) of a dead worker once.
-- ARGV: epoch candidate, worker, lease in ms, horizon in ms. Answer: epoch, 1 when work is due, or an endpoint wakes,
--       within it, 1 when the lease had ended.

begin(ARGV[1])
local lease = tonumber(ARGV[3])
local anew = renew(ARGV[2], lease)
reap(lease)
save_departures()
save_endpoints()
local wait = next_due()
local work = redis.call('LLEN', P .. 'ring') > 0 or (wait and wait <= tonumber(ARGV[4]))
return { head[2], head[3] and work and 1 or 0, anew }
