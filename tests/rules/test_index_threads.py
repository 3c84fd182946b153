"""Threads share an index, also while it writes the code that reads events."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread
from typing import Any

import pytest

import hookwright.rules.index as index_module
from hookwright.rules import PatternIndex
from hookwright.rules.index.paths import PathNode
from hookwright.rules.index.projection import Structs, decoder

PATIENCE = 10
"""Seconds after which a thread goes on even if the other one never comes."""


def test_two_threads_that_write_the_reader_of_texts_at_once_read_with_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    second_came, first_decodes, second_is_done = Event(), Event(), Event()
    callers: list[int] = []

    def slow_decoder(top: PathNode) -> tuple[Callable[[bytes], Any], Structs]:
        is_second = bool(callers)
        callers.append(1)
        decode, structs = decoder(top)
        if is_second:
            second_came.set()
            first_decodes.wait(PATIENCE)
            return decode, structs
        second_came.wait(PATIENCE)

        def late(raw: bytes) -> Any:
            first_decodes.set()
            second_is_done.wait(PATIENCE)
            return decode(raw)

        return late, structs

    monkeypatch.setattr(index_module, "decoder", slow_decoder)
    index = PatternIndex({"inner": {"a": {"b": [1]}}})
    answers: list[frozenset[str]] = []
    first = Thread(target=lambda: answers.append(index.match_json(b'{"a": {"b": 1}}')))
    first.start()
    while not callers and first.is_alive():
        first.join(0.001)
    answers.append(index.match_json(b'{"a": {"b": 1}}'))
    second_is_done.set()
    first.join(PATIENCE)
    assert answers == [{"inner"}, {"inner"}]
