"""The contracts given to plugin authors go red on plugins that break them."""

from __future__ import annotations

from time import sleep
from typing import Any, ClassVar

import pytest

from hookwright.plugins import hookimpl
from hookwright.plugins.errors import InvalidHeader, MissingSecret
from hookwright.plugins.hookspecs import Encoded
from hookwright.plugins.posting import post_json
from hookwright.plugins.testing import (
    EncoderContract,
    InjectorContract,
    NotifierContract,
    SecretContract,
    check_plugin,
)


class Encoder:
    name = "e"
    content_types: ClassVar = ["text/e"]
    schema: ClassVar = {}

    def encode(self, value: Any, context: Any) -> Any:
        return Encoded(repr(value).encode())


class Random(Encoder):
    calls = 0

    def encode(self, value: Any, context: Any) -> Any:
        Random.calls += 1
        return Encoded(str(Random.calls).encode())


class Edits(Encoder):
    def encode(self, value: Any, context: Any) -> Any:
        value["x"] = 1
        return Encoded(b"")


class Text(Encoder):
    def encode(self, value: Any, context: Any) -> Any:
        return Encoded("text")  # type: ignore[arg-type]


class Raises(Encoder):
    def encode(self, value: Any, context: Any) -> Any:
        raise KeyError("x")


class Loud(Encoder):
    content_types: ClassVar = ["Text/E; charset=x"]


def _encoder_contract(kind: type[Encoder]) -> EncoderContract:
    class Contract(EncoderContract):
        def make(self) -> Any:
            return kind()

    return Contract()


class Passes(Encoder):
    """Takes what it is given for bytes."""

    def encode(self, value: Any, context: Any) -> Any:
        return Encoded(context.raw.decode() if context.raw else b"")


ENCODERS = {
    "test_a_value_as_it_was_received_is_encoded_too": Passes,
    "test_the_same_value_gives_the_same_bytes": Random,
    "test_the_value_is_left_as_it_was": Edits,
    "test_bodies_are_bytes_and_headers_may_go_on_the_wire": Text,
    "test_what_cannot_be_said_is_a_value_error": Raises,
    "test_its_name_schema_and_content_types_are_usable": Loud,
}


@pytest.mark.parametrize(("check", "kind"), ENCODERS.items(), ids=ENCODERS)
def test_each_encoder_check_goes_red_on_the_encoder_that_breaks_it(check: str, kind: type[Encoder]) -> None:
    with pytest.raises((AssertionError, KeyError, TypeError)):
        getattr(_encoder_contract(kind), check)()


class Empties(Encoder):
    def encode(self, value: Any, context: Any) -> Any:
        if isinstance(value, dict | list):
            value.clear()
        return Encoded(b"")


def test_no_check_hands_its_own_values_to_an_encoder() -> None:
    class Contract(EncoderContract):
        values: ClassVar = [{"a": [1]}]

        def make(self) -> Encoder:
            return Empties()

    contract = Contract()
    for check in dir(contract):
        if check.startswith("test_") and check != "test_the_value_is_left_as_it_was":
            getattr(contract, check)()
    assert contract.values == [{"a": [1]}]
    with pytest.raises(AssertionError, match="encode changed the value"):
        contract.test_the_value_is_left_as_it_was()


