"""Carries out a tutorial as its reader would: writes files, types commands, looks at what appears.

A page is run as it stands. A `yaml` block is written to the file that is named before it. In a `console`
block a line that begins with `$ ` is typed and the others are what must appear; `^C` presses Ctrl-C, and a
line `…` stands for any number of lines. A block whose paragraph speaks of a second or third terminal belongs
to that terminal, where a command runs on. Blocks of other languages are not run.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SECONDS = 30.0
WIDTH, HEIGHT = 120, 50
ANY = "…"

_FENCE = re.compile(r"```(\w*)$")
_FILE = re.compile(r"`([\w./-]+\.ya?ml)`")
_TERMINAL = re.compile(r"\b(second|third) terminal\b")
# What is another one each time, and what stands for it when lines are compared.
_VOLATILE = [
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?"), "TIME"),
    (re.compile(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT"), "TIME"),
    (re.compile(r"\b\d\d:\d\d:\d\d\b"), "TIME"),
    (re.compile(r"\b\d+(\.\d+)? (s|ms)\b"), "DURATION"),
    (re.compile(r"(webhook-timestamp: )\d+", re.IGNORECASE), r"\1TIME"),
    (re.compile(r"Hookwright/[\w.+-]+"), "Hookwright/VERSION"),
    (re.compile(r"sha256:[0-9a-f]+…?"), "sha256:DIGEST"),
    (re.compile(r"nod_\w+"), "NODE"),
    (re.compile(r" {2,}"), "  "),
]
_STYLE = re.compile(r"\x1b\[[\d;]*m")
_ID = re.compile(r"\b(?:dlv|msg|evt)_[\w-]+")


class Lie(AssertionError):
    """The page shows something that does not happen."""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block, the number of its first line, and the paragraph before it."""

    language: str
    line: int
    lines: tuple[str, ...]
    before: str


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a Markdown page. One right after another has no paragraph."""
    paragraph: list[str] = []
    inside: list[str] | None = None
    language, start, ended = "", 0, True
    for number, line in enumerate(page.splitlines(), start=1):
        if inside is not None and line == "```":
            yield Block(language, start, tuple(inside), " ".join(paragraph))
            inside, paragraph = None, []
        elif inside is not None:
            inside.append(line)
        elif fence := _FENCE.match(line):
            language, start, inside = fence[1], number + 1, []
        elif not line.strip():
            ended = True
        else:
            paragraph = [line] if ended else [*paragraph, line]
            ended = False


class Terminal:
    """A pseudo-terminal in which one command runs at a time; what it printed is read line by line."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._outer = -1
        self._raw = b""
        self._taken = 0

    def type(self, command: str) -> None:
        """Starts a command; the one before must have ended."""
        assert self._process is None, "a command still runs there"
        self._outer, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
        self._raw, self._taken = b"", 0
        self._process = subprocess.Popen(
            ["bash", "-c", command],
            cwd=self._folder,
            env=self._environment,
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
        )
        os.close(inner)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def end(self) -> None:
        """Waits for the command to end by itself."""
        if self._process is not None and self._reader is not None:
            self._process.wait(SECONDS)
            self._reader.join(SECONDS)
            os.close(self._outer)
            self._process = None

    def interrupt(self) -> None:
        """Ctrl-C."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGINT)
            self.end()

    def kill(self) -> None:
        """Whatever still runs there does not outlive the tutorial."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self.end()
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self.end()

    def shown(self) -> list[str]:
        """The whole lines that appeared and were not taken yet."""
        text = _STYLE.sub("", self._raw.decode(errors="replace")).replace("\r\n", "\n")
        whole = text.rpartition("\n")[0] if self.busy else text.removesuffix("\n")
        return [line.rstrip() for line in whole.split("\n")][self._taken :] if whole else []

    def take(self, number: int) -> None:
        """That many of them are done with."""
        self._taken += number

    @property
    def busy(self) -> bool:
        """Whether more may appear."""
        return self._reader is not None and self._reader.is_alive()

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # Linux says EIO when the last writer has closed a terminal
            while block := os.read(self._outer, 65536):
                self._raw += block


