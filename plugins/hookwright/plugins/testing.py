"""Contract checks for plugin authors: subclass one in a test file, and pytest runs them all.

    class TestMyEncoder(EncoderContract):
        def make(self) -> Encoder:
            return MyEncoder()

Hookwright's own built-ins are held to the same checks.
"""

from __future__ import annotations

import copy
import json
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import jsonschema
from requests import PreparedRequest
from requests.structures import CaseInsensitiveDict

from .contributions import Refused, contributions_of, hooks_of
from .errors import BadReference, MissingSecret
from .headers import RESERVED_HEADERS, check_header
from .hookspecs import Attempt, BodyContext, Encoder, Injector, SecretSource
from .injection import build_injector

if TYPE_CHECKING:
    from hookwright.rules.event import JSON

VALUES: tuple[Any, ...] = (
    {},
    {"a": 1, "b": [True, None, -0.0, 1e300], "c": {"d": "ü", "e": "\u2028"}},
    {"big": 2**70, "text": "a\r\nb\0", "surrogate": "\ud800", "emoji": "🪝", "": ""},
    {"deep": [[[[[[[[[[]]]]]]]]]]},
)
"""Values every encoder must either encode or refuse with a ValueError."""

ATTEMPT = Attempt(
    message="msg_abcdefghijklmnopqrstuvwxyz",
    delivery="dlv_abcdefghijklmnopqrstuvwxyz",
    number=1,
    timestamp=1_700_000_000,
    event_id="evt_1",
    event_source="/test",
    event_type="com.example.test",
    entity_type="webhook",
    entity_id="test",
)

# What stands in for `#/$defs/secret` and `#/$defs/text`, so that a schema can be checked by itself.
_DEFINITIONS = {
    "secret": {"type": "object", "minProperties": 1, "maxProperties": 1},
    "text": {"type": ["string", "object"]},
}


def check_plugin(plugin: object) -> None:
    """Raises AssertionError unless `plugin` (a module or an object) would be loaded."""
    try:
        contributions_of(plugin, hooks_of(plugin))
    except Refused as error:
        raise AssertionError(f"the plugin would be left out: {error}") from None


def body_context(content_type: str, raw: bytes | None = None) -> BodyContext:
    """A context to call an encoder with."""
    return BodyContext(
        content_type=content_type,
        event_id=ATTEMPT.event_id,
        event_type=ATTEMPT.event_type,
        entity_type=ATTEMPT.entity_type,
        entity_id=ATTEMPT.entity_id,
        raw=raw,
    )


def bare_request(url: str = "https://receiver.example/hook?team=7") -> PreparedRequest:
    """A request as injectors get it: nothing was prepared, the headers do not care about case."""
    request = PreparedRequest()
    request.method = "POST"
    request.url = url
    request.headers = CaseInsensitiveDict({"Content-Type": "application/json", "webhook-id": ATTEMPT.message})
    request.body = b'{"a": 1}'
    return request


class EncoderContract(ABC):
    """What every encoder keeps. `values` may be replaced by what yours is made for."""

    values: ClassVar[Sequence[Any]] = VALUES

    @abstractmethod
    def make(self) -> Encoder:
        """A fresh encoder."""

    def test_its_name_schema_and_content_types_are_usable(self) -> None:
        encoder = self.make()
        _check_named(encoder.name, encoder.schema)
        assert encoder.content_types, "an encoder claims at least one content type"
        for one in encoder.content_types:
            assert one == one.lower(), f"content type {one!r} is not lower case"
            assert ";" not in one, f"content type {one!r} has a parameter"

    def test_the_same_value_gives_the_same_bytes(self) -> None:
        for value in self.values:
            first, second = (self._encode(self.make(), copy.deepcopy(value)) for _ in range(2))
            assert first == second, f"two encoders disagree about {value!r}"

    def test_bodies_are_bytes_and_headers_may_go_on_the_wire(self) -> None:
        encoder = self.make()
        encoded = [
            encoder.encode(value, body_context(encoder.content_types[0]))
            for value in self.values
            if self._encode(encoder, value) is not None
        ]
        assert encoded, "the encoder refuses every value: give the contract some in `values`"
        for one in encoded:
            assert type(one.body) is bytes, f"the body is {type(one.body).__name__}, not bytes"
            for name, value in one.headers:
                check_header(name, value)
                assert name.lower() not in RESERVED_HEADERS, f"header {name} is not the encoder's to set"

    def test_the_value_is_left_as_it_was(self) -> None:
        for value in self.values:
            given = copy.deepcopy(value)
            self._encode(self.make(), given)
            assert given == value, f"encode changed the value it was given: {value!r}"

    def test_what_cannot_be_said_is_a_value_error(self) -> None:
        for value in (math.nan, {"a": math.inf}, {"a": {1, 2}}):
            body = self._encode(self.make(), value)  # anything but a ValueError fails here
            assert body is None or type(body) is bytes

    def _encode(self, encoder: Encoder, value: Any) -> bytes | None:
        """The body, or None where the encoder says that it cannot encode this value."""
        try:
            return encoder.encode(value, body_context(encoder.content_types[0])).body
        except ValueError:  # EncodeError is one
            return None


