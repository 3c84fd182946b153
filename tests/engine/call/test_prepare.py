"""The exact request of a delivery, and its twin for the record."""

from __future__ import annotations

import base64
import hashlib
import hmac
from types import MappingProxyType

import msgspec
import pytest
from requests.auth import AuthBase, HTTPBasicAuth, HTTPDigestAuth

from hookwright.engine.call.mask import REDACTED
from hookwright.engine.call.prepare import SECRETS_KEPT, Prepared, Preparer, Refusal
from hookwright.engine.call.target import TargetAddress
from hookwright.engine.call.transport import Identity, Reply
from hookwright.engine.delivery import Delivery
from hookwright.plugins.builtin.auth.basic import BasicInjector
from hookwright.plugins.builtin.auth.bearer import BearerInjector
from hookwright.plugins.errors import MissingSecret
from hookwright.rules.model import Action, Auth, EntityType, SecretReference, Subscriber, Target, Tls
from hookwright.schemas.problem import Place

KEY = SecretReference("env", "ERP_KEY")
SECRETS = {"ERP_KEY": "s3cr3t/+ key", "TOKEN": "tok-123"}


def delivery(event_type: str = "Lead_Post_Create") -> Delivery:
    return Delivery(
        id="dlv_1", message="msg_1", entity_type="webhook", entity_id="leads-to-erp", action="",
        event_id="evt_1", event_source="/s", event_type=event_type, node="nod_1", due=0, body="",
    )  # fmt: skip


def preparer(injector=None, resolve=None, **target) -> Preparer:
    target.setdefault("url", "https://erp.example.com/leads")
    action = Action("webhook/leads-to-erp", "", Target(**target))
    subscriber = Subscriber(EntityType.WEBHOOK, "leads-to-erp", ("Lead_*",), (action,), Place("a.yaml", 3))
    return Preparer(
        subscriber, action, injector=injector, resolve=resolve or (lambda reference: SECRETS[reference.name])
    )


def prepared(one: Preparer | None = None, *, now: float = 1000.9, event_type="Lead_Post_Create", **target):
    one = one or preparer(**target)
    return one.prepare(delivery(event_type), b'{"a":1}', 2, now)


class Injecting:
    """An injector plugin made of one function."""

    name = "mine"
    schema = MappingProxyType({})

    def __init__(self, inject) -> None:
        self.inject = inject

    def build(self, config, secrets):
        return self.inject


def injected(inject, **target):
    return prepared(preparer(Injecting(inject), auth=Auth("mine", {}), **target))


PARAMS = "entityType=webhook&entityId=leads-to-erp&eventType=Lead_Post_Create"


def test_a_plain_call_is_complete():
    answer = prepared(headers=(("X-Team", "growth"),), timeout=1500)
    call = answer.call
    assert call.url == f"https://erp.example.com/leads?{PARAMS}"
    name, user_agent = call.headers[1]
    assert name == "User-Agent"
    assert user_agent.startswith("Hookwright/")
    assert call.headers == (
        ("Content-Type", "application/json"),
        ("User-Agent", user_agent),
        ("X-Team", "growth"),
        ("webhook-id", "msg_1"),
        ("webhook-timestamp", "1000"),
        ("hookwright-hops", "1"),
    )
    assert (call.method, call.body, call.timeout) == ("POST", b'{"a":1}', 1.5)
    assert (call.host, call.port, call.addresses) == ("erp.example.com", 443, ())
    assert answer.target == TargetAddress("https", "erp.example.com", 443)
    assert (answer.sent.method, answer.sent.url, answer.sent.headers) == ("POST", call.url, call.headers)
    assert answer.sent.body == "data"


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("https://a.test", f"https://a.test?{PARAMS}"),
        ("https://a.test/", f"https://a.test/?{PARAMS}"),
        ("https://a.test/x?team=7", f"https://a.test/x?team=7&{PARAMS}"),
        ("https://a.test/x?", f"https://a.test/x?{PARAMS}"),
        ("https://a.test/x?team=7&", f"https://a.test/x?team=7&{PARAMS}"),
        ("https://a.test/x?a=1#part", f"https://a.test/x?a=1&{PARAMS}"),
        ("https://a.test/x?a=why?", f"https://a.test/x?a=why?&{PARAMS}"),
        ("https://a.test/x??", f"https://a.test/x??&{PARAMS}"),
        ("https://a.test/x#part?a=1", f"https://a.test/x?{PARAMS}"),
        ("https://a.test/a%2fb/../c?q=%7e+%20", f"https://a.test/a%2fb/../c?q=%7e+%20&{PARAMS}"),
        ("https://a.test/x?entityId=mine", f"https://a.test/x?entityId=mine&{PARAMS}"),
        ("HTTPS://A.Test:8443/x", f"HTTPS://A.Test:8443/x?{PARAMS}"),
    ],
)
def test_parameters_follow_what_the_user_wrote_untouched(written, sent):
    assert prepared(url=written).call.url == sent


