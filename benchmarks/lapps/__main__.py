"""Calls of a trivial Lapp: how many a second, what each costs of processor time, and what a child takes.

The baseline is what one would write without it: a fresh interpreter for each call, bare and without plugins
(`subprocess.run([python, "-c", ...])`). Also told: the same function called in this process.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psutil
from tests.wild import SITE

from hookwright.engine.lapp.order import Order
from hookwright.engine.lapp.sandbox import Sandbox
from hookwright.plugins.loader import load_plugins
from hookwright.plugins.testing import EVENT

DATA = b'{"ProspectID": "p-1", "Score": 42}'
FRESH = "import json, sys; print(json.dumps({'data': json.load(sys.stdin)}))"
FIELDS = {
    name: getattr(EVENT, name)
    for name in ("id", "source", "type", "message", "delivery", "attempt", "entity_type", "entity_id")
}


def in_sandbox(sandbox: Sandbox) -> Callable[[], None]:
    order = Order(lapp="echo", event=FIELDS, data=DATA)

    def call() -> None:
        assert sandbox.call(order).end == "value"

    return call


def fresh() -> None:
    subprocess.run([sys.executable, "-c", FRESH], input=DATA, capture_output=True, check=True)


def rate(call: Callable[[], None], seconds: float, threads: int = 1) -> float:
    """Calls a second, `threads` at one time."""
    end = time.monotonic() + seconds

    def work(_: int) -> int:
        count = 0
        while time.monotonic() < end:
            call()
            count += 1
        return count

    began = time.monotonic()
    with ThreadPoolExecutor(threads) as pool:
        made = sum(pool.map(work, range(threads)))
    return made / (time.monotonic() - began)


def spent(call: Callable[[], None], count: int) -> float:
    """Milliseconds of processor time a call takes of this process and of those that have ended below it."""
    before = _used()
    for _ in range(count):
        call()
    return (_used() - before) / count * 1000


def _used() -> float:
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, kinds))


def sizes(sandbox: Sandbox) -> dict[str, float]:
    """MiB that the nursery, a guardian and a Lapp's process take for themselves while a call is under way."""
    order = Order(lapp="hangs", event=FIELDS, data=DATA)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(sandbox.call, order)
        while len(family := psutil.Process(os.getpid()).children(recursive=True)) < 3:
            time.sleep(0.01)
        time.sleep(0.1)
        taken = [each.memory_full_info().uss / (1 << 20) for each in family]
        sandbox.close()
    return dict(zip(("nursery", "guardian", "child"), taken, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=2.0)
    options = parser.parse_args()
    sys.path.insert(0, str(SITE))
    function = load_plugins(allow=["wild"]).lapps["echo"]
    sandbox = Sandbox(["wild"])
    call = in_sandbox(sandbox)
    call()
    found: dict[str, list[float]] = {"one": [], "eight": [], "fresh": []}
    for _ in range(3):  # in turns: the machine is not always equally busy
        found["one"].append(rate(call, options.seconds / 3))
        found["fresh"].append(rate(fresh, options.seconds / 3))
        found["eight"].append(rate(call, options.seconds / 3, threads=8))
    one, eight, new = (sorted(values)[1] for values in found.values())
    here = rate(lambda: json.dumps(function.call(EVENT, {})) and None, options.seconds / 3)
    own = 1000 / one - 1000 / here
    print(
        f"one after the other  {one:9,.0f} calls/s  {one / new:.2f} of a fresh interpreter each ({new:,.0f})"
    )
    print(f"eight at a time      {eight:9,.0f} calls/s  {eight / new:.2f}")
    print(f"in this process      {here:9,.0f} calls/s; a process of its own costs {own:.2f} ms")
    ours, theirs = spent(call, 50), spent(fresh, 20)
    print(f"the worker's own processor time  {ours:.2f} ms a call; with a fresh interpreter {theirs:.1f} ms")
    print("memory  " + ", ".join(f"{name} {size:.1f} MiB" for name, size in sizes(sandbox).items()))


main()
