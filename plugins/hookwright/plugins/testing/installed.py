"""Runs the contract checks on what a plugin adds, as `hookwright plugins check` does.

A plugin's own tests know more: here the configuration is made of the examples in its schema, and secrets are
made up.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import MissingSecret
from ..hookspecs import Injector, Notifier, Secrets, SecretSource
from ..registry import Contribution
from .encoder import EncoderContract
from .examples import NoExample, example_of, references_in
from .injector import InjectorContract
from .lapp import LappContract
from .notifier import NoNetwork, NotifierContract
from .secret import SecretContract
from .signer import SignerContract

_MADE_UP = "https://secret.example/{}"  # may stand in a header, and for an address
_MADE_UP_KEY = "whsec_aXQgaXMgbWFkZSB1cCBmb3IgdGhpcyBjaGVjaw"  # of a form that any kind of signing takes
_NAMED = ("test_its_name_schema_and_content_types_are_usable", "test_its_name_and_schema_are_usable")
_OF_A_SECRET = (
    "test_it_finds_a_secret",
    "test_it_finds_it_again",
    "test_it_may_be_asked_from_several_threads",
    "test_it_never_shows_a_secret",
)
_OF_A_MISSING_ONE = ("test_a_missing_secret_is_named",)


@dataclass(frozen=True, slots=True)
class Checked:
    """One check of one contribution (`encoder csv`). `detail` says why it failed or was skipped."""

    contribution: str
    check: str
    outcome: Literal["passed", "failed", "skipped"]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class _Plan:
    """A contract, and the checks of it that cannot be run, each with the reason."""

    contract: object
    skipped: Mapping[str, str]


def check_contribution(item: Contribution, sources: Collection[str]) -> Iterator[Checked]:
    """Each check of the contract of `item`, run once. `sources` are the names of all secret sources.

    It calls the plugin for real, notifiers included, with values, an attempt and notices that are samples.
    """
    name = f"{item.family} {item.name}"
    try:
        plan = _PLANS[item.family](item.value, item.schema, sources)
    except NoExample as error:
        yield Checked(name, "the contract", "skipped", str(error))
        return
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  # SystemExit and worse: a plugin may raise anything
        yield Checked(name, "the contract", "failed", _said(error))
        return
    for test in _tests(plan.contract):
        yield _run(plan, test, name)


def _run(plan: _Plan, test: str, name: str) -> Checked:
    check = test.removeprefix("test_").replace("_", " ")
    if test in plan.skipped:
        return Checked(name, check, "skipped", plan.skipped[test])
    try:
        getattr(plan.contract, test)()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  # what it raises is what is checked
        return Checked(name, check, "failed", _said(error))
    return Checked(name, check, "passed")


def _said(error: BaseException) -> str:
    text = " ".join(str(error).split())[:300]
    return text if isinstance(error, AssertionError) else f"{type(error).__name__}: {text}"


def _tests(contract: object) -> list[str]:
    tests = [name for name in dir(contract) if name.startswith("test_")]
    return sorted(tests, key=lambda test: (test not in _NAMED, test))


def _encoder(value: Any, _schema: Mapping[str, Any], _sources: Collection[str]) -> _Plan:
    return _Plan(_of(EncoderContract, value), {})


def _injector(value: Injector, schema: Mapping[str, Any], sources: Collection[str]) -> _Plan:
    example, secrets = _configuration(schema, sources)
    contract = _of(InjectorContract, value, config=example, secrets=secrets)
    return _built(contract, lambda: value.build(example, _lookup(secrets)))


def _signer(value: Injector, schema: Mapping[str, Any], sources: Collection[str]) -> _Plan:
    example, secrets = _configuration(schema, sources, _MADE_UP_KEY)
    contract = _of(SignerContract, value, config=example, secrets=secrets)
    return _built(contract, lambda: value.build(example, _lookup(secrets)))


def _notifier(value: Notifier, schema: Mapping[str, Any], sources: Collection[str]) -> _Plan:
    example, secrets = _configuration(schema, sources)
    contract = _of(NotifierContract, value, config=example, secrets=secrets)
    return _built(contract, lambda: value.build(example, _lookup(secrets), NoNetwork()))


def _secret(value: SecretSource, schema: Mapping[str, Any], _sources: Collection[str]) -> _Plan:
    """Of a source that does not have its own example here, what it says then is checked instead."""
    known = str(example_of(schema))
    try:
        found = value.resolve(known)
    except MissingSecret:
        contract = _of(SecretContract, value, known=known, value="", missing=known)
        return _Plan(contract, dict.fromkeys(_OF_A_SECRET, f"{known!r}, its example, is not there"))
    contract = _of(SecretContract, value, known=known, value=found, missing="")
    return _Plan(contract, dict.fromkeys(_OF_A_MISSING_ONE, "no reference is known to be missing"))


def _lapp(value: Any, schema: Mapping[str, Any], sources: Collection[str]) -> _Plan:
    example, secrets = _configuration({"type": "object", **schema}, sources)
    return _Plan(_of(LappContract, value, config=example, secrets=secrets), {})


_PLANS: Mapping[str, Callable[[Any, Mapping[str, Any], Collection[str]], _Plan]] = {
    "encoder": _encoder,
    "auth": _injector,
    "signing": _signer,
    "notifier": _notifier,
    "secret": _secret,
    "lapp": _lapp,
}


def _of(contract: type, made: object, **attributes: Any) -> object:
    return type(contract.__name__, (contract,), {**attributes, "make": lambda _self: made})()


def _configuration(
    schema: Mapping[str, Any], sources: Collection[str], form: str = _MADE_UP
) -> tuple[Any, dict[str, str]]:
    example: Any = example_of(schema)
    return example, {name: form.format(name) for name in references_in(example, sources)}


def _built(contract: object, build: Callable[[], object]) -> _Plan:
    try:
        build()
    except Exception as error:  # noqa: BLE001  # made-up secrets are not for everybody
        said = f"its example and made-up secrets do not build it ({type(error).__name__})"
        return _Plan(contract, {test: said for test in _tests(contract) if test not in _NAMED})
    return _Plan(contract, {})


def _lookup(secrets: Mapping[str, str]) -> Secrets:
    def lookup(reference: Any) -> str:
        return secrets[next(iter(reference.values()))]

    return lookup
