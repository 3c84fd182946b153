"""GitHub's, the timestamped and the free form of signature: vectors, judges, and secrets that are none."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from typing import ClassVar

import pytest
import stripe

from hookwright.plugins.builtin.signing.github import GitHubInjector
from hookwright.plugins.builtin.signing.hmac import HMACInjector
from hookwright.plugins.builtin.signing.timestamped import TimestampedInjector
from hookwright.plugins.errors import BadSecret, InvalidHeader
from hookwright.plugins.hookspecs import Injector
from hookwright.plugins.testing import ATTEMPT, SignerContract, bare_request

KEY = "It's a Secret to Everybody"
OLD = "sixteen bytes and more"


class TestGitHub(SignerContract):
    config: ClassVar = {"secret": {"env": "KEY"}}
    secrets: ClassVar = {"KEY": KEY}

    def make(self) -> Injector:
        return GitHubInjector()


class TestTimestamped(SignerContract):
    config: ClassVar = {"secret": {"env": "KEY"}, "previous": [{"env": "OLD"}], "header": "Stripe-Signature"}
    secrets: ClassVar = {"KEY": KEY, "OLD": OLD}

    def make(self) -> Injector:
        return TimestampedInjector()


class TestHMAC(SignerContract):
    config: ClassVar = {"header": "X-Sig", "secret": {"env": "KEY"}, "over": "id.timestamp.body"}
    secrets: ClassVar = {"KEY": KEY}

    def make(self) -> Injector:
        return HMACInjector()


def signed(injector: Injector, body: bytes, timestamp: int = 1000, **config) -> dict[str, str]:
    secrets = {"KEY": KEY, "OLD": OLD}
    whole = {"secret": {"env": "KEY"}, **config}
    built = injector.build(whole, lambda reference: secrets[reference["env"]])
    return dict(built.sign("msg_1", timestamp, body))


def test_githubs_own_example_comes_out():
    """From its documentation, "Validating webhook deliveries"."""
    assert signed(GitHubInjector(), b"Hello, World!") == {
        "X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    }


def test_stripes_own_library_takes_it_under_either_secret():
    at = int(datetime.now(UTC).timestamp())
    ((name, value),) = signed(TimestampedInjector(), b'{"a": 1}', at, previous=[{"env": "OLD"}]).items()
    assert name == "X-Signature"
    assert [part.partition("=")[0] for part in value.split(",")] == ["t", "v1", "v1"]
    for secret in (KEY, OLD):
        stripe.WebhookSignature.verify_header('{"a": 1}', value, secret, 300)


def test_what_is_wrong_does_not_verify_with_stripe():
    at = int(datetime.now(UTC).timestamp())
    good = signed(TimestampedInjector(), b'{"a": 1}', at)["X-Signature"]
    old = signed(TimestampedInjector(), b'{"a": 1}', at - 3600)["X-Signature"]
    for body, value, secret in [('{"a":1}', good, KEY), ('{"a": 1}', good, OLD), ('{"a": 1}', old, KEY)]:
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.WebhookSignature.verify_header(body, value, secret, 300)


@pytest.mark.parametrize(
    ("config", "over", "expected"),
    [
        ({}, b"{}", lambda mac: mac("sha256").hex()),
        ({"algorithm": "sha1", "prefix": "sha1="}, b"{}", lambda mac: f"sha1={mac('sha1').hex()}"),
        ({"algorithm": "sha512", "over": "timestamp.body"}, b"1000.{}", lambda mac: mac("sha512").hex()),
        ({"over": "id.timestamp.body"}, b"msg_1.1000.{}", lambda mac: mac("sha256").hex()),
    ],
)
def test_an_hmac_is_what_its_settings_say(config, over, expected):
    def mac(algorithm: str) -> bytes:
        return hmac.digest(KEY.encode(), over, getattr(hashlib, algorithm))

    assert signed(HMACInjector(), b"{}", header="X-Sig", **config) == {"X-Sig": expected(mac)}


def test_shopifys_form_can_be_said():
    """Base64 of the HMAC of the body, alone in its header."""
    found = signed(HMACInjector(), b"{}", header="X-Shopify-Hmac-Sha256", encoding="base64")
    assert found == {"X-Shopify-Hmac-Sha256": "ULASPm5EQw0sQ+zKDuUg2WH/0yZCXAeFn3ClcWHD680="}


def test_the_time_can_have_a_header_of_the_receivers_choice():
    found = signed(HMACInjector(), b"{}", header="X-Sig", timestamp_header="X-Time", over="timestamp.body")
    assert list(found) == ["X-Time", "X-Sig"]
    assert found["X-Time"] == "1000"


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        ("s3cret", "shorter than 16 bytes"),
        (f" {KEY}", "begins or ends with a blank"),
        (f"{KEY}\r\n", "begins or ends with a blank"),
        ("0123456789\t0123456789", "a control character"),
        ("0123456789012345\ud800", "is not text"),
    ],
)
def test_a_secret_that_was_copied_badly_is_named_and_not_shown(secret, reason):
    for injector in (GitHubInjector(), TimestampedInjector(), HMACInjector()):
        with pytest.raises(BadSecret, match=reason) as caught:
            injector.build({"secret": {"file": "a"}, "header": "X-Sig"}, lambda _: secret)
        assert str(caught.value).startswith("secret {file: a}: ")
        assert secret.strip() not in str(caught.value)


@pytest.mark.parametrize("kind", [TimestampedInjector, HMACInjector])
def test_a_header_that_cannot_be_sent_is_refused_once_and_for_all(kind):
    with pytest.raises(InvalidHeader):
        kind().build({"secret": {"env": "A"}, "header": "X\r\nY"}, lambda _: KEY)


def test_a_signature_signs_a_request_as_any_injector_would():
    request = bare_request()
    GitHubInjector().build({"secret": {"env": "A"}}, lambda _: KEY)(request, ATTEMPT)
    ours = hmac.digest(KEY.encode(), request.body, "sha256").hex()
    assert request.headers["X-Hub-Signature-256"] == f"sha256={ours}"
