"""What every notifier keeps."""

from __future__ import annotations

import copy
import socket
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from requests import PreparedRequest

from ..errors import MissingSecret
from ..headers import RESERVED_HEADERS, check_header
from ..hookspecs import Network, Notice, Notifier, Notify
from .samples import NOTICES
from .schemas import check_named, check_valid

if TYPE_CHECKING:
    from hookwright.rules.event import JSON

OURS = frozenset({"id", "type", "default"})  # the keys of every notifier


class NoNetwork:
    """Refuses every connection: what a notifier does then is part of its contract, too."""

    def connect(self, host: str, port: int, timeout: float) -> socket.socket:
        raise ConnectionRefusedError(f"a contract test has no network ({host}:{port}, {timeout} s)")


class NotifierContract(ABC):
    """What every notifier keeps. `config` is a valid configuration, `secrets` what its references mean.

    `network` may be replaced by one that leads to a server of the test's own.
    """

    config: ClassVar[Mapping[str, JSON]]
    secrets: ClassVar[Mapping[str, str]] = {}  # by the reference's name: {"KEY": "s3cret"} for {env: KEY}

    @abstractmethod
    def make(self) -> Notifier:
        """A fresh notifier."""

    def network(self) -> Network:
        return NoNetwork()

    def test_its_name_and_schema_are_usable(self) -> None:
        notifier = self.make()
        check_named(notifier.name, notifier.schema)
        check_valid(self.config, notifier.schema)
        taken = OURS & set(notifier.schema.get("properties", {}))
        assert not taken, f"the schema describes {sorted(taken)}, which every notifier has"

    def test_it_asks_for_secrets_when_built_and_says_which_is_missing(self) -> None:
        if not self.secrets:
            return

        def nothing(reference: Any) -> str:
            raise MissingSecret("test", str(reference), "missing on purpose")

        held = False
        try:
            self.make().build(copy.deepcopy(self.config), nothing, self.network())
        except MissingSecret:
            held = True
        assert held, "build must let MissingSecret through: the notice then waits"

    def test_every_notice_is_told_or_refused(self) -> None:
        tell = self._built()
        for notice in NOTICES:
            answer, _ = self._told(tell, notice)
            assert answer is None or isinstance(answer, PreparedRequest), (
                f"the answer is {type(answer).__name__}, neither a PreparedRequest nor None"
            )

    def test_its_requests_may_go_on_the_wire(self) -> None:
        for request in self._requests():
            assert request.method in {"POST", "PUT"}, f"the method is {request.method!r}"
            assert type(request.body) is bytes, f"the body is {type(request.body).__name__}, not bytes"
            for name, value in request.headers.items():
                check_header(name, value)
                assert name.lower() not in RESERVED_HEADERS, f"header {name} is not the notifier's to set"

    def test_no_notice_decides_where_it_goes(self) -> None:
        places = {urlsplit(str(request.url))[:2] for request in self._requests()}
        assert len(places) <= 1, "the scheme, the host or the port of the URL depends on the notice"
        assert all(scheme in {"http", "https"} for scheme, _ in places), f"the scheme is {places}"

    def test_the_same_notice_is_told_the_same_whatever_came_before(self) -> None:
        used = self._built()
        for notice in NOTICES:
            self._told(used, notice)
        for notice in NOTICES:
            again, fresh = self._told(used, notice), self._told(self._built(), notice)
            assert _said(again) == _said(fresh), f"{notice.id!r} is told differently the second time"

    def test_it_may_be_called_from_several_threads(self) -> None:
        tell = self._built()
        with ThreadPoolExecutor(4) as threads:
            told = list(threads.map(lambda notice: self._told(tell, notice), NOTICES * 3))
        first = [_said(one) for one in told[: len(NOTICES)]]
        assert [_said(one) for one in told] == first * 3, "notices told at once are told differently"

    def test_it_never_shows_a_secret(self) -> None:
        tell = self._built()
        for secret in self.secrets.values():
            assert secret not in repr(tell), "repr() of what build returned holds the secret"

    def _requests(self) -> Iterator[PreparedRequest]:
        tell = self._built()
        for notice in NOTICES:
            answer, _ = self._told(tell, notice)
            if answer is not None:
                yield answer

    def _built(self) -> Notify:
        tell = self.make().build(copy.deepcopy(self.config), self._secret, self.network())
        assert callable(tell), f"build returned {type(tell).__name__}, which cannot be called"
        return tell

    def _told(self, tell: Notify, notice: Notice) -> tuple[PreparedRequest | None, str]:
        """What came back, or the name of what was raised. Only an Exception may be, without a secret."""
        try:
            return tell(notice), ""
        except Exception as error:  # noqa: BLE001  # any will do: the notice is tried again
            raised = error
        for secret in self.secrets.values():
            assert secret not in str(raised), "the error shows the secret"
        return None, type(raised).__name__

    def _secret(self, reference: Any) -> str:
        ((_, name),) = reference.items()
        return self.secrets[name]


def _said(told: tuple[PreparedRequest | None, str]) -> tuple[object, ...]:
    request, error = told
    return (error,) if request is None else (request.url, dict(request.headers), request.body)
