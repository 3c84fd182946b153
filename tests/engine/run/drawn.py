"""Automations, answers and events that hypothesis draws, and the playing of a run with them."""

import zlib
from dataclasses import dataclass, field
from typing import Any

import msgspec
from hypothesis import strategies as st
from tests.engine.run.world import automation, bad, event, ok, trigger

from hookwright.engine.run.advance import advance, call_ended, seen
from hookwright.engine.run.record import CallEnd, StepRecord
from hookwright.engine.run.run import End, Order, Run
from hookwright.engine.run.trigger import Trigger
from hookwright.rules.steps import Automation, Loop, Step, flat

LEAD = b'{"a": 1, "list": [1, 2, 3], "empty": []}'
CONDITIONS = ["data.a == 1", "vars.n > 1", "data.a == 2", "data.missing == 1", True, False]
LISTS = ["data.list", "[1, 2]", "data.empty", "data.a"]
NAMES = "abcdefgh"
ON_ERROR = st.sampled_from(["stop", "continue", "retry"])

plain = st.one_of(
    st.builds(lambda time: {"wait": time}, st.integers(1, 40)),
    st.builds(
        lambda time, who, on_error: {
            "wait_for": {"events": ("Reply",), "timeout": time, "match": {"w": [who]}},
            "on_error": on_error,
        },
        st.integers(1, 60),
        st.sampled_from([1, 2, "{{ vars.n }}", "{{ data.missing }}"]),
        ON_ERROR,
    ),
    st.builds(lambda on_error: {"post": {}, "on_error": on_error}, ON_ERROR),
    st.builds(lambda on_error: {"post": {}, "on_error": on_error}, ON_ERROR),
    st.builds(lambda on_error: {"notify": ["x", "y"], "on_error": on_error}, ON_ERROR),
    st.builds(lambda by: {"set": {"n": f"{{{{ vars.n + {by} }}}}"}}, st.integers(0, 2)),
    st.just({"stop": "enough"}),
)


def _around(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    steps = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        st.builds(
            lambda asked, then, els: {"if": asked, "then": then, "else": els},
            st.sampled_from(CONDITIONS),
            steps,
            steps,
        ),
        st.builds(
            lambda asked, first, on_error: {
                "choose": [{"when": asked, "do": first}],
                "on_error": on_error,
            },
            st.sampled_from(CONDITIONS),
            steps,
            ON_ERROR,
        ),
        st.builds(
            lambda items, parallel, do, on_error: {
                "for_each": {"in": items, "as": "n", "parallel": parallel, "do": do},
                "on_error": on_error,
            },
            st.sampled_from(LISTS),
            st.sampled_from([1, 1, 2, 3]),
            steps,
            ON_ERROR,
        ),
    )


trees = st.lists(st.recursive(plain, _around, max_leaves=8), min_size=1, max_size=4)
happenings = st.lists(st.tuples(st.integers(0, 150), st.sampled_from([1, 2, 3])), max_size=5)


@dataclass
class Story:
    """A run that is played to its end. `seed` decides how each of its calls ends, and when."""

    automation: Automation
    seed: int
    events: list[Trigger]
    crashing: bool = False
    now: int = 0
    run: Run = field(default_factory=lambda: Run(id="r", entity_id="a", revision="", trigger=trigger(LEAD)))
    ends: list[tuple[int, CallEnd]] = field(default_factory=list)
    placed: list[tuple[str, int, int]] = field(default_factory=list)
    journal: list[bytes] = field(default_factory=list)
    heard: list[Trigger] = field(default_factory=list)
    end: End | None = None

    def play(self) -> "Story":
        """Until its end; every wait of it has one, so there is one."""
        events = sorted(self.events, key=lambda one: one.at)
        wake = self._go()
        for _ in range(5_000):
            if self.end is not None:
                return self
            coming = [
                *(at for at, _ in self.ends),
                *(one.at for one in events[:1]),
                *([wake] if wake else []),
            ]
            self.now = max(self.now, min(coming))
            self._news(events)
            wake = self._go()
        raise AssertionError("the run has no end")

    def states(self) -> list[tuple[str, str, int]]:
        """Every state that a step got into: its path, the state, the round."""
        written = [msgspec.json.decode(line, type=StepRecord) for line in self.journal]
        return [(record.path, record.state, record.round) for record in written]

    def most_at_one_time(self, loop: Step) -> int:
        """How many items of a loop went on at one time at most, for one item of those around it."""
        assert isinstance(loop.what, Loop)
        inside = {step.path for step in flat(loop.what.steps)}
        open_: dict[tuple[str, ...], set[str]] = {}
        most = 0
        for line in self.journal:
            record = msgspec.json.decode(line, type=StepRecord)
            path, _, items = record.path.partition("@")
            if path in inside:
                around = tuple(items.split(".")[: self.depth(loop)])
                going_on = open_.setdefault(around, set())
                going_on.discard(record.path) if record.is_terminal else going_on.add(record.path)
                most = max(
                    most, len({each.partition("@")[2].split(".")[self.depth(loop)] for each in going_on})
                )
        return most

    def depth(self, loop: Step) -> int:
        """How many loops are around one."""
        loops = [step for step in self.automation.all_steps() if isinstance(step.what, Loop)]
        return sum(loop in tuple(flat(other.what.steps)) for other in loops if isinstance(other.what, Loop))

    def _news(self, events: list[Trigger]) -> None:
        """Take what comes at this time: with crashes, everything twice."""
        for _ in range(2 if self.crashing else 1):
            for at, end in sorted(self.ends, key=lambda one: (one[0], one[1].path)):
                if at <= self.now:
                    self._write(call_ended(self.automation, self.run, end))
            for one in events:
                if one.at <= self.now:
                    self._write(seen(self.automation, self.run, one))
                    self.heard += [] if one in self.heard else [one]
        self.ends = [(at, end) for at, end in self.ends if at > self.now]
        events[:] = [one for one in events if one.at > self.now]

    def _go(self) -> int | None:
        """All that can be done now. With crashes, one record at a time, and the rest forgotten."""
        while self.end is None:
            found = advance(self.automation, self.run, self.now, self.heard)
            if self.crashing and found.records:
                self._write(found.records[:1])
                continue
            self._write(found.records)
            for order in found.orders:
                self._place(order)
            self.end = found.end
            if not found.records:
                return found.wake
        return None

    def _place(self, order: Order) -> None:
        """A call begins, once; it ends well or not, after a while that the seed decides."""
        if any(placed[:2] == (order.path, order.round) for placed in self.placed):
            return
        self.placed.append((order.path, order.round, self.now))
        lot = zlib.crc32(f"{self.seed}:{order.path}:{order.round}".encode())
        how = bad if lot % 3 == 0 else ok
        at = self.now + 1 + lot // 3 % 30
        if not order.path.startswith("on_failure"):
            self.ends.append((at, how(order, at=at)))

    def _write(self, records: tuple[StepRecord, ...]) -> None:
        self.journal += [msgspec.json.encode(record) for record in records]
        written = [msgspec.json.decode(line, type=StepRecord) for line in self.journal]
        if self.crashing:
            self.run = Run(id="r", entity_id="a", revision="", trigger=trigger(LEAD))
        self.run = self.run.with_records(written if self.crashing else written[len(written) - len(records) :])


def story(
    steps: list[dict[str, Any]], seed: int, happened: list[tuple[int, int]], *, crashing: bool = False
) -> Story:
    events = [event(number, b'{"w": %d}' % who, at=at) for number, (at, who) in enumerate(happened)]
    return Story(automation(steps, values={"n": 1}), seed, events, crashing).play()
