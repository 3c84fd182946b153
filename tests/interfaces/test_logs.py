import io
import json
import logging

import pytest
import structlog

from hookwright.interfaces import logs

HOSTILE = "a\x1b[2J\r\n2026-01-01 fake line\u2028\u202e"


@pytest.fixture(autouse=True)
def _restored(logging_restored: None) -> None:
    """Every test here configures logging."""


def _configured(*, terminal: bool) -> io.StringIO:
    stream = io.StringIO()
    logs.configure(stream, terminal=terminal)
    return stream


@pytest.mark.parametrize("terminal", [False, True])
def test_one_event_is_one_line_whatever_is_in_it(terminal: bool) -> None:
    stream = _configured(terminal=terminal)
    structlog.get_logger("t").info("accepted", event_type=HOSTILE, key=HOSTILE)
    logging.getLogger("stdlib").warning("from %s", HOSTILE)
    text = stream.getvalue()
    assert len(text.splitlines()) == 2
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_piped_logs_are_json_with_level_time_and_bound_ids() -> None:
    stream = _configured(terminal=False)
    logs.bind(delivery="dlv_1", subscriber="leads-to-erp")
    structlog.get_logger("hookwright.t").info("claimed", attempt=2)
    line = json.loads(stream.getvalue())
    assert line["event"] == "claimed"
    assert line["delivery"] == "dlv_1"
    assert line["subscriber"] == "leads-to-erp"
    assert line["attempt"] == 2
    assert line["level"] == "info"
    assert line["logger"] == "hookwright.t"
    assert line["timestamp"].endswith("Z")


def test_a_stream_that_is_no_terminal_gets_json_unasked() -> None:
    stream = io.StringIO()
    logs.configure(stream)
    structlog.get_logger("t").info("hello")
    assert json.loads(stream.getvalue())["event"] == "hello"


def test_a_terminal_gets_text() -> None:
    stream = _configured(terminal=True)
    structlog.get_logger("t").info("accepted", event_id="evt_1")
    assert stream.getvalue().endswith("info    accepted event_id=evt_1\n")


@pytest.mark.parametrize("terminal", [False, True])
def test_tracebacks_show_no_local_variables(terminal: bool) -> None:
    stream = _configured(terminal=terminal)
    secret = "hunter2hunter2"
    try:
        raise ValueError(str(len(secret)))
    except ValueError:
        structlog.get_logger("t").exception("failed")
    assert "ValueError: 14" in stream.getvalue()
    assert "hunter2hunter2" not in stream.getvalue()


def test_a_field_of_a_megabyte_is_cut() -> None:
    stream = _configured(terminal=False)
    structlog.get_logger("t").info("x", big="a" * 1_000_000, raw=b"b" * 1_000_000)
    assert len(stream.getvalue()) < 3 * logs.FIELD_LIMIT
