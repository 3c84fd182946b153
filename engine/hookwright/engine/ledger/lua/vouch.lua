#!lua flags=allow-oom
-- A node vouches for what the ledger holds of it: its deliveries may be claimed.
-- Keys: grounds, sure; reads doubt. Idempotent: it is a state. Cost: O(1).
-- ARGV: epoch candidate, node, server. Answer: epoch.

begin(ARGV[1])
redis.call('HSET', P .. 'grounds', ARGV[2], ARGV[3])
local doubt = redis.call('GET', P .. 'doubt')
if doubt then redis.call('HSET', P .. 'sure', ARGV[2], doubt) end
return { head[2] }
