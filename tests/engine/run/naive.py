"""A naive model of a run that does one thing at a time: it simply does one step after the other."""

import zlib
from typing import Any

from tests.engine.run.drawn import LEAD

RETRIES = (1_000, 5_000)
HOLDS = {"data.a == 1": True, "data.a == 2": False, "data.missing == 1": None, True: True, False: False}
ITEMS = {"data.list": [1, 2, 3], "[1, 2]": [1, 2], "data.empty": [], "data.a": None}
assert LEAD == b'{"a": 1, "list": [1, 2, 3], "empty": []}'


class Stopped(Exception):
    """A step said so."""


class Broken(Exception):
    """A step failed."""


class Naive:
    """Plays steps. `placed` are the calls: path, round and when."""

    def __init__(self, seed: int, happened: list[tuple[int, int]]) -> None:
        self.seed, self.events, self.now, self.n = seed, sorted(happened, key=lambda one: one[0]), 0, 1
        self.placed: list[tuple[str, int, int]] = []

    def play(self, steps: list[dict[str, Any]]) -> str:
        """How the run ends."""
        try:
            self._steps(steps, "steps", ())
        except Broken:
            return "Failure"
        except Stopped:
            return "Success"
        return "Success"

    def _steps(self, steps: list[dict[str, Any]], path: str, items: tuple[int, ...]) -> None:
        for index, step in enumerate(steps):
            try:
                self._step(step, f"{path}/{index}", items)
            except Broken:
                if step.get("on_error") != "continue":
                    raise

    def _step(self, step: dict[str, Any], path: str, items: tuple[int, ...]) -> None:
        if "wait" in step:
            self.now += step["wait"]
        elif "wait_for" in step:
            self._wait_for(step["wait_for"])
        elif "set" in step:
            self.n += int(step["set"]["n"].strip("{} ").removeprefix("vars.n + "))
        elif "stop" in step:
            raise Stopped
        elif "post" in step:
            self._calls([path], step, items)
        elif "notify" in step:
            self._calls([f"{path}/notify/{to}" for to in step["notify"]], step, items)
        else:
            self._inside(step, path, items)

    def _inside(self, step: dict[str, Any], path: str, items: tuple[int, ...]) -> None:
        if "for_each" in step:
            self._loop(step["for_each"], path, items)
        elif "if" in step:
            key = "then" if self._holds(step["if"]) else "else"
            self._steps(step[key], f"{path}/{key}", items)
        elif self._holds(step["choose"][0]["when"]):
            self._steps(step["choose"][0]["do"], f"{path}/choose/0/do", items)

    def _holds(self, asked: str | bool) -> bool:
        found = self.n > 1 if asked == "vars.n > 1" else HOLDS[asked]
        if found is None:
            raise Broken
        return found

    def _wait_for(self, what: dict[str, Any]) -> None:
        who = {"{{ vars.n }}": self.n, "{{ data.missing }}": None}.get(
            what["match"]["w"][0], what["match"]["w"][0]
        )
        if who is None:
            raise Broken
        until = self.now + what["timeout"]
        came = next((one for one in self.events if one[1] == who and one[0] <= until), None)
        if came is not None:
            self.events.remove(came)
        self.now = max(self.now, came[0]) if came else until

    def _loop(self, loop: dict[str, Any], path: str, items: tuple[int, ...]) -> None:
        outside = self.n
        found = ITEMS[loop["in"]]
        if found is None:
            raise Broken
        for number, self.n in enumerate(found):
            self._steps(loop["do"], f"{path}/do", (*items, number))
        self.n = outside

    def _calls(self, paths: list[str], step: dict[str, Any], items: tuple[int, ...]) -> None:
        suffix = f"@{'.'.join(map(str, items))}" if items else ""
        ends = [self._call(path + suffix, step.get("on_error") == "retry") for path in paths]
        self.now = max(at for at, _ in ends)
        if not all(well for _, well in ends):
            raise Broken

    def _call(self, path: str, again: bool) -> tuple[int, bool]:
        at = self.now
        for round_ in range(1 + len(RETRIES) * again):
            at += RETRIES[round_ - 1] if round_ else 0
            self.placed.append((path, round_, at))
            lot = zlib.crc32(f"{self.seed}:{path}:{round_}".encode())
            at += 1 + lot // 3 % 30
            if lot % 3:
                return at, True
        return at, False
