"""Each trap of YAML 1.1 and of PyYAML that is known, and the cases that show what we do about it."""

from __future__ import annotations

from pathlib import Path

import pytest

CASES = Path(__file__).parent / "cases"

TRAPS = {
    "words that YAML 1.1 takes for true and false": ("ok/words-of-yaml-1-1", "err/enabled-yes", "err/key-on"),
    "a key twice, the last one wins": (
        "err/duplicate-key",
        "err/duplicate-key-quoted",
        "err/duplicate-key-yes-and-true",
    ),
    "octal, binary and grouped numbers": ("ok/words-of-yaml-1-1", "err/number-octal", "err/number-grouped"),
    "numbers to the base of sixty": ("ok/words-of-yaml-1-1", "err/number-sixty"),
    "floats: exponents, versions": ("ok/words-of-yaml-1-1", "err/number-exponent", "err/number-version"),
    "floats that JSON has not": ("err/infinity", "err/number-not-a-number", "err/number-of-5000-digits"),
    "dates, and dates that are none": ("ok/words-of-yaml-1-1", "err/date-impossible"),
    "nothing, by each of its names": ("err/words-for-nothing", "err/match-nothing", "err/batch-nothing"),
    "merge keys": ("err/merge-key", "err/bomb-of-merges"),
    "aliases that multiply": ("ok/aliases", "err/bomb-of-aliases", "err/alias-as-key"),
    "deep nesting kills the parser": ("err/bomb-of-depth", "err/brackets-30000"),
    "several documents": ("err/several-documents",),
    "tags": ("err/custom-tag", "err/python-tag", "err/set-and-binary", "err/key-with-tag"),
    "plain text that starts like something else": (
        "err/starts-with-at",
        "err/starts-with-percent",
        "err/starts-with-backtick",
        "err/starts-with-equals",
        "err/text-that-starts-like-a-fold",
        "err/text-behind-a-list",
        "err/alias-glob-with-dot",
        "err/alias-glob-with-letters",
    ),
    "tabs": ("err/tab", "err/tab-in-block"),
    "a second colon in a text": ("err/colon-in-text", "err/template-after-colon"),
    "keys that are no text": ("err/key-is-a-number", "err/key-is-a-list"),
    "values that contain themselves": ("err/alias-contains-itself", "err/anchor-twice"),
    "if: 'vip' in data.tags": ("err/quote-goes-on", "err/quote-goes-on-in-braces"),
    "message: Won: {{ x }}": ("err/template-after-colon",),
    "text: {{ x }}": ("err/template-not-quoted", "err/template-in-braces"),
    "{if: data.a in ['x']}": ("err/flow-mapping-with-list",),
    "event: *_Create": ("err/alias-glob-with-letters",),
    "if: a == 'x' # y": ("err/comment-cuts-expression", "err/comment-cuts-template"),
    "{when: data.a | default(1, true)}": ("err/flow-mapping-with-comma", "err/comma-cuts-expression"),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_every_trap_has_its_cases(trap):
    for case in TRAPS[trap]:
        assert (CASES / f"{case}.yaml").exists(), case
        assert (CASES / f"{case}.out").exists() == case.startswith("err/"), case


@pytest.mark.parametrize(
    ("case", "text"),
    [
        ("quote-goes-on", "\"'vip' in data.tags\""),
        ("quote-goes-on-in-braces", "\"'vip' in data.tags\""),
        ("template-after-colon", '"Won: {{ x }}"'),
        ("template-not-quoted", '"{{ data.url }}"'),
        ("template-in-braces", '"{{ data.Name }} won"'),
        ("flow-mapping-with-list", "\"data.a in ['x']\""),
        ("alias-glob-with-letters", '"*_Create"'),
        ("comment-cuts-expression", "\"data.Kind == 'x' # y\""),
        ("flow-mapping-with-comma", '"data.a | default(1, true)"'),
    ],
)
def test_the_fix_is_written_out(case, text):
    told = (CASES / "err" / f"{case}.out").read_text("utf-8")
    assert "in quotes" in told
    assert f": {text})" in told
