"""The nearest name is found among a few and among thousands, and among thousands without asking each."""

from __future__ import annotations

import difflib
import random

import pytest

from hookwright.schemas.nearest import did_you_mean, nearest

MANY = [f"com.example.{word}.{number}" for word in ("lead", "deal", "call") for number in range(1000)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("com.example.lead.57", "com.example.lead.57"),
        ("Com.Example.Lead.57", "com.example.lead.57"),
        ("com.example.lead.999x", "com.example.lead.999"),
        ("om.example.deal.123", "com.example.deal.123"),
        ("com.exmple.call.77", "com.example.call.77"),
        ("com.example.cal.998", "com.example.call.998"),
    ],
)
def test_a_slip_of_the_pen_is_seen_through_among_thousands(text, found):
    assert nearest(text, MANY)[0] == found
    assert did_you_mean(text, MANY) == f'did you mean "{found}"?'


def test_what_is_like_nothing_gets_no_guess_among_thousands_either():
    assert nearest("zzz", MANY) == []


def test_a_mistake_is_compared_with_few_of_thousands(monkeypatch):
    compared = []
    original = difflib.SequenceMatcher.set_seq1

    def counted(self, text):
        compared.append(text)
        original(self, text)

    monkeypatch.setattr(difflib.SequenceMatcher, "set_seq1", counted)
    mistakes = [f"com.exmple.lead.{number}x" for number in range(20)]
    for mistake in mistakes:
        nearest(mistake, MANY)
    assert 0 < len(compared) < 200 * len(mistakes)


def test_few_names_are_all_compared():
    names = [f"{random.Random(number).getrandbits(64):x}" for number in range(150)]
    for name in names:
        assert nearest(f"x{name[1:8]}y{name[9:]}", names)[0] == name
