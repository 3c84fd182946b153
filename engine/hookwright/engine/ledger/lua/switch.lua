#!lua flags=allow-oom
-- Switches subscribers or single endpoints on and off. Of two switches of a name the later one counts, whoever
-- comes first; of two at the same instant the one whose state is last in the alphabet.
-- Keys: switches, off, ep:*, ring, failing, rest, rests; reads caps, q:*. Idempotent: a switch that is no later changes
-- nothing. Switching on counts failures from nothing again, and closes the breaker. Cost: O(switches), and O(endpoints)
-- once when one counts.
-- ARGV: epoch candidate, packed [[name, state, reason, by, at]] (at in Unix ms). Answer: epoch, how many counted.

begin(ARGV[1])
local counted, switched = 0, {}
for _, each in ipairs(cmsgpack.unpack(ARGV[2])) do
  local name, state, reason, by, at = unpack(each)
  local last = last_switch(name)
  if not last or at > last.at or (at == last.at and state > last.state) then
    put_switch({ name = name, state = state, reason = reason, by = by, at = at })
    counted, switched[name] = counted + 1, state
  end
end
for _, name in ipairs(counted > 0 and redis.call('HKEYS', P .. 'caps') or {}) do
  if switched[name] == 'enabled' or switched[subscriber_of(name)] == 'enabled' then
    local e = endpoint(name)
    heal(e)
    close_breaker(e)
    enter_ring(e)
  end
end
save_endpoints()
return { head[2], counted }