class InjectorContract(ABC):
    """What every injector keeps. `config` is a valid configuration, `secrets` what its references mean."""

    config: ClassVar[Mapping[str, JSON]]
    secrets: ClassVar[Mapping[str, str]]  # by the reference's name: {"KEY": "s3cret"} for {env: KEY}

    @abstractmethod
    def make(self) -> Injector:
        """A fresh injector."""

    def test_its_name_and_schema_are_usable(self) -> None:
        injector = self.make()
        _check_named(injector.name, injector.schema)
        _check_valid(self.config, injector.schema)

    def test_it_edits_headers_and_query_only(self) -> None:
        request = self._inject(self.make())
        assert request.method == "POST"
        assert request.body == b'{"a": 1}'
        assert request.headers["webhook-id"] == ATTEMPT.message
        for name, value in request.headers.items():
            check_header(name, value)

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
            self.make().build(self.config, nothing)
        except MissingSecret:
            held = True
        assert held, "build must let MissingSecret through: the call is then held"

    def test_a_secret_that_breaks_a_header_is_refused_and_not_shown(self) -> None:
        for name, secret in self.secrets.items():
            for poison in ("\r\nX-Evil: 1", "\n", "\0"):
                self._check_poison({**self.secrets, name: f"{secret}{poison}Zq7"})

    def test_it_never_shows_a_secret(self) -> None:
        built = self.make().build(self.config, self._lookup(self.secrets))
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
        lookup = self._lookup(self.secrets if secrets is None else secrets)
        request = bare_request()
        build_injector(injector, copy.deepcopy(self.config), lookup)(request, ATTEMPT)
        return request

    @staticmethod
    def _lookup(secrets: Mapping[str, str]) -> Any:
        def lookup(reference: Any) -> str:
            ((_, name),) = reference.items()
            return secrets[name]

        return lookup


class SecretContract(ABC):
    """What every secret source keeps: `known` is a reference it finds, `missing` one it does not."""

    known: str
    value: str
    missing: str

    @abstractmethod
    def make(self) -> SecretSource:
        """A source that finds `value` under `known`."""

    def test_its_name_and_schema_are_usable(self) -> None:
        source = self.make()
        _check_named(source.name, source.schema)
        _check_valid(self.known, source.schema)

    def test_it_finds_a_secret(self) -> None:
        assert self.make().resolve(self.known) == self.value

    def test_it_finds_it_again(self) -> None:
        source = self.make()
        assert source.resolve(self.known) == source.resolve(self.known)

    def test_a_missing_secret_is_named(self) -> None:
        said = None
        try:
            self.make().resolve(self.missing)
        except MissingSecret as error:
            said = str(error)
        assert said is not None, "a missing secret raises MissingSecret"
        assert self.missing in said, "the error names the reference"

    def test_strange_references_are_refused(self) -> None:
        for reference in ("", "\0", "../" * 40, "x" * 100_000, "\ud800"):
            found = True
            try:
                self.make().resolve(reference)
            except (MissingSecret, BadReference):
                found = False
            assert not found, f"{reference[:20]!r} found something"

    def test_it_never_shows_a_secret(self) -> None:
        source = self.make()
        source.resolve(self.known)
        assert self.value not in repr(source), "repr() of the source holds the secret"


def _check_named(name: str, schema: Mapping[str, Any]) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,62}", name), (
        f"{name!r} is not lower case letters, digits, - and _"
    )
    json.dumps(schema)
    jsonschema.Draft202012Validator.check_schema(schema)


def _check_valid(value: JSON | Mapping[str, JSON], schema: Mapping[str, Any]) -> None:
    whole = {**schema, "$defs": {**_DEFINITIONS, **schema.get("$defs", {})}}
    errors = [error.message for error in jsonschema.Draft202012Validator(whole).iter_errors(value)]
    assert not errors, f"the configuration does not match the schema: {errors}"


__all__ = [
    "ATTEMPT",
    "VALUES",
    "EncoderContract",
    "InjectorContract",
    "SecretContract",
    "bare_request",
    "body_context",
    "check_plugin",
]
