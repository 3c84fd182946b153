"""What every injector keeps."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from ..errors import MissingSecret
from ..grants import Grant
from ..headers import RESERVED_HEADERS, check_header
from ..hookspecs import Attempt, Inject, Injector
from ..injection import build_injector
from .samples import ATTEMPT, bare_request
from .schemas import check_named, check_valid

if TYPE_CHECKING:
    from requests import PreparedRequest

    from hookwright.rules.event import JSON


class InjectorContract(ABC):
    """What every injector keeps. `config` is a valid configuration, `secrets` what its references mean."""

    ours: ClassVar[frozenset[str]] = frozenset({"webhook-id"})  # of our own headers, what may be there after
    config: ClassVar[Mapping[str, JSON]]
    secrets: ClassVar[Mapping[str, str]]  # by the reference's name: {"KEY": "s3cret"} for {env: KEY}

    @abstractmethod
    def make(self) -> Injector:
        """A fresh injector."""

    def test_its_name_and_schema_are_usable(self) -> None:
        injector = self.make()
        check_named(injector.name, injector.schema)
        check_valid(self.config, injector.schema)

    def test_it_edits_headers_and_query_only(self) -> None:
        request = self._inject(self.make())
        assert request.method == "POST"
        assert request.body == b'{"a": 1}'
        assert request.headers["webhook-id"] == ATTEMPT.message
        reserved = RESERVED_HEADERS & {name.lower() for name in request.headers}
        assert reserved <= self.ours, f"{sorted(reserved - self.ours)} are not the injector's to set"
        for name, value in request.headers.items():
            check_header(name, value)

    def test_it_does_the_same_on_every_request_in_several_threads(self) -> None:
        inject = self._built(self.make(), self.secrets)
        first, second = bare_request(), bare_request()
        inject(first, ATTEMPT)
        inject(second, ATTEMPT)
        assert set(first.headers) == set(second.headers), (
            "the second request has other headers than the first"
        )

    def test_it_authenticates(self) -> None:
        before, after = bare_request(), self._inject(self.make())
        changed = (before.url, dict(before.headers)) != (after.url, dict(after.headers))
        assert changed, "the request is as it was: what does the injector do?"

    def test_it_asks_for_secrets_when_built_and_says_which_is_missing(self) -> None:
        if not self.secrets:
            return

        def nothing(reference: Any) -> str:
            raise MissingSecret("test", str(reference), "missing on purpose")

        held = False
        try:
            self.make().build(copy.deepcopy(self.config), nothing)
        except MissingSecret:
            held = True
        assert held, "build must let MissingSecret through: the call is then held"

    def test_a_secret_that_breaks_a_header_is_refused_and_not_shown(self) -> None:
        for name, secret in self.secrets.items():
            for poison in ("\r\nX-Evil: 1", "\n", "\0"):
                self._check_poison({**self.secrets, name: f"{secret}{poison}Zq7"})

    def test_it_never_shows_a_secret(self) -> None:
        built = self.make().build(copy.deepcopy(self.config), self._lookup(self.secrets))
        for secret in self.secrets.values():
            assert secret not in repr(built), "repr() of what build returned holds the secret"

    def _check_poison(self, secrets: Mapping[str, str]) -> None:
        said = ""
        try:
            request = self._inject(self.make(), secrets)
        except ValueError as error:  # InvalidHeader is one
            said = str(error)
        else:
            for name, value in request.headers.items():
                check_header(name, value)  # encoded (base64, a digest), so it does no harm
        for secret in secrets.values():
            assert secret not in said, "the error shows the secret"

    def _inject(self, injector: Injector, secrets: Mapping[str, str] | None = None) -> PreparedRequest:
        request = bare_request()
        self._built(injector, self.secrets if secrets is None else secrets)(request, ATTEMPT)
        return request

    def _built(self, injector: Injector, secrets: Mapping[str, str]) -> Inject:
        built = build_injector(injector, copy.deepcopy(self.config), self._lookup(secrets))
        return _granting(built) if isinstance(built, Grant) else built

    @staticmethod
    def _lookup(secrets: Mapping[str, str]) -> Any:
        def lookup(reference: Any) -> str:
            ((_, name),) = reference.items()
            return secrets[name]

        return lookup


def _granting(grant: Grant) -> Inject:
    """What calls carry once a token was fetched; here the request for it stands for the token."""

    def inject(request: PreparedRequest, attempt: Attempt) -> None:  # noqa: ARG001  # the contract's shape
        for _, value in grant.headers:
            check_header("Authorization", value)
        request.headers["Authorization"] = "Bearer made-up"

    return inject
