"""Signing is the last edit: over the final bytes and URL, anew for each attempt, and never recorded."""

from __future__ import annotations

import hmac
from types import MappingProxyType

import pytest

from hookwright.engine.call.mask import REDACTED
from hookwright.engine.call.prepare import SECRETS_KEPT, Preparer
from hookwright.engine.call.transport import Reply
from hookwright.engine.delivery import Delivery
from hookwright.plugins.builtin.auth.bearer import BearerInjector
from hookwright.plugins.builtin.signing.github import GitHubInjector
from hookwright.plugins.builtin.signing.hmac import HMACInjector
from hookwright.plugins.builtin.signing.standard_webhooks import StandardWebhooksInjector
from hookwright.rules.model import Action, Auth, EntityType, Subscriber, Target
from hookwright.schemas.problem import Place

SECRETS = {
    "KEY": "sixteen bytes and more",
    "STD": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "SHORT": "s3cr3t",
    "TOKEN": "tok-123",
}
BODY = b'{"a":1}'
GITHUB = Auth("github", {"secret": {"env": "KEY"}})
STANDARD = Auth("standard-webhooks", {"secret": {"env": "STD"}})


def preparer(signer, signing, *, secrets=SECRETS, injector=None, **target):
    action = Action(
        "webhook/a", "", Target(**{"url": "https://erp.example.com/in", "signing": signing, **target})
    )
    subscriber = Subscriber(EntityType.WEBHOOK, "a", ("Lead_*",), (action,), Place("a.yaml", 3))
    return Preparer(
        subscriber,
        action,
        injector=injector,
        signer=signer,
        resolve=lambda reference: secrets[reference.name],
    )


def prepared(one, *, attempt=1, now=1000.0, body=BODY, headers=()):
    delivery = Delivery(
        id="dlv_1", message="msg_1", entity_type="webhook", entity_id="a", action="",
        event_id="evt_1", event_source="/s", event_type="Lead_Post_Create", node="nod_1", due=0, body="",
        headers=headers,
    )  # fmt: skip
    return one.prepare(delivery, body, attempt, now)


def github(body: bytes) -> str:
    return "sha256=" + hmac.digest(SECRETS["KEY"].encode(), body, "sha256").hex()


def test_the_signature_comes_last_and_is_not_recorded():
    one = preparer(
        GitHubInjector(), GITHUB, injector=BearerInjector(), auth=Auth("bearer", {"token": {"env": "TOKEN"}})
    )
    answer = prepared(one)
    assert answer.call.headers[-2:] == (
        ("Authorization", "Bearer tok-123"),
        ("X-Hub-Signature-256", github(BODY)),
    )
    assert answer.sent.headers[-2:] == (("Authorization", REDACTED), ("X-Hub-Signature-256", REDACTED))


def test_each_attempt_is_signed_anew_under_the_same_id():
    one = preparer(StandardWebhooksInjector(), STANDARD)
    first, second = (dict(prepared(one, attempt=n, now=1000.0 + n).call.headers) for n in (1, 2))
    assert first["webhook-id"] == second["webhook-id"] == "msg_1"
    assert (first["webhook-timestamp"], second["webhook-timestamp"]) == ("1001", "1002")
    assert first["webhook-signature"] != second["webhook-signature"]


def test_headers_of_its_name_are_replaced_whoever_wrote_them():
    one = preparer(GitHubInjector(), GITHUB, headers=(("x-hub-signature-256", "mine"), ("X-Team", "a")))
    answer = prepared(one, headers=(("X-HUB-Signature-256", "the encoder's"),))
    names = [name.lower() for name, _ in answer.call.headers]
    assert names.count("x-hub-signature-256") == 1
    assert answer.call.headers[-1] == ("X-Hub-Signature-256", github(BODY))
    assert [name for name, _ in answer.sent.headers] == [name for name, _ in answer.call.headers]


def test_a_call_without_a_body_is_signed_like_one_with_an_empty_body():
    one = preparer(GitHubInjector(), GITHUB, method="GET")
    answer = prepared(one)
    assert answer.call.body is None
    assert answer.call.headers[-1] == ("X-Hub-Signature-256", github(b""))