class Shown:
    """What an injector must not return: printing it shows the token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __repr__(self) -> str:
        return f"Shown({self._token})"

    def __call__(self, request: Any, attempt: Any) -> None:
        request.headers["X"] = self._token


class Injector:
    name = "i"
    schema: ClassVar = {"type": "object", "required": ["token"]}

    def build(self, config: Any, secrets: Any) -> Any:
        return Shown(secrets(config["token"]))


class Lazy(Injector):
    def build(self, config: Any, secrets: Any) -> Any:
        return lambda _request, _attempt: None


class Strict(Injector):
    schema: ClassVar = {"type": "object", "properties": {"token": {"type": "string"}}}


class Quotes(Injector):
    def build(self, config: Any, secrets: Any) -> Any:
        raise ValueError(f"bad token {secrets(config['token'])}")


def _injector_contract(kind: type[Injector]) -> InjectorContract:
    class Contract(InjectorContract):
        config: ClassVar = {"token": {"env": "T"}}
        secrets: ClassVar = {"T": "t-1"}

        def make(self) -> Any:
            return kind()

    return Contract()


class Once(Injector):
    """Forgets what it did not do the second time."""

    def build(self, config: Any, secrets: Any) -> Any:
        tokens = [secrets(config["token"])]
        return lambda request, _attempt: request.headers.update({"X": tokens.pop()} if tokens else {})


class Forges(Injector):
    def build(self, config: Any, secrets: Any) -> Any:
        return lambda request, _attempt: request.headers.update({"webhook-signature": "v1,x"})


INJECTORS = {
    "test_it_does_the_same_on_every_request_in_several_threads": Once,
    "test_it_edits_headers_and_query_only": Forges,
    "test_it_never_shows_a_secret": Injector,
    "test_it_authenticates": Lazy,
    "test_it_asks_for_secrets_when_built_and_says_which_is_missing": Lazy,
    "test_its_name_and_schema_are_usable": Strict,
    "test_a_secret_that_breaks_a_header_is_refused_and_not_shown": Quotes,
}


@pytest.mark.parametrize(("check", "kind"), INJECTORS.items(), ids=INJECTORS)
def test_each_injector_check_goes_red_on_the_injector_that_breaks_it(
    check: str, kind: type[Injector]
) -> None:
    with pytest.raises(AssertionError):
        getattr(_injector_contract(kind), check)()


class Notifier:
    name = "n"
    schema: ClassVar = {"type": "object", "required": ["token"]}

    def build(self, config: Any, secrets: Any, network: Any) -> Any:
        token = secrets(config["token"])
        return lambda notice: self.tell(notice, token)

    def tell(self, notice: Any, token: str) -> Any:
        return post_json("https://a.example/", {"text": notice.title}, [("X-Token", token)])


class Told(Notifier):
    def tell(self, notice: Any, token: str) -> Any:
        return True


class Interrupts(Notifier):
    def tell(self, notice: Any, token: str) -> Any:
        raise AssertionError(token)


class Textual(Notifier):
    def tell(self, notice: Any, token: str) -> Any:
        request = super().tell(notice, token)
        request.body = "text"
        return request


class Smuggles(Notifier):
    def tell(self, notice: Any, token: str) -> Any:
        request = super().tell(notice, token)
        request.headers["X-Title"] = notice.title
        return request


class Led(Notifier):
    """Goes where the notice leads it."""

    def tell(self, notice: Any, token: str) -> Any:
        return post_json(f"https://{notice.id.encode().hex()}.example/", None)


class Remembers(Notifier):
    def __init__(self) -> None:
        self.told: list[str] = []

    def tell(self, notice: Any, token: str) -> Any:
        self.told.append(notice.id)
        return post_json("https://a.example/", len(self.told))


class ShowsToken(Notifier):
    def build(self, config: Any, secrets: Any, network: Any) -> Any:
        return Shown(secrets(config["token"]))


class AsksLate(Notifier):
    def build(self, config: Any, secrets: Any, network: Any) -> Any:
        return lambda notice: self.tell(notice, secrets(config["token"]))


class Mixes(Notifier):
    """Two notices at once meet in one attribute."""

    def tell(self, notice: Any, token: str) -> Any:
        self.text = notice.title
        sleep(0.002)
        return post_json("https://a.example/", self.text)


class Takes(Notifier):
    schema: ClassVar = {"type": "object", "properties": {"id": {"type": "string"}}}


def _notifier_contract(kind: type[Notifier]) -> NotifierContract:
    made: list[Notifier] = []

    class Contract(NotifierContract):
        config: ClassVar = {"token": {"env": "T"}}
        secrets: ClassVar = {"T": "t-1"}

        def make(self) -> Any:
            made.append(kind())
            return made[0]

    return Contract()


NOTIFIERS = [
    ("test_every_notice_is_told_or_refused", Told),
    ("test_every_notice_is_told_or_refused", Interrupts),
    ("test_its_requests_may_go_on_the_wire", Textual),
    ("test_its_requests_may_go_on_the_wire", Smuggles),
    ("test_no_notice_decides_where_it_goes", Led),
    ("test_the_same_notice_is_told_the_same_whatever_came_before", Remembers),
    ("test_it_may_be_called_from_several_threads", Mixes),
    ("test_it_never_shows_a_secret", ShowsToken),
    ("test_it_asks_for_secrets_when_built_and_says_which_is_missing", AsksLate),
    ("test_its_name_and_schema_are_usable", Takes),
]


@pytest.mark.parametrize(("check", "kind"), NOTIFIERS)
def test_each_notifier_check_goes_red_on_the_notifier_that_breaks_it(
    check: str, kind: type[Notifier]
) -> None:
    with pytest.raises((AssertionError, InvalidHeader)):
        getattr(_notifier_contract(kind), check)()


def test_a_good_notifier_passes_every_check() -> None:
    contract = _notifier_contract(Notifier)
    for check in dir(contract):
        if check.startswith("test_"):
            getattr(contract, check)()


class Source:
    name = "s"
    schema: ClassVar = {"type": "string"}

    def resolve(self, reference: str) -> str:
        return "value"

    def __repr__(self) -> str:
        return "Source(value)"


class Turns(Source):
    """Another value each time."""

    def __init__(self) -> None:
        self.asked = 0

    def resolve(self, reference: str) -> str:
        self.asked += 1
        return f"value {self.asked}"


class Silent(Source):
    def resolve(self, reference: str) -> str:
        raise MissingSecret("s", "?", "not there")


def _secret_contract(kind: type[Source]) -> SecretContract:
    class Contract(SecretContract):
        known = "k"
        value = "value"
        missing = "m"

        def make(self) -> Any:
            return kind()

    return Contract()


SOURCES = [
    ("test_it_never_shows_a_secret", Source),
    ("test_it_may_be_asked_from_several_threads", Turns),
    ("test_a_missing_secret_is_named", Source),
    ("test_a_missing_secret_is_named", Silent),
    ("test_strange_references_are_refused", Source),
]


@pytest.mark.parametrize(("check", "kind"), SOURCES)
def test_each_secret_check_goes_red_on_the_source_that_breaks_it(check: str, kind: type[Source]) -> None:
    with pytest.raises(AssertionError):
        getattr(_secret_contract(kind), check)()


def test_a_plugin_that_would_be_left_out_is_told_why() -> None:
    class Plugin:
        @hookimpl
        def hookwright_teapots(self) -> list[Any]:
            return []

    with pytest.raises(AssertionError, match="no hook hookwright_teapots"):
        check_plugin(Plugin())
