"""What every Lapp keeps."""

from __future__ import annotations

import copy
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from ..hookspecs import Lapp, LappEvent
from ..resolving import resolved
from .samples import EVENT
from .schemas import check_named, check_valid

if TYPE_CHECKING:
    from hookwright.rules.event import JSON

LARGEST = 1 << 20  # bytes of a value as JSON


class LappContract(ABC):
    """What every Lapp keeps. `config` is a valid configuration, `secrets` what its references mean.

    `events` are to be replaced by what yours is made for: for each it returns a value, or raises.
    """

    config: ClassVar[Mapping[str, JSON]] = {}
    secrets: ClassVar[Mapping[str, str]] = {}  # by the reference's name: {"KEY": "s3cret"} for {env: KEY}
    events: ClassVar[Sequence[LappEvent]] = (EVENT, replace(EVENT, data=None), replace(EVENT, stage="test"))

    @abstractmethod
    def make(self) -> Lapp:
        """A fresh Lapp."""

    def test_its_name_and_schema_are_usable(self) -> None:
        lapp = self.make()
        check_named(lapp.name, lapp.schema)
        check_valid(self.config, lapp.schema)

    def test_its_value_is_json_of_at_most_a_mebibyte(self) -> None:
        for event in self.events:
            value, error = self._called(event)
            try:
                size = 0 if error else len(json.dumps(value, allow_nan=False).encode())
            except (TypeError, ValueError) as fault:
                raise AssertionError(f"its value cannot be said in JSON: {fault}") from None
            assert size <= LARGEST, f"its value takes {size} bytes as JSON"

    def test_it_fails_with_an_exception_that_shows_no_secret(self) -> None:
        for event in self.events:
            _, error = self._called(event)
            assert not any(secret in error for secret in self.secrets.values()), "the error shows the secret"

    def test_the_event_is_left_as_it_was(self) -> None:
        for event in self.events:
            given = copy.deepcopy(event)
            self._called(given)
            assert given == event, "call changed the event it was given"

    def _called(self, event: LappEvent) -> tuple[JSON, str]:
        """The value, or what was raised. Only an Exception may be."""
        config: Any = resolved(copy.deepcopy(dict(self.config)), self.make().schema, self._secret)
        try:
            return self.make().call(event, config), ""
        except Exception as error:  # noqa: BLE001  # any will do: it is a failed attempt
            return None, f"{type(error).__name__}: {error}"

    def _secret(self, reference: Any) -> str:
        ((_, name),) = reference.items()
        return self.secrets[name]
