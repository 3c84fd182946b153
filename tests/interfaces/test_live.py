"""The live configuration: whatever order of changes, refusals and outages, memory, file and ledger agree."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from hookwright.interfaces.api_file import read_webhooks
from hookwright.interfaces.bundle import Bundle
from hookwright.interfaces.live import Invalid, Live, NotNow, Stale, configure
from hookwright.plugins.loader import load_plugins

IDS = st.sampled_from(["a", "b", "c", "d"])
PLUGINS = load_plugins(allow=())
BROKEN = "version: 1\nwebhooks: ["


def hook(identifier, kind="Lead_Post_Create", delay="1s"):
    return {"id": identifier, "event": kind, "url": "https://x.example/", "delay": delay}


def text_of(identifiers, *, declares=True):
    hooks = "".join(
        f"  - {{id: {i}, event: Task_Create, url: 'https://g.example/'}}\n" for i in sorted(identifiers)
    )
    events = "events: [{type: com.example.own}]\n" if declares else ""
    return f"version: 1\n{events}" + (f"webhooks:\n{hooks}" if hooks else "")


def without(identifier, known):
    return {key: one for key, one in known.items() if key != identifier}


class Harness:
    """A `Live` on real files, with a ledger that can be away."""

    def __init__(self, folder: Path, text: str = "version: 1\n") -> None:
        self.git = folder / "hooks.yaml"
        self.git.write_text(text)
        self.path = folder / "state" / "api" / "webhooks.yaml"
        self.path.parent.parent.mkdir()
        self.bundle = Bundle(self.git, PLUGINS)
        self.away = False
        configuration, problems = configure(self.bundle, self.path)
        assert configuration is not None, problems
        self.published = configuration.revision
        self.live = Live(self.bundle, self.path, configuration, self.swap)

    def swap(self, source) -> bool:
        if not self.away:
            self.published = source.revision
        return not self.away

    def put(self, identifier, **more):
        return self.live.change(lambda now: {**now.webhooks, identifier: hook(identifier, **more)})

    def delete(self, identifier):
        return self.live.change(lambda now: without(identifier, now.webhooks))

    def reload(self, text) -> bool:
        self.git.write_text(text)
        return self.live.reload()

    def ids(self):
        now = self.live.configuration
        return set(now.git.places), set(now.webhooks)


class Changes(RuleBasedStateMachine):
    """`git` and `api` are what must be live; `waiting` is a text of git that only the API stands against."""

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="hw-live-"))
        self.harness = Harness(self.folder, text_of(()))
        self.git, self.api, self.waiting, self.last = set(), {}, None, text_of(())

    def teardown(self):
        shutil.rmtree(self.folder)

    @rule(identifier=IDS, delay=st.sampled_from(["1s", "2s"]))
    def put(self, identifier, delay):
        wanted = {**self.api, identifier: delay}
        self.change(wanted, lambda: self.harness.put(identifier, delay=delay))

    @rule(identifier=IDS)
    def delete(self, identifier):
        wanted = without(identifier, self.api)
        self.change(wanted, lambda: self.harness.delete(identifier))

    def change(self, wanted, make):
        """With the text that waits if that is possible now, else beside what is live."""
        hosts = [each for each in (self.waiting, self.git) if each is not None]
        host = next((each for each in hosts if not each & set(wanted)), None)
        if host is None:
            with pytest.raises(Invalid):
                make()
        elif self.harness.away and (host, wanted) != (self.git, self.api):
            with pytest.raises(NotNow):
                make()
        else:
            make()
            self.waiting = None if host is self.waiting else self.waiting
            self.git, self.api = host, wanted

    @rule(identifiers=st.sets(IDS, max_size=2))
    def reload(self, identifiers):
        done = self.harness.reload(text_of(identifiers))
        self.waiting = None
        if identifiers & set(self.api):
            self.waiting = identifiers
            assert done
        elif self.harness.away and identifiers != self.git:
            assert not done
        else:
            self.git = identifiers
            assert done

    @rule()
    def reload_what_is_broken(self):
        assert self.harness.reload(BROKEN)
        self.waiting = None

    @rule(away=st.booleans())
    def ledger(self, away):
        self.harness.away = away

    @invariant()
    def memory_is_as_expected(self):
        assert self.harness.ids() == (self.git, set(self.api))
        kept = self.harness.live.configuration.webhooks
        assert {name: one["delay"] for name, one in kept.items()} == self.api

    @invariant()
    def what_is_published_is_what_is_live(self):
        assert self.harness.published == self.harness.live.configuration.revision

    @invariant()
    def a_restart_reads_the_same(self):
        now = self.harness.live.configuration
        joined = self.harness.bundle.beside(read_webhooks(self.harness.path).document, now.git)
        assert joined.source.revision == now.revision


TestChanges = Changes.TestCase
TestChanges.settings = settings(max_examples=50, stateful_step_count=20, deadline=None)


@pytest.fixture
def harness(tmp_path):
    return Harness(tmp_path, text_of({"g"}))


def test_a_crash_between_file_and_ledger_is_made_good_by_the_next_start(harness):
    def crash(source):
        raise SystemExit

    harness.live._swap = crash
    with pytest.raises(SystemExit):
        harness.put("a")
    configuration, problems = configure(harness.bundle, harness.path)
    assert problems == ()
    assert set(configuration.webhooks) == {"a"}


def test_a_fault_of_our_own_puts_the_file_back(harness):
    def fail(source):
        raise RuntimeError

    harness.put("a")
    kept = harness.path.read_bytes()
    harness.live._swap = fail
    with pytest.raises(RuntimeError):
        harness.delete("a")
    assert harness.path.read_bytes() == kept
    assert harness.ids() == ({"g"}, {"a"})


@pytest.mark.parametrize(("before", "after"), [(1, True), (True, 1), (1, 1.0), (0, False)])
def test_values_that_only_python_takes_for_equal_are_a_change(harness, before, after):
    for value in (before, after):
        harness.live.change(lambda now, value=value: {"a": {**hook("a"), "match": {"N": [value]}}})
    configuration, _ = configure(harness.bundle, harness.path)
    assert configuration.revision == harness.live.configuration.revision == harness.published
    assert repr(configuration.webhooks["a"]["match"]) == repr({"N": [after]})


def test_a_text_that_only_waits_is_told_apart_from_a_broken_one(harness):
    harness.put("a", kind="com.example.own")
    assert harness.reload(text_of({"g"}, declares=False))
    assert harness.ids() == ({"g"}, {"a"})
    harness.delete("a")
    assert "events" not in harness.live.configuration.git.content


def test_a_git_bundle_that_vanishes_is_not_an_empty_one(tmp_path):
    harness = Harness(tmp_path, text_of({"g"}))
    harness.git.unlink()
    assert harness.live.reload()
    assert harness.ids() == ({"g"}, set())


def test_an_expected_revision_that_is_gone_is_told(harness):
    before = harness.live.configuration.revision
    harness.put("a")
    with pytest.raises(Stale) as stale:
        harness.live.change(lambda now: {}, {before})
    assert stale.value.revision == harness.live.configuration.revision


def test_a_file_that_grew_too_large_is_refused(harness):
    wide = {**hook("a"), "description": "x" * (1 << 20)}
    with pytest.raises(Invalid) as refused:
        harness.live.change(lambda now: {"a": wide})
    assert [problem.code for problem in refused.value.problems] == ["HW011"]
    assert harness.ids() == ({"g"}, set())


def test_the_schema_files_that_git_names_are_told_even_when_they_are_faulty(tmp_path):
    text = "version: 1\nevents: [{type: com.example.own, schema: own.json}]\n"
    file = tmp_path / "own.json"
    file.write_text('{"maximum": 5}')
    harness = Harness(tmp_path, text)
    assert harness.live.files == (file,)
    first = harness.published
    file.write_text('{"maximum": "5"}')
    assert harness.live.reload()
    assert (harness.published, harness.live.files) == (first, (file,))
    file.write_text('{"maximum": 6}')
    assert harness.live.reload()
    assert harness.published != first
    harness.git.write_text("version: 1\n")
    assert harness.live.reload()
    assert harness.live.files == ()
