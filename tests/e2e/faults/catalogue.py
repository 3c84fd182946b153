"""The faults that are provoked: what is done, and what must become of it. Tests name them by number.

A test says `@pytest.mark.fault(8)`, wherever it stands; it may show several, and a fault may need several.
Numbers are never used again; gaps are faults of parts that stand elsewhere (the language, the pages).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """`expected` is what a user may rely on when `provoked` happens."""

    number: int
    provoked: str
    expected: str


FAULTS = (
    Fault(
        1,
        "The accepting process is killed at each point of accepting an event",
        "an event that was answered 202 exists, exactly once; one that was not may exist, at most once",
    ),
    Fault(
        2,
        "A worker is killed at each point of an attempt",
        "the delivery goes on within 10 s; at most one request more than its attempts",
    ),
    Fault(
        3,
        "All processes are killed again and again at random under load",
        "everything accepted reaches exactly one end",
    ),
    Fault(
        4,
        "A worker is stopped for longer than its lease and goes on",
        "it sends nothing it no longer holds; what it had sent already may come twice, with the same id",
    ),
    Fault(
        5,
        "SIGTERM with calls in flight, SIGTERM twice, SIGHUP",
        "calls end or are handed back within the grace; exit 0",
    ),
    Fault(7, "2 and 8 workers, and two nodes, share one Redis", "nothing is sent twice"),
    Fault(8, "Redis is killed between a failed attempt and its retry", "the retry happens"),
    Fault(
        9, "Redis is killed while an attempt succeeds", "one end; a second request at most, with the same id"
    ),
    Fault(
        10,
        "Redis loses its last second, or everything",
        "what is open is offered again from the journal; nothing is lost",
    ),
    Fault(
        11,
        "Redis reaches its maxmemory",
        "settling goes on; new events are refused with 503 before that, and taken again without a restart",
    ),
    Fault(12, "Redis evicts keys", "the start is refused; work evicted all the same is offered again"),
    Fault(
        13,
        "Redis is a replica, is loading, cannot save, forgot its scripts, refuses the password",
        "it is asked again; no crash loop, no loss",
    ),
    Fault(14, "A failover drops the last writes", "what is missing is offered again"),
    Fault(
        15, "Redis is slow, stalls, or its connection is half open", "work goes on when it answers; no loss"
    ),
    Fault(
        16,
        "A clock jumps by hours, a day, past 2038",
        "nothing is due more than a second early; no mass retry",
    ),
    Fault(17, "100,000 deliveries are due in an hour, one in a second", "the one goes out in its second"),
    Fault(
        18,
        "The disk is full",
        "no 202; no claims of this node's deliveries; it goes on by itself when there is room",
    ),
    Fault(
        19,
        "Writing or fsync fails (EIO, EROFS, EDQUOT, EMFILE)",
        "the event is not accepted; a descriptor whose fsync failed is never trusted again",
    ),
    Fault(
        20,
        "The journal ends in the middle of a line, at every byte",
        "the tail is cut and told; nothing else",
    ),
    Fault(
        21,
        "A bit flips, NULs or a huge line stand in the middle of the journal",
        "that line is told with its place; all others are read",
    ),
    Fault(22, "The power fails: what was not fsynced is gone", "what was answered 202 is there"),
    Fault(23, "Two processes write long lines, segments turn under load", "no line is mixed, none is lost"),
    Fault(
        24,
        "The history is deleted, moved, made unreadable, replaced by a link",
        "it is noticed; no event is accepted into a file nobody will read",
    ),
    Fault(25, "Descriptors or ports run out", "a passing failure; sockets are closed"),
    Fault(26, "A receiver refuses, resets or stays silent", "connect, reset or timeout; tried again"),
    Fault(
        27,
        "A receiver drips its body",
        "cut at the deadline; a complete 2xx head is Success, marked truncated",
    ),
    Fault(28, "A receiver drips its head", "timeout at the deadline, whatever status was read"),
    Fault(29, "A receiver sends 100, 102 or 103 without end", "protocol error"),
    Fault(30, "A receiver sends endless or huge headers, or cookies", "cut; no cookie is ever sent back"),
    Fault(31, "A receiver ends its answer inside the head", "protocol error, never Success"),
    Fault(
        32, "A receiver answers in HTTP/0.9, with an odd status or odd bytes", "protocol error; shown escaped"
    ),
    Fault(33, "A receiver frames its answer wrongly", "no hang; the next request is not touched by it"),
    Fault(34, "A receiver sends a second answer nobody asked for", "it answers no later request"),
    Fault(35, "A receiver sends a compressed bomb", "identity is asked for, nothing is unpacked"),
    Fault(36, "A receiver sends 10 GB", "reading ends at the cap"),
    Fault(37, "A receiver redirects", "never followed; a failed attempt"),
    Fault(
        38,
        "A receiver's TLS is expired, self-signed, for another host, old, or stalls",
        "tls error; nothing sent",
    ),
    Fault(39, "DNS fails, hangs, or answers thousands of addresses", "dns error within its budget"),
    Fault(40, "A receiver answers 2xx with an error's text, 204 with a body, 200 with none", "Success"),
    Fault(41, "A receiver answers 4xx", "tried again, as configured"),
    Fault(42, "A receiver sends Retry-After in every form", "kept to within 24 h; nonsense is ignored"),
    Fault(43, "A receiver answers 410", "the endpoint is switched off and somebody is told"),
    Fault(
        44,
        "A receiver fails for days and comes back",
        "probed, then called again; every event has its record",
    ),
    Fault(45, "A receiver succeeds after the deadline", "timeout; the next attempt has the same id"),
    Fault(46, "A receiver closes a kept connection", "one silent reconnect, if nothing was sent; else a try"),
    Fault(47, "A receiver sends events back to the door in a circle", "ended after 8 hops, with a record"),
    Fault(48, "1,000 subscribers point at a dead host", "healthy ones are not delayed"),
    Fault(
        52,
        "The same Idempotency-Key comes 100 times at once, or with other content, or is malformed",
        "one event; 409; 400",
    ),
    Fault(
        53, "A client hangs up before its 202", "the event exists at most once, also when it is sent again"
    ),
    Fault(
        55, "A template or expression computes without end", "ended by its budget, as a Failure that says so"
    ),
    Fault(56, "A template reaches for Python", "refused: it sees plain data and nothing else"),
    Fault(57, "A field is named like a method, or is missing", "the field; missing is an error, never empty"),
    Fault(58, "A template makes a header of two lines, or beyond latin-1", "a Failure before any attempt"),
    Fault(59, "An event's value aims at the host of a URL", "it stays in its place of the path or query"),
    Fault(60, "An event's value looks like JSON", "no field is ever added to a body by a value"),
    Fault(61, "A pattern would take exponential time", "nothing in the language reads regular expressions"),
    Fault(62, "A delivery breaks whatever touches it", "set aside after a few tries; all others go on"),
    Fault(
        66,
        "A subscriber is removed, its URL changes or its secret is rotated while work waits",
        "cancelled with a record, or sent where the configuration of now says",
    ),
    Fault(69, "A receiver echoes secrets, errors hold them", "redacted before anything is written"),
    Fault(
        72,
        "A crash while a batch fills, closes or is sent; one of its events is poison or it is too large",
        "membership stands in the journal; the id stays; the poisonous event is set aside",
    ),
    Fault(73, "Somebody writes work into Redis", "what the scripts cannot have written is never sent"),
    Fault(
        74,
        "A node's machine is gone for good, and another adopts its folder; that is killed at any point",
        "all it had accepted ends once; its history and its events' ids are known to the other",
    ),
    Fault(
        75,
        "Everything dies, or Redis is lost, in the middle of a replay of many",
        "it goes on where it was; each delivery is replayed once",
    ),
    Fault(
        76,
        "The runner, or the whole server, is killed at each step of a run",
        "the run ends as if nothing was; each of its deliveries and events is there once",
    ),
)
