"""The command line's HTTP client: one request to the server, its JSON answer, or `Unreachable`."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from .addresses import Server

TIMEOUT = 30.0  # seconds for one request; the server answers within a few
_NONE: Mapping[str, str] = MappingProxyType({})


class Unreachable(Exception):
    """The server cannot be reached or does not speak as one."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said. `body` is the parsed JSON, or None. Names of headers are in lower case."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def complaint(self) -> str:
        """A refusal (problem+json) in one line."""
        body = self.body if isinstance(self.body, dict) else {}
        where = body.get("pointer") or body.get("header") or ""
        detail = body.get("detail") or body.get("title") or "no reason given"
        return f"{detail} (HTTP {self.status}{f' at {where}' if where else ''})"


class Client:
    """Talks to one server, one request a connection."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def get(self, path: str) -> Answer:
        return self._request("GET", path, None, {})

    def post(self, path: str, body: bytes, content_type: str) -> Answer:
        return self._request("POST", path, body, {"Content-Type": content_type})

    def put(self, path: str, body: bytes, content_type: str, headers: Mapping[str, str] = _NONE) -> Answer:
        return self._request("PUT", path, body, {"Content-Type": content_type, **headers})

    def delete(self, path: str, headers: Mapping[str, str] = _NONE) -> Answer:
        return self._request("DELETE", path, None, dict(headers))

    def _request(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        if self._server.token:
            headers = {**headers, "Authorization": f"Bearer {self._server.token}"}
        connection = _connection(self._server.url)
        try:
            connection.request(method, path, body, {"Connection": "close", **headers})
            response = connection.getresponse()
            raw = response.read()
            said = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, _parsed(raw, response.status), said)
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{self._server.url}: {error or type(error).__name__}") from None
        except ValueError:
            raise Unreachable(f"{self._server.url}: does not answer as a Hookwright server") from None
        finally:
            connection.close()


def _parsed(raw: bytes, status: int) -> Any:
    """No body is what 204 means; any other answer of ours has one."""
    return None if status == 204 and not raw else json.loads(raw)


def _connection(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=TIMEOUT)
