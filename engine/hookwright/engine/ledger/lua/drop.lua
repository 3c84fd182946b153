#!lua flags=allow-oom
-- Forgets deliveries of a node that its journal knows better: they are over, or further on than the ledger says.
-- Keys: d:*, body:*, total, due, q:*, ring, ep:*, w:*, order:*; reads lease. Idempotent: what is gone is passed over.
-- A worker that still makes such a call settles a delivery the ledger does not know: its result counts.
-- Cost: O(deliveries), each looked for in its queue and at each worker. ARGV: epoch candidate, node, packed [id]. Answer: epoch, how many.

begin(ARGV[1])
local dropped = 0
for _, id in ipairs(cmsgpack.unpack(ARGV[3])) do
  local _, _, body, order, node, name = work_of(id)
  if node == ARGV[2] then
    redis.call('LREM', P .. 'q:' .. name, 1, id)
    redis.call('ZREM', P .. 'due', id)
    local holder = holder_of(id)
    if holder then enter_ring(land(id, name, holder)) end
    forget(id, body)
    if order then leave_line(id, name, order) end
    dropped = dropped + 1
  end
end
save_gathered()
save_departures()
save_endpoints()
count(-dropped)
return { head[2], dropped }
