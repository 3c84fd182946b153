#!lua flags=allow-oom
-- A node was adopted: what it stood on goes, and its name is held for good, so that no copy of its folder runs.
-- Keys: node:<node>, halt:<node>, results:<node>, settled:<node>, marks, grounds, sure. Idempotent: it is a state.
-- Cost: O(1), and O(what waits on its stream): by now nothing. ARGV: epoch candidate, node, by whom. Answer: epoch.

begin(ARGV[1])
local node = ARGV[2]
redis.call('SET', P .. 'node:' .. node, ARGV[3])
redis.call('UNLINK', P .. 'halt:' .. node, P .. 'results:' .. node, P .. 'settled:' .. node)
for _, hash in ipairs({ 'marks', 'grounds', 'sure' }) do redis.call('HDEL', P .. hash, node) end
return { head[2] }
