"""What an automation does: its steps, and how its runs keep to each other. Values only, all frozen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from hookwright.schemas.problem import Place

from .event import JSON
from .expression import Expression
from .glob import compile_glob
from .model import Action

Mode = Literal["single", "restart", "queued", "parallel"]
Overflow = Literal["drop_new", "drop_oldest", "fail"]
OnError = Literal["stop", "continue", "retry"]
Missed = Literal["skip", "run_once", "run_all"]


@dataclass(frozen=True, slots=True)
class Wait:
    """Go on after `duration` milliseconds."""

    duration: int


@dataclass(frozen=True, slots=True)
class WaitFor:
    """Go on with the first event of these types that fits, or after `timeout` milliseconds without one.

    `match` is the pattern as written; its texts are templates, filled in when the wait starts.
    """

    events: tuple[str, ...]
    timeout: int
    globs: tuple[str, ...] = ()
    match: Mapping[str, JSON] | None = field(default=None, hash=False)

    def wants(self, event_type: str) -> bool:
        """Whether it is for events of this type."""
        return event_type in self.events or any(compile_glob(each).match(event_type) for each in self.globs)


@dataclass(frozen=True, slots=True)
class Branch:
    """Steps, and when they are taken."""

    when: Expression | bool
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """The first branch that holds, or else `otherwise`: what `if` and `choose` say."""

    branches: tuple[Branch, ...]
    otherwise: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Loop:
    """The same steps for every item of a list, which is `vars.NAME` in them; `parallel` at one time."""

    items: Expression
    name: str
    steps: tuple[Step, ...]
    parallel: int = 1


@dataclass(frozen=True, slots=True)
class Do:
    """Calls, tells or sends, and waits for the end of that: one action, or one for each who is told."""

    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Assign:
    """Values for names (`vars.NAME`); the texts in them are templates."""

    values: Mapping[str, JSON] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Stop:
    """The run ends here, and well."""

    reason: str


What: TypeAlias = Wait | WaitFor | Choice | Loop | Do | Assign | Stop


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `path` is `steps/hello` where it has an id, else `steps/2/then/0`. It stands at `place`."""

    path: str
    what: What
    place: Place = field(hash=False, compare=False)
    id: str = ""
    on_error: OnError = "stop"


@dataclass(frozen=True, slots=True)
class Cron:
    """Runs begin at these times on the clocks of `timezone`; `missed` says what becomes of missed ones."""

    expression: str
    timezone: str
    missed: Missed = "run_once"


@dataclass(frozen=True, slots=True)
class Automation:
    """What a subscriber of type automation does with an event.

    Runs whose `key` has the same value keep to `mode`; `most` of them at one time (None: any number), those
    that wait included, and `on_overflow` is what becomes of an event beyond. `values` are `vars` at first,
    their texts templates. `on_failure` is done when a run fails. With a `cron` the clock starts it.
    It stands at `place`.
    """

    steps: tuple[Step, ...]
    key: Expression | None = None
    mode: Mode = "single"
    most: int | None = None
    on_overflow: Overflow = "drop_new"
    values: Mapping[str, JSON] = field(default_factory=dict, hash=False)
    on_failure: tuple[Action, ...] = ()
    cron: Cron | None = None
    place: Place = field(default=Place(""), hash=False, compare=False)

    def all_steps(self) -> Iterator[Step]:
        """Every step, those inside of others after them."""
        yield from flat(self.steps)

    def expressions(self) -> Iterator[Expression]:
        """Everything that its runs compute, but for templates."""
        if self.key is not None:
            yield self.key
        for step in self.all_steps():
            if isinstance(step.what, Loop):
                yield step.what.items
            elif isinstance(step.what, Choice):
                yield from (one.when for one in step.what.branches if isinstance(one.when, Expression))

    def wants(self, event_type: str) -> bool:
        """Whether one of its steps waits for events of this type."""
        return any(step.what.wants(event_type) for step in self.all_steps() if isinstance(step.what, WaitFor))

    def actions(self) -> Iterator[Action]:
        """Everything it may do that is carried out elsewhere."""
        for step in self.all_steps():
            if isinstance(step.what, Do):
                yield from step.what.actions
        yield from self.on_failure


def flat(steps: tuple[Step, ...]) -> Iterator[Step]:
    """These steps, and those inside of them."""
    for step in steps:
        yield step
        for inner in _inside(step.what):
            yield from flat(inner)


def _inside(what: What) -> Iterator[tuple[Step, ...]]:
    if isinstance(what, Choice):
        yield from (branch.steps for branch in what.branches)
        yield what.otherwise
    elif isinstance(what, Loop):
        yield what.steps
