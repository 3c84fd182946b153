"""The request of a notifier as it goes out, and as the record shows it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests import PreparedRequest
from requests.structures import CaseInsensitiveDict

from hookwright.engine.call.mask import Mask
from hookwright.engine.call.target import Blocked
from hookwright.engine.call.transport import Reply
from hookwright.engine.delivery import Delivery
from hookwright.engine.worker.notice_request import BODY_RECORDED, RefusedRequest, notice_request, revealing
from hookwright.plugins.errors import InvalidHeader

DELIVERY = Delivery(
    id="dlv_1", message="msg_1", entity_type="webhook", entity_id="crm", action="notify/admins",
    event_id="e1", event_source="/s", event_type="t", node="nod_1", due=0, body="", notifier="admins",
)  # fmt: skip


def request(method="POST", url="http://example.com/hook", body=b"{}", **headers):
    made = PreparedRequest()
    made.method, made.url, made.body = method, url, body
    made.headers = CaseInsensitiveDict({name.replace("_", "-"): value for name, value in headers.items()})
    return made


def prepared(made, mask=None):
    return notice_request(made, DELIVERY, 1_700_000_000, 15.0, mask or Mask())


def test_it_is_sent_as_it_is_with_our_headers_beside_its_own():
    call = prepared(request(X_Team="growth", Content_Type="application/json")).call
    assert (call.method, call.url, call.body, call.timeout) == (
        "POST",
        "http://example.com/hook",
        b"{}",
        15.0,
    )
    assert (call.host, call.port, call.addresses) == ("example.com", 80, ())
    names = [name for name, _ in call.headers]
    assert names == [
        "X-Team",
        "Content-Type",
        "User-Agent",
        "webhook-id",
        "webhook-timestamp",
        "hookwright-hops",
    ]
    assert ("webhook-timestamp", "1700000000") in call.headers


def test_what_the_transport_writes_itself_is_left_out():
    headers = {"Content-Length": "2", "Host": "x", "Connection": "close", "Accept-Encoding": "gzip"}
    names = [name for name, _ in prepared(request(**headers)).call.headers]
    assert names == ["User-Agent", "webhook-id", "webhook-timestamp", "hookwright-hops"]


@pytest.mark.parametrize("name", ["webhook-id", "Webhook-Signature", "TE", "Upgrade"])
def test_what_is_ours_cannot_be_set(name):
    with pytest.raises(InvalidHeader):
        prepared(request(**{name: "1"}))


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", "a\0b", "€"])
def test_a_header_that_breaks_the_request_is_refused(value):
    with pytest.raises(InvalidHeader) as told:
        prepared(request(X_Team=value))
    assert value not in str(told.value)


@pytest.mark.parametrize("method", ["", None, "GET /", "post", "A" * 17])
def test_a_method_that_is_none_is_refused(method):
    with pytest.raises(RefusedRequest, match="without a method"):
        prepared(request(method))


@pytest.mark.parametrize("url", ["", "ftp://example.com/", "http://u:p@example.com/", "http://a\\b/", "/x"])
def test_a_url_that_cannot_be_called_is_blocked(url):
    with pytest.raises(Blocked):
        prepared(request(url=url))


def test_text_is_sent_as_utf8_and_nothing_as_nothing():
    assert prepared(request(body="grüße")).call.body == "grüße".encode()
    assert prepared(request(body=None)).call.body == b""


def test_only_harmless_headers_are_shown_and_the_others_masked_in_the_answer():
    made = prepared(request(Authorization="Basic YTpwYTU1d29yZA==", Accept="*/*"))
    shown = dict(made.sent.headers)
    assert (shown["Authorization"], shown["Accept"]) == ("[redacted]", "*/*")
    reply = made.mask.reply(Reply(200, True, body=b"you sent Basic YTpwYTU1d29yZA=="))
    assert b"YTpwYTU1d29yZA" not in reply.body


def test_of_a_long_body_only_the_beginning_is_recorded():
    made = prepared(request(body=b"a" * (2 * BODY_RECORDED)))
    assert len(made.sent.body) == BODY_RECORDED
    assert len(made.call.body) == 2 * BODY_RECORDED


TOKEN = st.text("abcdefghijkmnpqrstuvwxyz23456789", min_size=12, max_size=40)


@given(
    token=TOKEN, spelled=st.sampled_from(["{}", "{}/", "HTTP://HOOKS.example.com:80/services/{t}", "{}?a=b"])
)
def test_a_secret_address_is_not_shown_however_a_notifier_spells_it(token, spelled):
    secret = f"http://hooks.example.com/services/{token}"
    mask = Mask(revealing(secret))
    url = spelled.format(secret, t=token)
    made = prepared(request(url=url, body=f'{{"at": "{url}"}}'.encode()), mask)
    assert made.call.url == url
    assert token not in repr(made.sent)


def test_an_address_that_is_no_secret_is_shown():
    made = prepared(request(), Mask(["s3cret-value"]))
    assert made.sent.url == "http://example.com/hook"


def test_the_words_of_a_secret_address_stay_readable():
    mask = Mask(revealing("https://hooks.slack.com/services/T01234567/B01234567/abcdefghijklmnopqrstuvwx"))
    shown = mask("two services are down: B01234567, abcdefghijklmnopqrstuvwx")
    assert shown == "two services are down: [redacted], [redacted]"
