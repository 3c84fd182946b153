import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookwright.engine.delivery import Received
from hookwright.engine.history.verdict import REASON_LIMIT, Verdict, read_verdict


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ('{"Status":"Success","StatusReason":""}', Verdict("Success", "")),
        ('{"Status": "Error", "StatusReason": "no such lead", "More": 1}', Verdict("Error", "no such lead")),
        ('{"Status":"ERROR"}', Verdict("Error", "")),
        ('{"Status":"Success","StatusReason":null}', Verdict("Success", "")),
        ('{"Status":"Error","StatusReason":"%s"}' % ("x" * 2000), Verdict("Error", "x" * REASON_LIMIT)),
    ],
)
def test_leadsquareds_form_of_an_answer_is_read(body: str, verdict: Verdict) -> None:
    assert read_verdict(Received(status=200, body=body)) == verdict
    assert read_verdict(Received(status=500, body=body)) == verdict


@pytest.mark.parametrize(
    "body",
    [
        "", "OK", '{"status":"Success"}', '{"Status":"Fine"}', '{"Status":1}', '["Status"]', '"Status"',
        '{"Status":"Error","StatusReason":7}', '{"Status":"Error"', '{"Status":' + "[" * 5000,
        '{"Status":"Error","x":"' + "y" * 70_000 + '"}', base64.b64encode(b'{"Status":"Error"}').decode(),
    ],
)  # fmt: skip
def test_any_other_answer_has_no_verdict(body: str) -> None:
    assert read_verdict(Received(status=200, body=body)) is None


def test_no_answer_has_no_verdict() -> None:
    assert read_verdict(None) is None


@given(st.text())
def test_no_answer_whatever_raises(text: str) -> None:
    read_verdict(Received(status=200, body='{"Status"' + text))