@pytest.mark.parametrize("kind", ["KEY", "STD"])
def test_an_echoed_signature_is_masked_whole_and_in_its_parts(kind):
    injectors = {"KEY": (GitHubInjector(), GITHUB), "STD": (StandardWebhooksInjector(), STANDARD)}
    answer = prepared(preparer(*injectors[kind]))
    _, value = answer.call.headers[-1]
    part = value.partition("," if kind == "STD" else "=")[2]
    quoted = part.replace("/", "%2F").replace("+", "%2B").replace("=", "%3D")
    reply = Reply(
        200, True, (("X-Seen", value),), f"got {value}, that is {part} or {quoted}".encode(), message=part
    )
    seen = answer.mask.reply(reply)
    assert seen.headers == (("X-Seen", REDACTED),)
    assert seen.body == f"got {REDACTED}, that is {REDACTED} or {REDACTED}".encode()
    assert seen.message == REDACTED


def test_another_answer_comes_back_as_it_was_but_for_secrets():
    answer = prepared(preparer(GitHubInjector(), GITHUB))
    reply = Reply(200, True, (), b"fine, " + SECRETS["KEY"].encode())
    assert answer.mask.reply(reply).body == f"fine, {REDACTED}".encode()


def test_a_secret_that_cannot_be_used_holds_the_call_until_it_is_mended():
    secrets = {**SECRETS, "KEY": SECRETS["SHORT"]}
    one = preparer(GitHubInjector(), GITHUB, secrets=secrets)
    answer = prepared(one)
    assert (answer.outcome, answer.error) == ("held", "not_ready")
    assert answer.reason == "secret {env: KEY}: is shorter than 16 bytes, so it can be guessed"
    secrets["KEY"] = SECRETS["KEY"]
    assert prepared(one).call.headers[-1] == ("X-Hub-Signature-256", github(BODY))


def test_a_changed_secret_is_seen():
    secrets = dict(SECRETS)
    one = preparer(GitHubInjector(), GITHUB, secrets=secrets)
    before = prepared(one).call.headers[-1]
    secrets["KEY"] = "another sixteen bytes"
    assert prepared(one, now=1000.0 + SECRETS_KEPT).call.headers[-1] != before


def test_a_kind_that_is_not_here_holds_the_call():
    answer = prepared(preparer(None, Auth("acme", {})))
    assert (answer.outcome, answer.error) == ("held", "not_ready")
    assert "signing type 'acme'" in answer.reason


class Foreign:
    """A kind of signing from a plugin, which is given a whole request."""

    name = "acme"
    schema = MappingProxyType({})
    signs = True

    def __init__(self, sign) -> None:
        self.sign = sign

    def build(self, config, secrets):
        return self.sign


def foreign(sign, **target):
    return prepared(preparer(Foreign(sign), Auth("acme", {}), **target))


def test_a_plugin_signs_the_final_request_in_our_header_too():
    def sign(request, attempt):
        request.headers["webhook-signature"] = f"{len(request.body)} {request.url} {attempt.number}"

    answer = foreign(sign, entity_params=False)
    assert answer.call.headers[-1] == ("webhook-signature", "7 https://erp.example.com/in 1")
    assert answer.sent.headers[-1] == ("webhook-signature", REDACTED)


def set_url(request, attempt):
    request.url += "&signature=abc"


def set_body(request, attempt):
    request.body = b"other"


@pytest.mark.parametrize("sign", [set_url, set_body])
def test_a_plugin_may_not_change_what_it_signed(sign):
    answer = foreign(sign)
    assert (answer.outcome, answer.error) == ("failure", "plugin:acme")


def test_a_plugin_may_not_write_id_or_time():
    def sign(request, attempt):
        request.headers["webhook-timestamp"] = "0"

    assert foreign(sign).error == "invalid_header"


def test_what_signs_nothing_is_refused():
    answer = foreign(None)
    assert (answer.outcome, answer.error) == ("failure", "plugin:acme")
    assert "signs nothing" in answer.reason


def test_a_free_form_covers_what_its_receiver_asks_for():
    signing = Auth("hmac", {"header": "X-Sig", "secret": {"env": "KEY"}, "over": "timestamp.body"})
    answer = prepared(preparer(HMACInjector(), signing), now=1234.5)
    ours = hmac.digest(SECRETS["KEY"].encode(), b"1234." + BODY, "sha256").hex()
    assert answer.call.headers[-1] == ("X-Sig", ours)
