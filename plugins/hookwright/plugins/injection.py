"""Builds an injector and holds it to its contract: it edits headers and query, a signing one headers only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from requests import PreparedRequest
from requests.auth import AuthBase
from requests.structures import CaseInsensitiveDict

from .errors import RefusedInjector
from .grants import Grant
from .hookspecs import Attempt, Inject, Injector, Secrets
from .signing import Signature

if TYPE_CHECKING:
    from hookwright.rules.event import JSON


def build_injector(injector: Injector, config: Mapping[str, JSON], secrets: Secrets) -> Inject | Grant:
    """What to call for every attempt of an endpoint, or what has to be fetched first.

    An `AuthBase` is tried on a request that is never sent, so that one which only works with answers (Digest,
    NTLM) is refused here. The callable returned raises `RefusedInjector` when a request comes back with a
    response hook or with another method, body or host. Raises whatever `build` raises.
    """
    built = injector.build(config, secrets)
    if isinstance(built, Grant):
        return built
    if isinstance(built, AuthBase):
        checked = _checked(injector.name, _of_auth(built))
        checked(_sample_request(), _SAMPLE_ATTEMPT)
        return checked
    if not callable(built):
        raise RefusedInjector(injector.name, f"build returned {type(built).__name__}, which cannot be called")
    return _checked(injector.name, built)


def build_signer(injector: Injector, config: Mapping[str, JSON], secrets: Secrets) -> Inject:
    """The same for an injector that signs. A `Signature` comes back as it is.

    Whatever else is returned raises `RefusedInjector` for a changed URL, too: it is what was signed.
    """
    built = injector.build(config, secrets)
    if isinstance(built, Signature):
        return built
    name = injector.name
    if isinstance(built, AuthBase) or not callable(built):
        raise RefusedInjector(name, f"build returned {type(built).__name__}, which signs nothing")
    checked = _checked(name, built)

    def sign(request: PreparedRequest, attempt: Attempt) -> None:
        url = request.url
        checked(request, attempt)
        if request.url != url:
            raise RefusedInjector(name, "changes the URL after it was made")

    return sign


def _of_auth(auth: AuthBase) -> Inject:
    def inject(request: PreparedRequest, attempt: Attempt) -> None:  # noqa: ARG001  # the contract's shape
        answer = auth(request)
        if answer is not request:  # requests itself takes over all fields of what an AuthBase returns
            request.__dict__.update(answer.__dict__)

    return inject


def _checked(name: str, inject: Inject) -> Inject:
    def checked(request: PreparedRequest, attempt: Attempt) -> None:
        method, url, body = request.method, request.url, request.body
        inject(request, attempt)
        if any(request.hooks.values()):
            raise RefusedInjector(name, "leaves a response hook, but the answer is never handed back to it")
        if request.method != method or request.body is not body:
            raise RefusedInjector(name, "changes the method or the body of the request")
        if request.url is not url and _place(request.url) != _place(url):
            raise RefusedInjector(name, "sends the request to another place")

    return checked


def _place(url: str | None) -> tuple[str, str, str]:
    parts = urlsplit(url or "")
    return parts.scheme, parts.netloc, parts.path


_SAMPLE_ATTEMPT = Attempt(
    message="msg_sample",
    delivery="dlv_sample",
    number=1,
    timestamp=0,
    event_id="evt_sample",
    event_source="/hookwright",
    event_type="sample",
    entity_type="webhook",
    entity_id="sample",
)


def _sample_request() -> PreparedRequest:
    request = PreparedRequest()
    request.method = "POST"
    request.url = "https://example.invalid/"
    request.headers = CaseInsensitiveDict()
    request.body = b"{}"
    return request
