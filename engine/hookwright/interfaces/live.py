"""The live configuration: git's bundle and the API's as one table, changed whole or not at all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from hookwright.rules.load import Loaded
from hookwright.rules.source import Source
from hookwright.schemas.document import Document, parse
from hookwright.schemas.problem import Problem

from .api_file import Webhook, read_webhooks, to_text, write_webhooks
from .bundle import Bundle

log = structlog.get_logger(__name__)
_ADVICE = (
    "webhooks made over the API stand against it: write it so that it leaves them their ids, event types and "
    "notifiers, or change them first with `hookwright webhooks`"
)


@dataclass(frozen=True, slots=True)
class Configuration:
    """`git` alone, the API's `webhooks` as written, by id, and both as one `source`.

    `files` are those that git's bundle names beside its YAML, when it is the one to start with.
    """

    git: Source
    webhooks: Mapping[str, Webhook]
    source: Source
    files: tuple[Path, ...] = ()

    @property
    def revision(self) -> str:
        return self.source.revision


class Stale(Exception):
    """Somebody changed the configuration since; `revision` is the live one."""

    def __init__(self, revision: str) -> None:
        super().__init__(revision)
        self.revision = revision


class Invalid(Exception):
    """A change that would not load. `problems` stand in the document as it would be written."""

    def __init__(self, problems: Sequence[Problem], document: Document | None) -> None:
        super().__init__(str(problems[0]))
        self.problems = tuple(problems)
        self.document = document


class NotNow(Exception):
    """The change cannot be kept or published just now; the message says why. Nothing was changed."""


Edit = Callable[[Configuration], Mapping[str, Webhook]]


def configure(bundle: Bundle, path: Path) -> tuple[Configuration | None, tuple[Problem, ...]]:
    """The configuration to start with, from the files alone; None when problems keep it from being one."""
    loaded = bundle.load()
    reading = read_webhooks(path)
    problems = (*loaded.problems, *reading.problems)
    if loaded.source is None or reading.document is None or reading.problems:
        return None, problems
    joined = bundle.beside(reading.document, loaded.source)
    problems = (*problems, *joined.problems)
    if joined.source is None:
        return None, problems
    webhooks = webhooks_in(reading.document)
    return Configuration(loaded.source, webhooks, joined.source, loaded.files), problems


def webhooks_in(document: Document) -> dict[str, Webhook]:
    """The webhooks of a valid document, by id."""
    value = document.value if isinstance(document.value, dict) else {}
    listed = value.get("webhooks")
    entries = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return {str(each["id"]): each for each in entries}


class Live:
    """What is in force. `swap` puts a source into force, or answers False when that cannot be done just now.

    Used by many threads: `configuration` is a value, and changes wait for each other.
    """

    def __init__(
        self, bundle: Bundle, path: Path, configuration: Configuration, swap: Callable[[Source], bool]
    ) -> None:
        self._bundle = replace(bundle, optional=False)  # one that vanishes later did not become empty
        self._path = path
        self._configuration = configuration
        self._files = configuration.files
        self._swap = swap
        self._waiting: Source | None = None  # of git, valid by itself, kept out by the API's webhooks
        self._lock = threading.Lock()

    @property
    def configuration(self) -> Configuration:
        return self._configuration

    @property
    def files(self) -> tuple[Path, ...]:
        """What the text of git read last names beside its YAML."""
        return self._files

    def reload(self) -> bool:
        """Put git's changed bundle into force; False when it must be tried again.

        A bad one, or one that webhooks of the API stand against, is reported, and the last good one stays.
        """
        with self._lock:
            self._waiting = None
            loaded = self._bundle.load()
            self._files = loaded.files
            _tell(loaded.problems)
            if loaded.source is None:
                return self._refuse("")
            joined, _, webhooks = self._join(loaded.source, self._configuration.webhooks)
            if joined.source is None:
                _tell(joined.problems)
                self._waiting = loaded.source
                return self._refuse(_ADVICE)
            if joined.source.revision != self._configuration.revision and not self._swap(joined.source):
                return False
            self._configuration = Configuration(loaded.source, webhooks, joined.source)
            return True

    def change(
        self, edit: Edit, expected: Collection[str] | None = None
    ) -> tuple[Configuration, tuple[Problem, ...]]:
        """Change the API's webhooks: `edit` gets the configuration and returns all of them as they shall be.

        `expected` are revisions the change is meant for. Returns the new configuration and warnings. Raises
        `Stale`, `Invalid`, `NotNow`, and what `edit` raises; then nothing was changed. A text of git that
        only waits for the change comes into force with it.
        """
        with self._lock:
            before = self._configuration
            if expected is not None and before.revision not in expected:
                raise Stale(before.revision)
            wanted = edit(before)
            after, problems = self._fitting(wanted)
            self._put(before, after)
            self._configuration = after
            if after.git is self._waiting:
                self._waiting = None
            return after, problems

    def _fitting(self, wanted: Mapping[str, Webhook]) -> tuple[Configuration, tuple[Problem, ...]]:
        if self._waiting is not None:
            joined, _, webhooks = self._join(self._waiting, wanted)
            if joined.source is not None:
                return Configuration(self._waiting, webhooks, joined.source), joined.problems
        joined, document, webhooks = self._join(self._configuration.git, wanted)
        if joined.source is None:
            raise Invalid(joined.errors, document)
        return Configuration(self._configuration.git, webhooks, joined.source), joined.problems

    def _join(
        self, git: Source, webhooks: Mapping[str, Webhook]
    ) -> tuple[Loaded, Document | None, dict[str, Webhook]]:
        """Both as one, by way of the very text that is kept, so that what is live is what a restart reads."""
        reading = parse(to_text(webhooks.values()).encode(), name=str(self._path))
        if reading.document is None or reading.problems:
            return Loaded(None, None, reading.problems), reading.document, {}
        found = webhooks_in(reading.document)
        assert found == dict(webhooks), "what is written must be read as the same"
        return self._bundle.beside(reading.document, git), reading.document, found

    def _put(self, before: Configuration, after: Configuration) -> None:
        """Keep the API's webhooks, then publish; when that fails, put the file back."""
        old, new = to_text(before.webhooks.values()), to_text(after.webhooks.values())
        if new != old:
            self._write(new)
        try:
            if after.revision == before.revision or self._swap(after.source):
                return
        except Exception:
            self._write(old if before.webhooks else None)
            raise
        self._write(old if before.webhooks else None)
        raise NotNow("the queue (Redis) or the journal does not take it just now")

    def _write(self, text: str | None) -> None:
        try:
            write_webhooks(self._path, text)
        except OSError as error:
            raise NotNow(f"{self._path} cannot be written: {error.strerror}") from None

    def _refuse(self, advice: str) -> bool:
        live = self._configuration.revision
        log.error(
            "bundle_refused",
            bundle=str(self._bundle.path),
            live=live,
            **({"advice": advice} if advice else {}),
        )
        return True


def _tell(problems: Sequence[Problem]) -> None:
    for problem in problems:
        log.warning("bundle_problem", problem=str(problem))
