"""Waiting runs: their memory, and what a start and the end of their waits cost, in processor time.

A start is compared with decoding each line of the journal as JSON, the end of all waits with writing as many
lines to a journal, 200 at a time. Goals: a start is at most five times its baseline, an end takes 0.3 ms.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from hookwright.engine.intake.beginning import planned_run
from hookwright.engine.journal.acceptance import accepted_entries
from hookwright.engine.journal.room import Room
from hookwright.engine.journal.writer import Entry, Writer
from hookwright.engine.kept_revisions import KeptRevisions
from hookwright.engine.revisions import table_of
from hookwright.engine.runner.conduct import Conduct, House
from hookwright.engine.state import State
from hookwright.rules.event import Event
from hookwright.rules.load import load

BUNDLE = """version: 1
automations:
  - id: welcome
    event: Lead_Post_Create
    mode: parallel
    steps:
      - wait: 2h
      - wait_for: {event: LeadActivity_Post_Create, match: {Id: ["{{ data.Id }}"]}, timeout: 3d}
"""
AT_ONCE = 200


def cpu(work: Callable[[], object]) -> float:
    """Seconds of processor time."""
    before = time.process_time()
    work()
    return time.process_time() - before


class Bench:
    """A node's runner on a clock of its own."""

    def __init__(self, folder: Path) -> None:
        (folder / "hooks.yaml").write_text(BUNDLE)
        source = load(folder / "hooks.yaml").source
        assert source is not None
        state = State(folder / "state")
        self.now, self.history, node = 1_795_435_200_000, state.history, state.prepare()
        self.kept = KeptRevisions(state.revisions)
        self.kept.keep(source)
        self.kept.set_live(source.revision)
        self.table = table_of(source)
        self.house = House(
            state.path, state.history, node, self.kept, _Nobody(), lambda _: None, {}, Room(folder, 0),
            take=lambda _, times: times, intake=lambda *_: None, clock=lambda: self.now / 1000,
        )  # type: ignore[arg-type, return-value]  # fmt: skip

    def accept(self, count: int) -> None:
        """Journal so many events, each of which begins a run."""
        with closing(Writer(self.history, "intake", clock=self.house.clock)) as writer:
            for first in range(0, count, AT_ONCE):
                lines = [line for number in range(first, first + AT_ONCE) for line in self.lines(number)]
                writer.append_many(lines).result()

    def lines(self, number: int) -> list[Entry]:
        """The lines of event `number`."""
        data = {"Id": str(number), "Name": "x" * 700}
        raw = json.dumps(data).encode()
        event = Event(id=f"e{number}", source="/crm", type="Lead_Post_Create", data=data, raw=raw)
        runs = tuple(planned_run(event, each, self.now) for each in self.table.select(event))
        return accepted_entries(event, self.table.revision, [], {}, "f", None, runs)


class _Nobody:
    def cancel(self, _node: str, _results: object) -> int:
        return 0


def catch_up(conduct: Conduct) -> None:
    while conduct.catch_up():
        pass


def go(conduct: Conduct) -> None:
    while conduct.turn():
        pass


def decode_all(folder: Path) -> None:
    """The baseline of a start."""
    for path in folder.rglob("*.jsonl"):
        for line in path.read_bytes().splitlines():
            json.loads(line)


def write_as_many(folder: Path, count: int) -> None:
    """The baseline of an end: two lines for each run."""
    lines = [Entry("step", {"x": "y" * 300})] * (2 * AT_ONCE)
    with closing(Writer(folder, "baseline")) as writer:
        for _ in range(0, count, AT_ONCE):
            writer.append_many(lines).result()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    count = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        bench.accept(count)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with closing(Writer(bench.history, "runs", clock=bench.house.clock)) as writer:
            with closing(Conduct(bench.house, writer)) as conduct:
                catch_up(conduct)
                began = cpu(lambda: go(conduct))
                kept = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            with closing(Conduct(bench.house, writer)) as conduct:
                started = cpu(lambda: catch_up(conduct))
                go(conduct)
                bench.now += 2 * 3_600_000
                ended = cpu(lambda: go(conduct))
        read = cpu(lambda: decode_all(bench.history))
        written = cpu(lambda: write_as_many(Path(folder) / "baseline", count))
    print(f"runs: {count:,} begun, {began / count * 1e6:.0f} us each; {kept / count:.1f} KiB each to keep")
    print(f"runs: a start {started:.2f} s, {started / read:.1f} x decoding the journal's lines")
    print(f"runs: the end of a wait {ended / count * 1e6:.0f} us, {ended / written:.1f} x writing its lines")


if __name__ == "__main__":
    main()
