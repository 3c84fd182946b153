"""What every injector that signs keeps."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from ..hookspecs import Inject, Injector
from ..injection import build_signer
from .injector import InjectorContract
from .samples import ATTEMPT, bare_request

if TYPE_CHECKING:
    from requests import PreparedRequest

_BODIES = (b"", b"{}", b"\x00\xff\r\n", b"x" * 100_000)


class SignerContract(InjectorContract):
    """What every injector with `signs = True` keeps, beside what every injector does."""

    ours: ClassVar[frozenset[str]] = frozenset({"webhook-id", "webhook-signature"})

    def test_its_mark_says_that_it_signs(self) -> None:
        assert getattr(self.make(), "signs", False) is True, "`signs` is not True: it stands under `auth`"

    def test_the_url_stays_as_it_was_signed(self) -> None:
        assert self._inject(self.make()).url == bare_request().url

    def test_another_body_has_another_signature(self) -> None:
        seen = [self._signed(body) for body in _BODIES]
        assert all(one not in seen[:index] for index, one in enumerate(seen)), (
            "two bodies are signed alike: what does the signature cover?"
        )

    def test_a_call_without_a_body_is_signed_too(self) -> None:
        before, after = bare_request(), self._request(None)
        assert dict(after.headers) != dict(before.headers), "a call without a body is not signed"

    def test_every_attempt_is_signed_anew(self) -> None:
        """The time of an attempt may count; its number may not, or a retry could not be told from another."""
        sign = self._built(self.make(), self.secrets)
        first, again = bare_request(), bare_request()
        sign(first, ATTEMPT)
        sign(again, replace(ATTEMPT, timestamp=ATTEMPT.timestamp + 30, number=2))
        assert set(first.headers) == set(again.headers), "the second attempt has other headers"

    def _signed(self, body: bytes) -> dict[str, str]:
        return dict(self._request(body).headers)

    def _request(self, body: bytes | None) -> PreparedRequest:
        request = bare_request()
        request.body = body
        self._built(self.make(), self.secrets)(request, ATTEMPT)
        return request

    def _built(self, injector: Injector, secrets: Mapping[str, str]) -> Inject:
        return build_signer(injector, copy.deepcopy(self.config), self._lookup(secrets))
