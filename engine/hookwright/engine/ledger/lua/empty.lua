#!lua flags=allow-oom
-- Empties a ledger that lost a part of itself (keys were evicted): half a memory is worse than none, since what is
-- left says of the rest that it is there. The epoch ends, so all nodes offer again what is open.
-- Keys: all but those that `forget_all` keeps.
-- Idempotent: emptying twice is emptying once. Cost: O(keys). ARGV: epoch candidate. Answer: epoch.

forget_all()
begin(ARGV[1])
return { head[2] }
