"""Injectors are built once and held to their contract at every call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import pytest
import requests
import requests.auth
from requests.structures import CaseInsensitiveDict

from hookwright.plugins.errors import RefusedInjector
from hookwright.plugins.injection import build_injector
from hookwright.plugins.testing import ATTEMPT, bare_request


class Made:
    """An injector around whatever a test wants `build` to return."""

    name = "made"
    schema: ClassVar = {}

    def __init__(self, built: Any) -> None:
        self._built = built

    def build(self, config: Any, secrets: Any) -> Any:
        return self._built


def _call(built: Any) -> requests.PreparedRequest:
    request = bare_request()
    build_injector(Made(built), {}, lambda _: "secret")(request, ATTEMPT)
    return request


def test_a_callable_edits_the_request() -> None:
    def inject(request, attempt):
        request.headers["X-Message"] = attempt.message

    assert _call(inject).headers["X-Message"] == ATTEMPT.message


def test_an_auth_that_only_edits_the_request_works() -> None:
    request = _call(requests.auth.HTTPBasicAuth("u", "p"))
    assert request.headers["Authorization"] == "Basic dTpw"


def test_an_auth_that_returns_another_request_is_taken_over() -> None:
    class Copies(requests.auth.AuthBase):
        def __call__(self, request):
            other = request.copy()
            other.body = request.body
            other.headers["X-Copied"] = "yes"
            return other

    assert _call(Copies()).headers["X-Copied"] == "yes"


@pytest.mark.parametrize("digest", [requests.auth.HTTPDigestAuth, requests.auth.HTTPProxyAuth])
def test_digest_is_refused_by_name_when_it_is_built_and_plain_proxy_auth_is_not(
    digest: type[requests.auth.AuthBase],
) -> None:
    auth = digest("user", "pass")  # type: ignore[call-arg]
    if digest is requests.auth.HTTPProxyAuth:
        assert "Proxy-Authorization" in _call(auth).headers
        return
    with pytest.raises(RefusedInjector, match="injector 'made': leaves a response hook"):
        build_injector(Made(auth), {}, lambda _: "")


def _hooks(request, attempt):
    request.register_hook("response", print)


def _body(request, attempt):
    request.body = b"other"


def _method(request, attempt):
    request.method = "DELETE"


def _host(request, attempt):
    request.url = "https://evil.example/hook?team=7"


def _port(request, attempt):
    request.url = request.url.replace("receiver.example", "receiver.example:22")


def _path(request, attempt):
    request.url = request.url.replace("/hook", "/admin")


def _scheme(request, attempt):
    request.url = request.url.replace("https:", "http:")


@pytest.mark.parametrize("inject", [_hooks, _body, _method, _host, _port, _path, _scheme])
def test_what_an_injector_may_not_do_is_refused_at_the_call(inject: Callable[..., None]) -> None:
    with pytest.raises(RefusedInjector, match="injector 'made'"):
        _call(inject)


def test_the_query_may_grow() -> None:
    def inject(request, attempt):
        request.url += "&key=1"

    assert _call(inject).url == "https://receiver.example/hook?team=7&key=1"


@pytest.mark.parametrize("built", [None, "text", {"a": 1}])
def test_what_cannot_be_called_is_refused_when_it_is_built(built: object) -> None:
    with pytest.raises(RefusedInjector, match="cannot be called"):
        build_injector(Made(built), {}, lambda _: "")


def test_what_the_plugin_raises_comes_through() -> None:
    def inject(request, attempt):
        raise ZeroDivisionError("the plugin's own")

    with pytest.raises(ZeroDivisionError):
        _call(inject)


def test_headers_come_case_insensitive() -> None:
    assert isinstance(bare_request().headers, CaseInsensitiveDict)
