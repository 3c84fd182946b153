#!lua flags=allow-oom
-- A node has booked results: its stream is cut and the tombstones of these deliveries go.
-- Keys: results:<node>, settled:<node>. Idempotent: cutting and dropping twice is cutting and dropping once.
-- The stream's key stays, so that its identifiers never start again while a reader remembers one.
-- Cost: O(entries cut + deliveries).
-- ARGV: epoch candidate, node, first stream id to keep, packed delivery ids. Answer: epoch.

begin(ARGV[1])
redis.call('XTRIM', P .. 'results:' .. ARGV[2], 'MINID', ARGV[3])
in_chunks('HDEL', P .. 'settled:' .. ARGV[2], cmsgpack.unpack(ARGV[4]))
return { head[2] }