def test_query_values_come_before_the_entity_parameters_percent_encoded():
    answer = prepared(query=(("team", "a b&c=d"), ("k\xe9y", "/?#"), ("team", "2")))
    assert answer.call.url == (
        f"https://erp.example.com/leads?team=a%20b%26c%3Dd&k%C3%A9y=%2F%3F%23&team=2&{PARAMS}"
    )


def test_without_entity_params_the_url_stays_as_it_is():
    assert prepared(url="https://a.test/x?a=1", entity_params=False).call.url == "https://a.test/x?a=1"


@pytest.mark.parametrize(
    ("event_type", "encoded"),
    [
        ("com.example.lead.cold", "com.example.lead.cold"),
        ("a b&c=d#e", "a%20b%26c%3Dd%23e"),
        ("\xfc\U0001f600", "%C3%BC%F0%9F%98%80"),
        ("a\r\nHost: evil", "a%0D%0AHost%3A%20evil"),
        ("\ud800", "%3F"),
    ],
)
def test_an_event_type_of_any_characters_is_one_value(event_type, encoded):
    assert prepared(event_type=event_type).call.url.endswith(f"&eventType={encoded}")


def test_headers_may_stand_twice():
    answer = prepared(headers=(("X-A", "1"), ("X-B", "2"), ("x-a", "3")))
    assert answer.call.headers[2:5] == (("X-A", "1"), ("X-B", "2"), ("x-a", "3"))


def test_the_timestamp_is_the_attempts_second_and_the_id_stays():
    one = preparer()
    first, second = prepared(one, now=1000.0), prepared(one, now=1002.99)
    assert dict(first.call.headers)["webhook-timestamp"] == "1000"
    assert dict(second.call.headers)["webhook-timestamp"] == "1002"
    assert dict(first.call.headers)["webhook-id"] == dict(second.call.headers)["webhook-id"] == "msg_1"


@pytest.mark.parametrize(
    "header",
    [
        ("X-A", "a\r\nHost: evil"), ("X-A", "a\nb"), ("X-A", "a\0b"), ("X-A", "\u20ac"), ("X-A", "\u2028"),
        ("X A", "1"), ("X-A:", "1"), ("", "1"), ("X-\xe9", "1"),
        ("Host", "evil"), ("content-length", "0"), ("Transfer-Encoding", "chunked"), ("Connection", "close"),
        ("webhook-id", "msg_forged"), ("Webhook-Timestamp", "0"),
    ],
)  # fmt: skip
def test_a_header_that_may_not_go_out_is_refused_for_good(header):
    answer = prepared(headers=(header,))
    assert isinstance(answer, Refusal)
    assert (answer.outcome, answer.error) == ("failure", "invalid_header")


def test_a_secret_that_is_no_header_value_is_refused_without_quoting_it():
    one = preparer(headers=(("X-Key", KEY),), resolve=lambda reference: "s3cr3t\nline")
    answer = prepared(one)
    assert (answer.outcome, answer.error) == ("failure", "invalid_header")
    assert "s3cr3t" not in answer.reason
    assert "X-Key" in answer.reason


