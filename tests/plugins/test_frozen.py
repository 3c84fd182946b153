"""The contract is frozen until version 2: what `frozen.txt` says may be added to as docs/reference/hooks.md
allows, and is otherwise never edited."""

from __future__ import annotations

import dataclasses
import inspect
from pathlib import Path
from typing import get_type_hints

from hookwright.plugins import errors, hookspecs, testing
from hookwright.plugins.headers import check_header, set_header
from hookwright.plugins.posting import post_json

FROZEN = (Path(__file__).parent / "frozen.txt").read_text(encoding="utf-8").splitlines()
GIVEN = (
    hookspecs.Attempt,
    hookspecs.BodyContext,
    hookspecs.Notice,
    hookspecs.FailedDelivery,
    hookspecs.LappEvent,
)
PROVIDED = (
    hookspecs.Encoder,
    hookspecs.Injector,
    hookspecs.Notifier,
    hookspecs.SecretSource,
    hookspecs.Lapp,
)
CALLED = (hookspecs.Secrets, hookspecs.Network)
ERRORS = (
    errors.BadReference,
    errors.EncodeError,
    errors.InvalidHeader,
    errors.MissingSecret,
    errors.NotifyError,
)
FUNCTIONS = (
    check_header,
    set_header,
    post_json,
    testing.check_plugin,
    testing.bare_request,
    testing.body_context,
)


def contract() -> list[str]:
    hooks = sorted(name for name in vars(hookspecs) if name.startswith("hookwright_"))
    return [
        *(f"hook {name}{inspect.signature(getattr(hookspecs, name))}" for name in hooks),
        *(
            f"given {kind.__name__}{inspect.signature(kind)}"
            for kind in (*GIVEN, hookspecs.Encoded, hookspecs.LappFunction)
        ),
        *(line for kind in (*PROVIDED, *CALLED) for line in _members(kind)),
        *(f"error {each.__name__}({', '.join(base.__name__ for base in each.__bases__)})" for each in ERRORS),
        f"error MissingSecret{inspect.signature(errors.MissingSecret)}",
        f"error InvalidHeader{inspect.signature(errors.InvalidHeader)}",
        *(f"function {each.__name__}{inspect.signature(each)}" for each in FUNCTIONS),
        *(f"testing {name}" for name in sorted(testing.__all__)),
        f"type Inject = {hookspecs.Inject}",
        f"type Notify = {hookspecs.Notify}",
    ]


def _members(kind: type) -> list[str]:
    members = []
    for name, member in vars(kind).items():
        if isinstance(member, property):
            members.append(f"{kind.__name__}.{name} -> {inspect.signature(member.fget).return_annotation}")
        elif inspect.isfunction(member) and (not name.startswith("_") or name == "__call__"):
            members.append(f"{kind.__name__}.{name}{inspect.signature(member)}")
    return [f"shape {member}" for member in members if "__init__" not in member]


def test_the_contract_is_what_it_was_frozen_as():
    assert contract() == FROZEN


def test_what_a_plugin_is_given_can_be_added_to_without_breaking_it():
    """A new field at the end with a default: every field is passed by name where it is made."""
    for kind in GIVEN:
        assert dataclasses.is_dataclass(kind)
        assert kind.__dataclass_params__.frozen
        assert set(get_type_hints(kind)) == {field.name for field in dataclasses.fields(kind)}


def test_every_frozen_name_is_on_the_page():
    page = (Path(__file__).parents[2] / "docs" / "reference" / "hooks.md").read_text(encoding="utf-8")
    named = [*GIVEN, *PROVIDED, *ERRORS, *FUNCTIONS[:3], hookspecs.Encoded]
    assert [each.__name__ for each in named if f"`{each.__name__}" not in page] == []
