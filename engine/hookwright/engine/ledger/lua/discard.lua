#!lua flags=allow-oom
-- Forgets claims of which nobody can read what they are, or whose bytes are not those that were offered, with these
-- bytes. Their nodes are told, all if it cannot be read whose they are, and offer them again if they have them.
-- Keys: d:*, body:*, total, ring, ep:*, w:*, order:*, results:<node>; reads grounds. Idempotent: counts only with the token of the claim.
-- Cost: O(claims). ARGV: epoch candidate, tokens. Answer: epoch, how many.

begin(ARGV[1])
local bodies, discarded = {}, 0
for i = 2, #ARGV do
  local id, holder, name, body, order = claim_behind(ARGV[i])
  if holder then
    local node = select(5, work_of(id))
    for _, each in ipairs(node and { node } or redis.call('HKEYS', P .. 'grounds')) do report_apart(each, 'spoiled', id) end
    enter_ring(land(id, name, holder))
    forget(id, body)
    if body then bodies[#bodies + 1] = P .. 'body:' .. body end
    if order then leave_line(id, name, order) end
    discarded = discarded + 1
  end
end
save_gathered()
for _, body in ipairs(bodies) do redis.call('DEL', body) end
save_departures()
save_endpoints()
count(-discarded)
return { head[2], discarded }