@pytest.mark.parametrize(
    "url", ["http://user:pw@a.test/", "ftp://a.test/", "http://127.1/", "http://a.test\\@b.test/", "/hook"]
)
def test_a_url_that_is_never_called_is_refused_for_good(url):
    answer = prepared(url=url)
    assert (answer.outcome, answer.error) == ("failure", "blocked_target")


def test_secrets_go_out_and_never_into_the_record():
    answer = prepared(
        url="https://a.test/x?literal=s3cr3t%2F%2B%20key",
        query=(("key", KEY),),
        headers=(("X-Key", KEY), ("X-Copy", "again s3cr3t/+ key")),
    )
    assert "key=s3cr3t%2F%2B%20key" in answer.call.url
    assert dict(answer.call.headers)["X-Key"] == "s3cr3t/+ key"
    shown = dict(answer.sent.headers)
    assert (shown["X-Key"], shown["X-Copy"]) == (REDACTED, f"again {REDACTED}")
    assert answer.sent.url == f"https://a.test/x?literal={REDACTED}&key={REDACTED}&{PARAMS}"
    assert "s3cr3t" not in repr(answer.sent)


def test_a_missing_secret_holds_the_call_until_it_is_there():
    there: dict[str, str] = {}

    def resolve(reference: SecretReference) -> str:
        if reference.name not in there:
            raise MissingSecret(reference.source, reference.name, "is not set")
        return there[reference.name]

    one = preparer(headers=(("X-Key", KEY),), resolve=resolve)
    answer = prepared(one)
    assert (answer.outcome, answer.error) == ("held", "not_ready")
    assert "ERP_KEY" in answer.reason
    there["ERP_KEY"] = "now"
    assert isinstance(prepared(one), Prepared)


def test_any_lookup_error_means_not_ready():
    answer = prepared(preparer(headers=(("X-Key", KEY),), resolve={}.__getitem__))
    assert (answer.outcome, answer.error) == ("held", "not_ready")


def test_a_changed_secret_is_noticed_and_the_old_one_stays_masked():
    values = iter(["old-value", "new-value"])
    one = preparer(headers=(("X-Key", KEY),), resolve=lambda reference: next(values))
    now = 1000.0
    assert dict(prepared(one, now=now).call.headers)["X-Key"] == "old-value"
    assert dict(prepared(one, now=now + SECRETS_KEPT - 0.1).call.headers)["X-Key"] == "old-value"
    answer = prepared(one, now=now + SECRETS_KEPT)
    assert dict(answer.call.headers)["X-Key"] == "new-value"
    assert answer.mask("old-value new-value") == f"{REDACTED} {REDACTED}"


def test_a_secret_that_went_away_stops_the_calls_that_need_it():
    values = {"ERP_KEY": "there"}
    one = preparer(headers=(("X-Key", KEY),), resolve=lambda reference: values[reference.name])
    assert isinstance(prepared(one, now=1000.0), Prepared)
    values.clear()
    assert prepared(one, now=1000.0 + SECRETS_KEPT).error == "not_ready"
    assert prepared(one, now=1001.0 + SECRETS_KEPT).error == "not_ready"


def test_bearer_and_basic_come_last_and_are_redacted():
    one = preparer(BearerInjector(), auth=Auth("bearer", {"token": {"env": "TOKEN"}}))
    answer = prepared(one)
    assert answer.call.headers[-1] == ("Authorization", "Bearer tok-123")
    assert answer.sent.headers[-1] == ("Authorization", REDACTED)
    assert answer.mask("you sent tok-123") == f"you sent {REDACTED}"

    config = {"user": "erp", "password": {"env": "TOKEN"}}
    answer = prepared(preparer(BasicInjector(), auth=Auth("basic", config)))
    credentials = base64.b64encode(b"erp:tok-123").decode()
    assert answer.call.headers[-1] == ("Authorization", f"Basic {credentials}")
    assert answer.sent.headers[-1] == ("Authorization", REDACTED)
    assert answer.mask(f"{credentials} tok-123") == f"{REDACTED} {REDACTED}"


