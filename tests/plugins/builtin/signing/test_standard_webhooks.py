"""Standard Webhooks: the published vector, secrets that are no secrets, and an independent judge."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import ClassVar

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from hookwright.plugins.builtin.signing.standard_webhooks import StandardWebhooksInjector
from hookwright.plugins.errors import BadSecret, MissingSecret
from hookwright.plugins.hookspecs import Injector
from hookwright.plugins.testing import SignerContract

PUBLISHED = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + base64.b64encode(b"0123456789abcdefghijklmn").decode()
MESSAGE, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}'


class TestContract(SignerContract):
    config: ClassVar = {"secret": {"env": "NEW"}, "previous": [{"env": "OLD"}]}
    secrets: ClassVar = {"NEW": PUBLISHED, "OLD": OTHER}

    def make(self) -> Injector:
        return StandardWebhooksInjector()


def signature(timestamp: int, *secrets: str, body: bytes = BODY) -> str:
    known = {str(index): secret for index, secret in enumerate(secrets)}
    config = {"secret": {"env": "0"}, "previous": [{"env": name} for name in known if name != "0"]}
    built = StandardWebhooksInjector().build(config, lambda reference: known[reference["env"]])
    ((name, value),) = built.sign(MESSAGE, timestamp, body)
    assert name == "webhook-signature"
    return value


def judged(secret: str, value: str, timestamp: int, body: bytes = BODY) -> None:
    headers = {"webhook-id": MESSAGE, "webhook-timestamp": str(timestamp), "webhook-signature": value}
    Webhook(secret).verify(body.decode(), headers)


def now() -> int:
    return int(datetime.now(UTC).timestamp())


def test_the_published_vector_comes_out():
    assert signature(1614265330, PUBLISHED) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_every_secret_signs_so_that_a_receiver_may_know_either():
    at = now()
    both = signature(at, PUBLISHED, OTHER)
    assert both.split(" ") == [signature(at, PUBLISHED), signature(at, OTHER)]
    judged(PUBLISHED, both, at)
    judged(OTHER, both, at)


def test_what_is_wrong_does_not_verify():
    at = now()
    good = signature(at, PUBLISHED)
    judged(PUBLISHED, good, at)
    for secret, value, said, body in [
        (OTHER, good, at, BODY),
        (PUBLISHED, good, at + 1, BODY),
        (PUBLISHED, good, at, b'{"test":2432232314}'),
        (PUBLISHED, signature(at - 3600, PUBLISHED), at - 3600, BODY),
    ]:
        with pytest.raises(WebhookVerificationError):
            judged(secret, value, said, body)


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "must begin with whsec_"),
        ("whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc7", "must begin with whsec_"),
        ("whsec_", "has 0 bytes"),
        ("whsec_c2hvcnQ=", "has 5 bytes"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!", "is not base64"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw ", "is not base64"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n", "is not base64"),
        ("whsec_ü", "is not base64"),
    ],
)
def test_a_secret_that_is_none_is_named_and_not_shown(secret, reason):
    with pytest.raises(BadSecret, match=reason) as caught:
        signature(0, secret)
    assert str(caught.value).startswith("secret {env: 0}: ")
    assert secret.removeprefix("whsec_") not in str(caught.value) or secret == "whsec_"


def test_padding_may_be_left_out():
    padded = "whsec_" + base64.b64encode(b"x" * 25).decode()
    assert padded.endswith("==")
    assert signature(7, padded) == signature(7, padded.rstrip("="))


def test_a_previous_secret_that_is_missing_holds_the_call():
    def secrets(reference):
        if reference == {"env": "OLD"}:
            raise MissingSecret("env", "OLD", "gone")
        return PUBLISHED

    with pytest.raises(MissingSecret):
        StandardWebhooksInjector().build({"secret": {"env": "A"}, "previous": [{"env": "OLD"}]}, secrets)
