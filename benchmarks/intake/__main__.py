"""Events a second on one accepting core, fsynced, against `actor.send` of the same events to the same Valkey.

The accepting process has a core for itself; Valkey, the bookkeeper and the load share the other. Single
events and batches of 100, several rounds in turns, medians. `--seconds` is the time of one round of each.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections import defaultdict
from contextlib import ExitStack

from benchmarks.load import generator, post
from benchmarks.node import Node, pin, serving

ROUNDS = 3
BATCH = 100
CORE = 0
BUNDLE = """version: 1
webhooks:
  - {id: leads, event: Lead_Post_Create, url: 'http://127.0.0.1:9/'}
"""
EVENT = {"type": "Lead_Post_Create", "data": {"ProspectID": "7", "Notes": "x" * 980}}
ONE = json.dumps(EVENT).encode()
MANY = json.dumps([EVENT] * BATCH).encode()


def accepted(node: Node, body: bytes, events: int, seconds: float) -> tuple[float, float]:
    """Events a second, and the share of its core that the accepting process used."""
    process = node.processes()["serve"]
    before = sum(process.cpu_times()[:2])
    found = post(node.url + "/v1/events", body, seconds, core=1 - CORE)
    used = sum(process.cpu_times()[:2]) - before
    if found.refused:
        sys.exit(f"{found.refused} requests were refused\n{node.log.read_text()[-2000:]}")
    return found.accepted * events / found.seconds, used / found.seconds


def sent(node: Node, seconds: float) -> float:
    command = [sys.executable, "-m", "benchmarks.intake.send", node.redis_url, str(seconds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        pin(process.pid, CORE)
        out, _ = process.communicate(ONE)
    return float(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    rates: dict[str, list[float]] = defaultdict(list)
    busy: dict[str, list[float]] = defaultdict(list)
    print(f"intake: load by {generator()}")
    for _ in range(options.rounds):
        for name, program in (("fsync", "hookwright"), ("no fsync", "benchmarks.intake.unsynced")):
            with ExitStack() as stack:
                node = stack.enter_context(
                    serving(BUNDLE, workers=0, program=program, arguments=("--spool-limit", "10000000"))
                )
                node.place(CORE)
                if name == "fsync":  # first, while nothing waits in Valkey
                    rates["actor.send"].append(sent(node, options.seconds))
                for form, body, events in (("single", ONE, 1), ("batch", MANY, BATCH)):
                    rate, share = accepted(node, body, events, options.seconds)
                    rates[f"{form}, {name}"].append(rate)
                    busy[f"{form}, {name}"].append(share)
    tell(rates, busy)


def tell(rates: dict[str, list[float]], busy: dict[str, list[float]]) -> None:
    base = statistics.median(rates["actor.send"])
    for name, found in rates.items():
        rate = statistics.median(found)
        core = f"{statistics.median(busy[name]):4.0%} of its core" if name in busy else ""
        rounds = [round(each) for each in found]
        print(f"intake: {name:17} {rate:9,.0f} /s {rate / base:6.1f} x actor.send  {core}  rounds {rounds}")
    for form in ("single", "batch"):
        ratio = statistics.median(rates[f"{form}, fsync"]) / statistics.median(rates[f"{form}, no fsync"])
        print(f"intake: {form}, fsync on against off {ratio:.2f}")


if __name__ == "__main__":
    main()