def test_an_auth_class_of_requests_works_as_it_is():
    class Built(Injecting):
        def build(self, config, secrets):
            return HTTPBasicAuth("me", "pw-of-mine")

    answer = prepared(preparer(Built(None), auth=Auth("mine", {})))
    assert answer.call.headers[-1][0] == "Authorization"
    assert answer.sent.headers[-1] == ("Authorization", REDACTED)


def test_an_auth_class_may_hand_back_another_request():
    class Another(AuthBase):
        def __call__(self, request):
            copy = request.copy()
            copy.headers["X-Signed"] = "yes"
            return copy

    class Built(Injecting):
        def build(self, config, secrets):
            return Another()

    answer = prepared(preparer(Built(None), auth=Auth("mine", {})))
    assert answer.call.headers[-1] == ("X-Signed", "yes")


def test_an_injector_sees_the_request_as_it_goes_out_and_the_attempt():
    seen: list = []

    def inject(request, attempt) -> None:
        seen.append((request.method, request.url, request.body, request.headers["WEBHOOK-ID"], attempt))
        mac = hmac.new(b"key", request.body, hashlib.sha256).hexdigest()
        request.headers["X-Signature"] = f"{attempt.timestamp}.{mac}"

    answer = injected(inject)
    method, url, body, message, attempt = seen[0]
    assert (method, url, body, message) == ("POST", answer.call.url, b'{"a":1}', "msg_1")
    assert (attempt.number, attempt.timestamp, attempt.message) == (2, 1000, "msg_1")
    assert attempt.event_type == "Lead_Post_Create"
    assert answer.call.headers[-1][1].startswith("1000.")
    assert answer.sent.headers[-1] == ("X-Signature", REDACTED)


def test_headers_an_injector_leaves_alone_stay_as_they_were_doubles_included():
    def inject(request, attempt) -> None:
        request.headers["x-team"] = "changed"
        del request.headers["X-Gone"]

    headers = (("X-A", "1"), ("X-Team", "growth"), ("x-a", "2"), ("X-Gone", "1"))
    answer = injected(inject, headers=headers)
    names = [name for name, _ in answer.call.headers]
    assert names == [
        "Content-Type", "User-Agent", "X-A", "x-a", "webhook-id", "webhook-timestamp",
        "hookwright-hops", "x-team",
    ]  # fmt: skip
    assert answer.call.headers[-1] == ("x-team", "changed")
    assert answer.sent.headers[-1] == ("x-team", REDACTED)
    assert [name for name, _ in answer.sent.headers] == names


def test_an_injector_may_add_to_the_query_which_is_hidden_from_the_record():
    def inject(request, attempt) -> None:
        request.url += "&api_key=abc"

    answer = injected(inject)
    assert answer.call.url == f"https://erp.example.com/leads?{PARAMS}&api_key=abc"
    assert answer.sent.url == f"https://erp.example.com/leads?{PARAMS}&{REDACTED}"


def test_a_query_an_injector_rewrote_is_hidden_whole():
    def inject(request, attempt) -> None:
        request.url = "https://erp.example.com/leads?signed=abc"

    answer = injected(inject)
    assert answer.call.url == "https://erp.example.com/leads?signed=abc"
    assert answer.sent.url == f"https://erp.example.com/leads?{REDACTED}"


def set_hook(request, attempt) -> None:
    request.register_hook("response", print)


def set_body(request, attempt) -> None:
    request.body = b"other"


def set_host(request, attempt) -> None:
    request.url = "https://evil.test/leads"


@pytest.mark.parametrize("inject", [set_hook, set_body, set_host])
def test_an_injector_that_oversteps_is_refused_for_good(inject):
    answer = injected(inject)
    assert (answer.outcome, answer.error) == ("failure", "plugin:mine")


def test_digest_is_refused_by_name():
    class Built(Injecting):
        def build(self, config, secrets):
            return HTTPDigestAuth("me", "pw")

    answer = prepared(preparer(Built(None), auth=Auth("mine", {})))
    assert answer.error == "plugin:mine"


