#!lua flags=allow-oom
-- What a node's bookkeeper stands on: is this the data it left, or that of a moment before?
-- Keys: marks (node -> a count that only grows), epoch, schema; reads grounds (node -> the server it last vouched
--       for), doubt, sure. Idempotent: a mark counted twice is still above the last one. Cost: O(1).
-- ARGV: epoch candidate, node. Answer: epoch, the server vouched for or false, mark, 1 while claims wait for us.

begin(ARGV[1])
local node = ARGV[2]
local mark = redis.call('HINCRBY', P .. 'marks', node, 1)
return { head[2], redis.call('HGET', P .. 'grounds', node), mark, is_doubted(node) and 1 or 0 }
