"""The public API as its users type against it; checked by pyright in strict mode, never run."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from requests import PreparedRequest

from hookwright.plugins import hookimpl
from hookwright.plugins.errors import NotifyError
from hookwright.plugins.hookspecs import (
    Attempt,
    BodyContext,
    Encoded,
    Encoder,
    Inject,
    Injector,
    Network,
    Notice,
    Notifier,
    Notify,
    Secrets,
    SecretSource,
)
from hookwright.plugins.posting import post_json
from hookwright.rules import PatternError, PatternIndex
from hookwright.rules.event import JSON


def match() -> frozenset[str]:
    index = PatternIndex({"hot": {"ProspectStage": ["Qualified", {"prefix": "Hot"}]}})
    return index.match({"ProspectStage": "Hot lead"})


def explain() -> tuple[str, str | None]:
    try:
        PatternIndex({"wrong": {"Stage": [{"prefx": "Hot"}]}})
    except PatternError as error:
        return error.message, error.hint
    return "", None


class Shout:
    name = "shout"
    content_types = ("text/x-shout",)
    schema: Mapping[str, object] = MappingProxyType({})

    def encode(self, value: object, context: BodyContext) -> Encoded:
        return Encoded(str(value).upper().encode())


class Stamp:
    name = "stamp"
    schema: Mapping[str, object] = MappingProxyType({"type": "object"})

    def build(self, config: Mapping[str, JSON], secrets: Secrets) -> Inject:
        key = secrets(config["key"])

        def inject(request: PreparedRequest, attempt: Attempt) -> None:
            request.headers["X-Stamp"] = f"{key} {attempt.message}"

        return inject


class Pager:
    name = "pager"
    schema: Mapping[str, object] = MappingProxyType({"type": "object"})

    def build(self, config: Mapping[str, JSON], secrets: Secrets, network: Network) -> Notify:
        url = secrets(config["url"])

        def tell(notice: Notice) -> PreparedRequest | None:
            if notice.kind == "test":
                network.connect("pager.example", 587, 5.0).close()
                raise NotifyError("no tests, please")
            return post_json(url, {"title": notice.title, "failed": [each.code for each in notice.failures]})

        return tell


class Vault:
    name = "vault"
    schema: Mapping[str, object] = MappingProxyType({"type": "string"})

    def resolve(self, reference: str) -> str:
        return reference


@hookimpl
def hookwright_injectors() -> list[Injector]:
    return [Stamp()]


@hookimpl
def hookwright_notifiers() -> list[Notifier]:
    return [Pager()]


@hookimpl
def hookwright_secrets() -> list[SecretSource]:
    return [Vault()]


@hookimpl
def hookwright_encoders() -> list[Encoder]:
    return [Shout()]