@pytest.mark.parametrize("name", ["Host", "content-length", "webhook-id", "Webhook-Timestamp", "connection"])
def test_an_injector_may_not_write_what_is_not_its_own(name):
    def inject(request, attempt) -> None:
        request.headers[name] = "forged"

    assert injected(inject).error == "invalid_header"


@pytest.mark.parametrize("value", ["a\r\nb", "a\0", "\u20ac"])
def test_an_injector_may_not_write_what_no_header_may_hold(value):
    def inject(request, attempt) -> None:
        request.headers["X-A"] = value

    answer = injected(inject)
    assert (answer.outcome, answer.error) == ("failure", "invalid_header")


def test_bytes_from_an_injector_are_latin_1():
    def inject(request, attempt) -> None:
        request.headers["X-A"] = b"caf\xe9"

    assert injected(inject).call.headers[-1] == ("X-A", "caf\xe9")


@pytest.mark.parametrize("failure", [RuntimeError("it said tok-123"), KeyError("tok-123"), ValueError("x")])
def test_an_injector_that_fails_costs_a_try_and_its_words_stay_out_of_the_record(failure):
    def inject(request, attempt) -> None:
        raise failure

    answer = injected(inject)
    assert (answer.outcome, answer.error) == ("retry", "plugin:mine")
    assert "tok-123" not in answer.reason
    assert type(failure).__name__ in answer.reason


def test_an_injector_that_cannot_be_built_costs_a_try():
    class Broken(Injecting):
        def build(self, config, secrets):
            raise RuntimeError("boom")

    answer = prepared(preparer(Broken(None), auth=Auth("mine", {})))
    assert (answer.outcome, answer.error) == ("retry", "plugin:mine")


def test_an_injector_whose_secret_is_missing_holds_the_call():
    one = preparer(BearerInjector(), {}.__getitem__, auth=Auth("bearer", {"token": {"env": "TOKEN"}}))
    answer = prepared(one)
    assert (answer.outcome, answer.error) == ("held", "not_ready")


def test_a_plugin_that_is_not_here_holds_the_call():
    answer = prepared(auth=Auth("oauth9", {}))
    assert (answer.outcome, answer.error) == ("held", "not_ready")
    assert "oauth9" in answer.reason


def test_an_injector_is_built_once_and_asked_every_time():
    built: list[int] = []
    asked: list[int] = []

    class Counting(Injecting):
        def build(self, config, secrets):
            built.append(1)
            return lambda request, attempt: asked.append(attempt.number)

    one = preparer(Counting(None), auth=Auth("mine", {}))
    for _ in range(3):
        prepared(one)
    assert (len(built), len(asked)) == (1, 3)


def test_signatures_that_differ_every_time_do_not_pile_up_in_the_mask():
    count = iter(range(100))

    def inject(request, attempt) -> None:
        request.headers["X-Signature"] = f"signature-{next(count):03}"

    one = preparer(Injecting(inject), auth=Auth("mine", {}))
    answers = [prepared(one) for _ in range(50)]
    assert len(answers[-1].mask.values) == 1
    assert answers[-1].mask("signature-049") == REDACTED


def test_the_reply_is_masked_in_headers_body_and_message():
    answer = prepared(headers=(("X-Key", KEY),))
    body = b'\xff {"k":"s3cr3t/+ key"} s3cr3t%2F%2B%20key'
    reply = Reply(200, True, (("X-Echo", "s3cr3t/+ key"),), body, message="s3cr3t/+ key")
    masked = answer.mask.reply(reply)
    assert masked.headers == (("X-Echo", REDACTED),)
    assert masked.body == b'\xff {"k":"[redacted]"} [redacted]'
    assert masked.message == REDACTED


@pytest.mark.parametrize("reference", ["TOKEN", {}, {"env": "A", "file": "b"}, {"env": 5}, None])
def test_an_auth_config_without_a_proper_reference_holds_the_call(reference):
    answer = prepared(preparer(BearerInjector(), auth=Auth("bearer", {"token": reference})))
    assert (answer.outcome, answer.error) == ("held", "not_ready")


