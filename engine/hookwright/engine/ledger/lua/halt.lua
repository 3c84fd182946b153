#!lua flags=allow-oom
-- Stops or resumes claims of the deliveries one node accepted (its disk is full, say).
-- Keys: halt:<node>. Idempotent: it is a state. Cost: O(1).
-- ARGV: epoch candidate, node, 1 or 0. Answer: epoch.

begin(ARGV[1])
if ARGV[3] == '1' then redis.call('SET', P .. 'halt:' .. ARGV[2], 1) else redis.call('DEL', P .. 'halt:' .. ARGV[2]) end
return { head[2] }
