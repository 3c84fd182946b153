"""Automations written as in YAML, and a small world that answers what their runs order."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from hookwright.engine.delivery import Received, Status
from hookwright.engine.run.advance import advance, call_ended, seen
from hookwright.engine.run.record import CallEnd, StepRecord
from hookwright.engine.run.run import End, Order, Run
from hookwright.engine.run.trigger import Trigger
from hookwright.rules.computed import SCOPE
from hookwright.rules.expression import Expression
from hookwright.rules.model import Action, RetryPolicy, Target
from hookwright.rules.steps import (
    Assign,
    Automation,
    Branch,
    Choice,
    Do,
    Loop,
    Step,
    Stop,
    Wait,
    WaitFor,
    What,
)
from hookwright.rules.telling import Message
from hookwright.schemas.problem import Place

RETRY = RetryPolicy((1_000, 5_000))


def automation(steps: list[dict[str, Any]], **settings: Any) -> Automation:
    """The automation whose steps are these, times in milliseconds."""
    return Automation(tuple(_steps(steps, "steps")), **settings)


def _steps(written: list[dict[str, Any]], path: str) -> Iterator[Step]:
    for index, step in enumerate(written):
        identifier = step.get("id", "")
        here = f"steps/{identifier}" if identifier else f"{path}/{index}"
        yield Step(
            here,
            _what(step, here),
            Place("a.yaml", index + 1),
            identifier,
            step.get("on_error", "stop"),
        )


def _what(step: dict[str, Any], here: str) -> What:
    if "wait" in step:
        return Wait(step["wait"])
    if "wait_for" in step:
        return WaitFor(**step["wait_for"])
    if "if" in step:
        then = Branch(_condition(step["if"]), tuple(_steps(step["then"], f"{here}/then")))
        return Choice((then,), tuple(_steps(step.get("else", []), f"{here}/else")))
    if "choose" in step:
        return Choice(
            tuple(
                Branch(_condition(each["when"]), tuple(_steps(each["do"], f"{here}/choose/{number}/do")))
                for number, each in enumerate(step["choose"])
            )
        )
    if "for_each" in step:
        loop = step["for_each"]
        inner = tuple(_steps(loop["do"], f"{here}/do"))
        return Loop(Expression.parse(loop["in"], SCOPE), loop["as"], inner, loop.get("parallel", 1))
    if "set" in step:
        return Assign(step["set"])
    if "stop" in step:
        return Stop(step["stop"])
    return Do(tuple(_actions(step, here)))


def _condition(written: str | bool) -> Expression | bool:
    return written if isinstance(written, bool) else Expression.parse(written, SCOPE)


def _actions(step: dict[str, Any], here: str) -> Iterator[Action]:
    target = Target(url="https://a.example.com", retry=RETRY)
    if "notify" in step:
        for to in step["notify"]:
            path = f"{here}/notify/{to}"
            yield Action(f"automation/a/{path}", path, target, message=Message(to, "hi"))
    else:
        yield Action(f"automation/a/{here}", here, target, lapp=step.get("lapp", ""))


def trigger(data: bytes = b"{}", at: int = 0) -> Trigger:
    return Trigger(id="e1", source="/crm", type="Lead_Post_Create", at=at, raw=data)


def event(number: int, data: bytes = b"{}", *, at: int, kind: str = "Reply") -> Trigger:
    return Trigger(id=f"r{number}", source="/crm", type=kind, at=at, raw=data)


def ok(order: Order, **said: Any) -> CallEnd:
    return CallEnd(path=order.path, round=order.round, **{"status": Status.SUCCESS, **said})


def bad(order: Order, **said: Any) -> CallEnd:
    return ok(order, **{"status": Status.FAILURE, "error": "status", "reason": "answered 500", **said})


def answered(body: str, status: int = 200, kind: str = "application/json") -> Received:
    return Received(status=status, headers=(("Content-Type", kind),), body=body)


@dataclass
class World:
    """One run, its clock, and what it ordered that has no end yet. Records go through JSON, as on a disk."""

    automation: Automation
    run: Run
    now: int = 0
    orders: dict[tuple[str, int], Order] = field(default_factory=dict)
    wake: int | None = None
    end: End | None = None
    heard: list[Trigger] = field(default_factory=list)
    ordered: list[str] = field(default_factory=list)
    history: list[StepRecord] = field(default_factory=list)
    last_orders: tuple[Order, ...] = ()

    def go(self) -> "World":
        """Take every step that can be taken."""
        while self.end is None:
            found = advance(self.automation, self.run, self.now, self.heard)
            self._write(found.records)
            self.last_orders = found.orders
            for order in found.orders:
                if (order.path, order.round) not in self.orders:
                    self.orders[order.path, order.round] = order
                    self.ordered.append(order.path)
            self.wake, self.end = found.wake, found.end
            if not found.records:
                break
        return self

    def until(self, now: int) -> "World":
        self.now = now
        return self.go()

    def hear(self, happened: Trigger) -> "World":
        self.now = max(self.now, happened.at)
        self._write(seen(self.automation, self.run, happened))
        self.heard.append(happened)
        return self.go()

    def answer(self, path: str, how: Callable[..., CallEnd] = ok, nth: int = 0, **said: Any) -> "World":
        order = self.orders[path, nth]
        self._write(call_ended(self.automation, self.run, how(order, at=self.now, **said)))
        return self.go()

    def record(self, path: str) -> StepRecord:
        return self.run.records[path]

    def scope(self, path: str) -> Mapping[str, Any]:
        return self.orders[path, 0].scope

    def _write(self, records: tuple[StepRecord, ...]) -> None:
        lines = [msgspec.json.encode(record) for record in records]
        written = [msgspec.json.decode(line, type=StepRecord) for line in lines]
        self.history.extend(written)
        self.run = self.run.with_records(written)


def begin(steps: list[dict[str, Any]], data: bytes = b"{}", **settings: Any) -> World:
    """A run that began, as far as it goes without news."""
    run = Run(id="run_1", entity_id="a", revision="sha256:r", trigger=trigger(data))
    return World(automation(steps, **settings), run).go()
