"""Waits of runs that end within one minute: how late each does, and what share of a core that takes.

`python -m benchmarks.runs.punctual --runs 100000` has so many runs begin, whose waits end one after another
within a minute, and takes them on in real time. A wait has ended when its line is in the journal. The
baseline is a heap of the same times, from which whoever is due is taken and nothing else done.
"""

from __future__ import annotations

import argparse
import heapq
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from typing import cast

from benchmarks.runs.__main__ import AT_ONCE, Bench, catch_up, go
from hookwright.engine.instant import milliseconds
from hookwright.engine.journal.runs import StepLine
from hookwright.engine.journal.writer import Entry, Writer, Written
from hookwright.engine.runner.conduct import Conduct

SPAN = 60_000  # ms
WAIT = 2 * 3_600_000  # ms, as in the bundle


class Noting:
    """A writer that notes when the ends of waits were written; `moment` answers Unix milliseconds."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self.began: dict[str, int] = {}
        self.late: list[float] = []
        self.moment: Callable[[], float] = lambda: 0.0

    def append_many(self, lines: Sequence[Entry]) -> Future[Written]:
        """As a writer does."""
        written = self._writer.append_many(lines)
        written.add_done_callback(lambda _: self._note(lines))
        return written

    def rotate(self) -> None:
        self._writer.rotate()

    def _note(self, lines: Sequence[Entry]) -> None:
        for line in lines:
            step = line.fields
            if isinstance(step, StepLine) and step.path == "steps/0":
                if step.state == "waiting":
                    self.began[step.run] = milliseconds(step.step_at)
                elif step.state == "ended":
                    self.late.append(self.moment() - self.began[step.run] - WAIT)


def begin(bench: Bench, conduct: Conduct, count: int) -> None:
    """Runs whose waits end evenly over a minute, in steps of a hundredth of it."""
    steps = 100
    each = max(count // steps, 1)
    with closing(Writer(bench.history, "intake", clock=bench.house.clock)) as intake:
        for step in range(steps):
            for first in range(step * each, (step + 1) * each, AT_ONCE):
                numbers = range(first, min(first + AT_ONCE, (step + 1) * each))
                intake.append_many([line for number in numbers for line in bench.lines(number)]).result()
            go(conduct)
            bench.now += SPAN // steps


def live(bench: Bench, conduct: Conduct, writer: Noting, count: int, start: int) -> float:
    """Take the runs on in real time from the moment the first wait ends; the share of a core it took."""
    began, spent = time.monotonic(), time.process_time()
    writer.moment = lambda: start + (time.monotonic() - began) * 1000
    while len(writer.late) < count:
        bench.now = int(writer.moment())
        if not conduct.turn():
            time.sleep(min(max(conduct.pause(), 0.001), 0.05))
    return (time.process_time() - spent) / (time.monotonic() - began)


def bare(count: int) -> list[float]:
    """How late a heap of the same times is."""
    times = [number * SPAN / count / 20 for number in range(count // 20)]  # a twentieth of it is enough
    heapq.heapify(times)
    began, late = time.monotonic(), []
    while times:
        now = (time.monotonic() - began) * 1000
        while times and times[0] <= now:
            late.append(now - heapq.heappop(times))
        time.sleep(0.001)
    return late


def tell(name: str, late: list[float]) -> None:
    ordered = sorted(late)
    print(
        f"runs: {name:24} p50 {statistics.median(ordered):8.1f} ms late,"
        f" p99 {ordered[int(len(ordered) * 0.99)]:8.1f} ms, at most {ordered[-1]:8.1f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    count = parser.parse_args().runs // 100 * 100
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        with closing(Writer(bench.history, "runs", clock=bench.house.clock)) as journal:
            writer = Noting(journal)
            with closing(Conduct(bench.house, cast("Writer", writer))) as conduct:
                catch_up(conduct)
                start = bench.now + WAIT
                begin(bench, conduct, count)
                share = live(bench, conduct, writer, count, start)
        tell(f"{count:,} waits in a minute", writer.late)
        tell("a bare heap", bare(count))
        print(f"runs: {share:.0%} of a core while they end")


if __name__ == "__main__":
    main()