def test_what_an_encoder_says_of_its_body_replaces_our_content_type():
    encoded = msgspec.structs.replace(delivery(), headers=(("content-type", "text/csv"), ("X-Rows", "3")))
    answer = preparer(headers=(("X-Rows", "?"), ("X-Team", "growth"))).prepare(encoded, b"a", 1, 1000.0)
    assert isinstance(answer, Prepared)
    assert answer.call.headers[1:4] == (("X-Team", "growth"), ("content-type", "text/csv"), ("X-Rows", "3"))
    assert answer.sent.headers == answer.call.headers


def test_an_encoder_may_not_break_a_request():
    encoded = msgspec.structs.replace(delivery(), headers=(("X-Rows", "3\r\nHost: other"),))
    answer = preparer().prepare(encoded, b"a", 1, 1000.0)
    assert isinstance(answer, Refusal)
    assert (answer.outcome, answer.error) == ("failure", "invalid_header")


GET_URL = "https://erp.example.com/leads?team=7&a=x+y&b%5Bc%5D=1&" + PARAMS
FORM_BODY = b"a=x+y&b%5Bc%5D=1"


def bodyless(method="GET", body=FORM_BODY, one=None, headers=None, **target):
    target.setdefault("url", "https://erp.example.com/leads?team=7")
    one = one or preparer(method=method, **target)
    form = (("Content-Type", "application/x-www-form-urlencoded"),)
    formed = msgspec.structs.replace(delivery(), headers=form if headers is None else headers)
    return one.prepare(formed, body, 1, 1000.0)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_call_without_a_body_carries_its_data_between_the_users_query_and_the_entity_parameters(method):
    answer = bodyless(method, headers=None)
    assert answer.call.url == GET_URL
    assert (answer.call.method, answer.call.body) == (method, None)
    names = [name.lower() for name, _ in answer.call.headers]
    assert names == ["user-agent", "webhook-id", "webhook-timestamp", "hookwright-hops"]
    assert (answer.sent.method, answer.sent.url, answer.sent.body) == (method, GET_URL, "")
    assert answer.sent.headers == answer.call.headers


def test_each_attempt_has_the_same_url():
    one = preparer(method="GET", url="https://erp.example.com/leads?team=7")
    assert bodyless(one=one).call.url == bodyless(one=one).call.url == GET_URL


def test_without_data_the_url_has_no_gap():
    assert bodyless(body=b"").call.url == f"https://erp.example.com/leads?team=7&{PARAMS}"
    bare = bodyless(url="https://a.test/x", entity_params=False)
    assert bare.call.url == "https://a.test/x?a=x+y&b%5Bc%5D=1"


def test_what_was_accepted_for_a_post_is_sent_by_a_get_once_the_configuration_says_so():
    assert bodyless(headers=(), body=b'{"a":"x y","b":{"c":1}}').call.url == GET_URL


def test_what_a_get_cannot_carry_is_a_failure():
    text = (("Content-Type", "text/plain"),)
    said = "its body was encoded as text/plain when it was accepted; this call has no body"
    assert bodyless(headers=text) == Refusal("failure", "plugin:form", said)
    long = bodyless(body=b"a=" + b"x" * 9000)
    assert (long.outcome, long.error) == ("failure", "plugin:form")
    assert long.reason == "the URL has 9,107 characters; without a body, at most 8,000 are sent"


def test_a_secret_in_the_query_of_a_get_is_hidden_and_one_in_the_data_too():
    answer = bodyless(query=(("key", KEY),), body=b"echo=s3cr3t%2F%2B+key")
    assert "key=s3cr3t%2F%2B%20key" in answer.call.url
    assert "s3cr3t" not in answer.sent.url
    assert answer.sent.url.count(REDACTED) == 2