@dataclass
class Tutorial:
    """A page being carried out in a folder. `ports` are those of the page, and those used in their place."""

    page: Path
    folder: Path
    environment: Mapping[str, str]
    ports: Mapping[str, str]
    until: Callable[..., Any]
    ids: dict[str, str] = field(default_factory=dict)
    terminals: dict[str, Terminal] = field(default_factory=dict)

    def run(self) -> None:
        """Raises `Lie` at the first line that is not as the page shows it."""
        try:
            for block in blocks(self.page.read_text(encoding="utf-8")):
                if block.language == "yaml":
                    self._write(block)
                elif block.language == "console":
                    self._carry_out(block)
        finally:
            for terminal in self.terminals.values():
                terminal.kill()

    def _write(self, block: Block) -> None:
        found = _FILE.search(block.before)
        assert found, f"line {block.line}: no file is named before this block"
        file = self.folder / found[1]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self._here("\n".join(block.lines)) + "\n", encoding="utf-8")

    def _carry_out(self, block: Block) -> None:
        which = _TERMINAL.search(block.before)
        name = which[1] if which else "first"
        terminal = self.terminals.setdefault(name, Terminal(self.folder, self.environment))
        for line, command, expected in _steps(block):
            if command == "^C":
                terminal.interrupt()
            elif command:
                terminal.type(self._here(command))
                if name == "first":
                    terminal.end()
            where = f"{self.page.name}:{line}"
            if self._compare(terminal, expected, where).left and name == "first":
                raise Lie(_difference(where, expected, terminal.shown(), "goes on with"))

    def _compare(self, terminal: Terminal, expected: Sequence[str], where: str) -> Match:
        wanted = [self._here(line) for line in expected]

        def looked() -> tuple[Match | None] | None:
            ended = not terminal.busy
            seen = terminal.shown()
            found = match(wanted, seen)
            decided = ended or (ANY not in wanted and len(seen) >= len(wanted)) or time.monotonic() > deadline
            return (found,) if found or decided else None

        deadline = time.monotonic() + SECONDS
        (found,) = self.until(looked, seconds=2 * SECONDS)
        if found is None:
            raise Lie(_difference(where, wanted, terminal.shown()))
        self._learn(found.pairs, where)
        terminal.take(found.taken)
        return found

    def _learn(self, pairs: Sequence[tuple[str, str]], where: str) -> None:
        """The ids of the page stand for those that appeared, always for the same."""
        for shown, seen in pairs:
            for ours, theirs in zip(_ID.findall(shown), _ID.findall(seen), strict=True):
                if self.ids.setdefault(ours, theirs) != theirs and ours != theirs:
                    raise Lie(f"{where}: {ours} is {self.ids[ours]}, but here it would be {theirs}")

    def _here(self, text: str) -> str:
        for shown, used in self.ports.items():
            text = text.replace(shown, used)
        return _ID.sub(lambda found: self._known(found[0]), text)

    def _known(self, shown: str) -> str:
        """The id that an id of the page stands for; the beginning of one for as much of the other."""
        whole = (used for known, used in self.ids.items() if known.startswith(shown))
        return self.ids.get(shown) or next(whole, shown)[: len(shown)]


def _difference(where: str, wanted: Sequence[str], seen: Sequence[str], what: str = "is") -> str:
    return "\n".join([f"{where}: the page shows", "", *wanted, "", f"but what appears {what}", "", *seen])


def _steps(block: Block) -> Iterator[tuple[int, str, list[str]]]:
    """What is typed, and what must appear after it; first, with nothing typed, what appears by itself."""
    line, command, expected = block.line, "", list[str]()
    for number, text in enumerate(block.lines, start=block.line):
        if text == "^C" or text.startswith("$ "):
            if command or expected:
                yield line, command, expected
            line, command, expected = number, text.removeprefix("$ "), []
        else:
            expected.append(text.rstrip())
    yield line, command, expected


@dataclass(frozen=True, slots=True)
class Match:
    """How many of the lines were needed, how many are left, and which line of the page is which."""

    taken: int
    left: int
    pairs: tuple[tuple[str, str], ...] = ()


def match(expected: Sequence[str], lines: Sequence[str]) -> Match | None:
    """How `lines` begin as `expected` says; None when they do not, or not yet."""
    if not expected:
        return Match(0, len(lines))
    first, others = expected[0], expected[1:]
    if first == ANY:
        if not others:
            return Match(len(lines), 0)
        found = (match(others, lines[skip:]) for skip in range(len(lines)))
        best = next((each for each in found if each is not None), None)
        return best and Match(len(lines) - best.left, best.left, best.pairs)
    if not lines or normal(first) != normal(lines[0]):
        return None
    found_rest = match(others, lines[1:])
    return found_rest and Match(found_rest.taken + 1, found_rest.left, ((first, lines[0]), *found_rest.pairs))


def normal(line: str) -> str:
    """A line without what is another one each time."""
    for pattern, word in _VOLATILE:
        line = pattern.sub(word, line)
    return _ID.sub(lambda found: found[0][:4], line).rstrip()
