#!lua flags=allow-oom
-- Ends deliveries that waited too long behind an endpoint that is off; the node is told as of any other end.
-- Keys: d:*, q:*, due, body:*, total, settled:<node>, results:<node>, order:*; reads ep:*, caps, off, w:*, lease.
-- Idempotent: what has ended has a tombstone until it is booked, and is left alone; so is what is in flight or
-- whose endpoint is on. Cost: O(deliveries), each looked for at each worker, and in its queue from the oldest on.
-- ARGV: epoch candidate, node, packed [[id, endpoint, packed result]]. Answer: epoch, how many ended.

begin(ARGV[1])
local node = ARGV[2]
local ended, held = 0, 0
for _, each in ipairs(cmsgpack.unpack(ARGV[3])) do
  local id, name, result = unpack(each)
  local attempts, _, body, order = work_of(id)
  if endpoint(name).off and not holder_of(id) and redis.call('HSETNX', P .. 'settled:' .. node, id, 1) == 1 then
    redis.call('XADD', P .. 'results:' .. node, '*', 'result', result)
    ended = ended + 1
    if attempts then
      redis.call('LREM', P .. 'q:' .. name, 1, id)
      redis.call('ZREM', P .. 'due', id)
      forget(id, body)
      if order then leave_line(id, name, order) end
      held = held + 1
    end
  end
end
save_gathered()
count(-held)
return { head[2], ended }