def test_an_injector_sees_a_get_without_a_body_and_may_add_to_its_query():
    seen = []

    def inject(request, attempt):
        seen.append((request.method, request.body, "Content-Type" in request.headers))
        request.url += "&sig=abc"

    answer = bodyless(
        one=preparer(Injecting(inject), auth=Auth("mine", {}), method="GET", url="https://a.test/x")
    )
    assert seen == [("GET", None, False)]
    assert answer.call.url == f"https://a.test/x?a=x+y&b%5Bc%5D=1&{PARAMS}&sig=abc"
    assert answer.sent.url == f"https://a.test/x?a=x+y&b%5Bc%5D=1&{PARAMS}&{REDACTED}"
    assert answer.sent.body == ""


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_put_and_patch_have_a_body(method):
    answer = prepared(method=method)
    assert (answer.call.method, answer.call.body, answer.sent.body) == (method, b'{"a":1}', "data")
    assert answer.call.headers[0] == ("Content-Type", "application/json")


def test_a_body_keeps_its_content_type_when_the_configuration_asks_for_another():
    one = preparer(encoder="text", content_type="text/plain")
    assert one.prepare(delivery(), b"{}", 1, 1000.0).call.headers[0] == ("Content-Type", "application/json")
    form = (("Content-Type", "application/x-www-form-urlencoded"),)
    formed = msgspec.structs.replace(delivery(), headers=form)
    names = [
        pair for pair in one.prepare(formed, b"a=1", 1, 1000.0).call.headers if "type" in pair[0].lower()
    ]
    assert names == list(form)


def test_a_repeated_header_goes_out_in_order_with_its_secrets_hidden():
    answer = prepared(
        headers=(("x-api-key", KEY), ("x-api-key", "old"), ("x-api-key", SecretReference("env", "TOKEN")))
    )
    sent = [value for name, value in answer.call.headers if name == "x-api-key"]
    shown = [value for name, value in answer.sent.headers if name == "x-api-key"]
    assert sent == ["s3cr3t/+ key", "old", "tok-123"]
    assert shown == [REDACTED, "old", REDACTED]


def test_a_test_says_so_on_the_wire_and_nothing_else_does():
    marked = msgspec.structs.replace(delivery(), test=True)
    sent = dict(preparer().prepare(marked, b"{}", 1, 1000.0).call.headers)
    assert sent["hookwright-test"] == "true"
    assert "hookwright-test" not in dict(prepared().call.headers)


def test_a_client_certificate_goes_out_with_its_key_and_the_record_has_neither():
    answer = prepared(tls=Tls("CA", "CERTIFICATE", KEY))
    assert answer.call.identity == Identity("CA", "CERTIFICATE", SECRETS["ERP_KEY"])
    assert SECRETS["ERP_KEY"] not in repr(answer)
    assert prepared().call.identity is None


def test_a_client_certificate_without_its_key_waits_for_it():
    def resolve(reference):
        raise MissingSecret("env", reference.name, "is not set")

    answer = prepared(preparer(tls=Tls("", "CERTIFICATE", KEY), resolve=resolve))
    assert (answer.outcome, answer.error) == ("held", "not_ready")


@pytest.mark.fault(69)
def test_what_is_redacted_goes_out_and_is_in_nothing_that_is_recorded():
    hidden = ("ada@example.com", "7")
    one = preparer(method="GET", encoder="form", headers=(("X-For", "ada@example.com"),))
    body, asked = b"Mail=ada%40example.com&N=7", msgspec.structs.replace(delivery(), hidden=hidden)
    asked = msgspec.structs.replace(asked, headers=(("Content-Type", "application/x-www-form-urlencoded"),))
    found = one.prepare(asked, body, 1, 1000.0)
    assert "Mail=ada%40example.com&N=7" in found.call.url
    assert "ada" not in found.sent.url
    assert REDACTED in found.sent.url
    assert ("X-For", "ada@example.com") in found.call.headers
    assert ("X-For", REDACTED) in found.sent.headers
    said = found.mask.reply(
        Reply(status=400, complete=True, body=b'{"for": "ada@example.com", "n": 7, "at": 17}')
    )
    assert said.body == b'{"for": "%b", "n": %b, "at": 17}' % ((REDACTED.encode(),) * 2)
    cut = found.mask.reply(Reply(status=400, complete=True, body=b"no such user ada@exam", truncated=True))
    assert cut.body == b"no such user " + REDACTED.encode()
