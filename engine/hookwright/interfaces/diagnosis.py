"""What `doctor` looks at: one function a question, each with a finding and what to do about it."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit

from hookwright.engine.book.heartbeat import read_heartbeat
from hookwright.engine.book.retention import history_size
from hookwright.engine.history.history import History
from hookwright.engine.history.index_view import HistoryUnavailable
from hookwright.engine.journal.sealing import KEY_FILE, key_names
from hookwright.engine.journal.segment import list_segments
from hookwright.engine.runner.signs import read_sign
from hookwright.engine.state import State
from hookwright.plugins.errors import PluginError
from hookwright.plugins.registry import Plugins
from hookwright.rules.event import JSON
from hookwright.rules.model import Model, SecretReference

FREE_NEEDED = 256 * 1024 * 1024  # bytes under which nothing should be started
FREE_WANTED = 2 * 1024 * 1024 * 1024
EARLIEST = 1_767_225_600  # 2026-01-01: a clock before it was never set
LOOKUP_SECONDS = 3.0


class Level(StrEnum):
    """How a question was answered. Only `fail` makes `doctor` exit with 1."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, and in `advice` what to do about it (empty when nothing is)."""

    name: str
    level: Level
    detail: str
    advice: str = ""


def look_at_python() -> Iterator[Finding]:
    """The interpreter, and the two parts that not every platform has."""
    version = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    yield Finding("python", Level.OK, version)
    if importlib.util.find_spec("pycurl") is None:
        advice = "install hookwright[curl]; until then calls go out through requests, slower"
        yield Finding("pycurl", Level.WARN, "not installed", advice)
    else:
        yield Finding("pycurl", Level.OK, "installed")


def look_at_disk(folder: Path) -> Iterator[Finding]:
    """Whether the state folder, or the folder it will be made in, can be written and has room."""
    place = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        advice = f"choose another --state, or let this user write {place}"
        yield Finding("disk", Level.FAIL, f"{place} cannot be written", advice)
        return
    free = shutil.disk_usage(place).free
    said = f"{free / 2**30:.1f} GiB free under {place}"
    level = Level.FAIL if free < FREE_NEEDED else Level.WARN if free < FREE_WANTED else Level.OK
    advice = "" if level is Level.OK else "free some space: when the disk is full no event is accepted"
    yield Finding("disk", level, said, advice)
    yield from _look_at_owner(folder)


def _look_at_owner(folder: Path) -> Iterator[Finding]:
    state = State(folder)
    if not folder.exists():
        yield Finding("state", Level.OK, f"{folder} does not exist yet; `serve` makes it")
    elif folder.stat().st_uid != os.geteuid():
        yield Finding(
            "state", Level.FAIL, f"{folder} belongs to another user", "run as that user or choose --state"
        )
    elif state.token.exists() and state.token.stat().st_mode & 0o077:
        yield Finding("state", Level.WARN, f"others may read {state.token}", f"run `chmod 600 {state.token}`")
    else:
        yield Finding("state", Level.OK, str(folder))


def look_at_history(folder: Path) -> Iterator[Finding]:
    """Whether every line of the journal can be read, as far as the index has looked."""
    if not State(folder).index.exists():
        return
    try:
        with History(folder, refresh=False) as history:
            damage = history.damage()
    except HistoryUnavailable as error:
        yield Finding("history", Level.WARN, str(error), "it is rebuilt when a server starts on the folder")
        return
    for segment, offset, _, reason in damage:
        advice = "the rest is readable; bring the segment back from a backup if you have one"
        yield Finding("history", Level.WARN, f"{segment} at byte {offset}: {reason}", advice)
    if not damage:
        yield Finding("history", Level.OK, f"every line can be read; {_extent(State(folder).history)}")


def look_at_runs(folder: Path) -> Iterator[Finding]:
    """Whether the runner lives where there is something for it to carry out, and can write."""
    beat, sign = read_heartbeat(folder), read_sign(folder)
    if beat is None or not beat.fresh() or not (folder / "runner.lock").exists():
        return  # no server runs here, or none that ever had an automation
    if sign is None or not sign.fresh():
        advice = "`serve` starts it again by itself; look for child_died in its log"
        yield Finding("runs", Level.FAIL, "the runner does not live: runs of automations wait", advice)
    elif not (sign.journal and sign.room):
        yield Finding("runs", Level.FAIL, "the runner cannot write the journal", "free some space")
    else:
        yield Finding("runs", Level.OK, f"{sign.open} open")


def look_at_seal(folder: Path) -> Iterator[Finding]:
    """Whether the key is there and can be read that opens what is kept of redacted data, to be sent."""
    path = folder / KEY_FILE
    try:
        keys = len(key_names(path))
    except (OSError, ValueError) as error:
        advice = "bring it back from a backup: open deliveries of redacted events cannot be sent without it"
        yield Finding("seal", Level.FAIL, f"{path} cannot be read ({error})", advice)
        return
    if keys and path.stat().st_mode & 0o077:
        yield Finding("seal", Level.WARN, f"others may read {path}", f"run `chmod 600 {path}`")
    elif keys:
        advice = "back it up apart from the history: whoever has both can read what is redacted"
        yield Finding("seal", Level.OK, f"{path} opens what is redacted", advice)


def _extent(folder: Path) -> str:
    segments = list_segments(folder)
    since = f" since {min(each.day for each in segments)}" if segments else ""
    return f"{history_size(folder, segments) / 2**20:.1f} MiB in {len(segments)} files{since}"


def look_at_clock(now: Callable[[], float] = time.time, server: float | None = None) -> Iterator[Finding]:
    """Whether this machine's clock was ever set, and agrees with Redis' (`server`, Unix seconds)."""
    here = now()
    shown = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(here))
    advice = "set the clock (NTP): due times and timestamps on the wire depend on it"
    if here < EARLIEST:
        yield Finding("clock", Level.FAIL, f"says {shown}", advice)
    elif server is not None and abs(here - server) > 2:
        yield Finding("clock", Level.WARN, f"{abs(here - server):.1f} s apart from Redis' clock", advice)
    else:
        yield Finding("clock", Level.OK, shown)


def look_at_plugins(plugins: Plugins) -> Iterator[Finding]:
    """What is loaded, and what was left out and why."""
    for problem in plugins.problems:
        advice = "update or uninstall it, or leave it out with --plugins"
        yield Finding("plugins", Level.FAIL, str(problem), advice)
    loaded = sum(one.error is None for one in plugins.loaded)
    yield Finding("plugins", Level.OK, f"{loaded} loaded")


def look_at_secrets(model: Model | None, plugins: Plugins, folder: Path | None) -> Iterator[Finding]:
    """Whether the secrets' folder is private, and whether each secret the bundle names is there."""
    if folder is not None:
        yield from _look_at_secrets_folder(folder)
    if model is None:
        return
    store = plugins.secret_store()
    wanted = sorted({(each.source, each.name) for each in _references(model, plugins)})
    missing = [problem for source, name in wanted if (problem := _missing(store.get, source, name))]
    advice = "provide it; until then what needs it waits"
    yield from (Finding("secrets", Level.FAIL, problem, advice) for problem in missing)
    if not missing:
        yield Finding("secrets", Level.OK, f"{len(wanted)} named, all there")


def _look_at_secrets_folder(folder: Path) -> Iterator[Finding]:
    if not folder.is_dir():
        yield Finding("secrets", Level.FAIL, f"{folder} is no folder", "make it or change --secrets-dir")
        return
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.stat().st_mode & 0o007:
            yield Finding("secrets", Level.WARN, f"everybody may read {path}", f"run `chmod o= {path}`")


def _references(model: Model, plugins: Plugins) -> Iterator[SecretReference]:
    for action in (action for subscriber in model.subscribers for action in subscriber.actions):
        target = action.target
        yield from _references_in(action.lapp.config if action.lapp else {}, plugins)
        yield from (value for _, value in (*target.query, *target.headers) if not isinstance(value, str))
        yield from _references_in(target.auth.config if target.auth else {}, plugins)
    for notifier in model.notifiers:
        yield from _references_in(notifier.config, plugins)


def _references_in(value: JSON | Mapping[str, JSON], plugins: Plugins) -> Iterator[SecretReference]:
    """A map whose only key is a secret source is a reference, wherever a plugin has one."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if len(value) == 1 and key in plugins.secrets and isinstance(inner, str):
                yield SecretReference(key, inner)
            yield from _references_in(inner, plugins)
    elif isinstance(value, list):
        for inner in value:
            yield from _references_in(inner, plugins)


def _missing(get: Callable[[str, str], str], source: str, name: str) -> str | None:
    try:
        get(source, name)
    except PluginError as error:
        return str(error)
    return None


def look_at_names(model: Model | None, lookup: Callable[[str], object] | None = None) -> Iterator[Finding]:
    """Whether localhost and the hosts the bundle calls can be looked up, each within 3 s."""
    hosts = {"localhost"}
    for subscriber in model.subscribers if model else ():
        hosts |= {urlsplit(action.target.url).hostname or "" for action in subscriber.actions}
    failed = _look_up(sorted(hosts - {""}), lookup or (lambda host: socket.getaddrinfo(host, None)))
    advice = "check the name in the bundle and this machine's DNS"
    yield from (Finding("dns", Level.WARN, f"{host}: {reason}", advice) for host, reason in failed)
    if not failed:
        yield Finding("dns", Level.OK, f"{len(hosts - {''})} names found")


def _look_up(hosts: Sequence[str], lookup: Callable[[str], object]) -> list[tuple[str, str]]:
    answers: SimpleQueue[tuple[str, str]] = SimpleQueue()

    def ask(host: str) -> None:
        try:
            lookup(host)
            answers.put((host, ""))
        except (OSError, UnicodeError) as error:
            answers.put((host, str(error)))

    for host in hosts:  # a thread each, as a lookup cannot be told to give up
        threading.Thread(target=ask, args=(host,), daemon=True).start()
    failed: list[tuple[str, str]] = []
    open_, deadline = set(hosts), time.monotonic() + LOOKUP_SECONDS
    while open_:
        try:
            host, reason = answers.get(timeout=max(0.0, deadline - time.monotonic()))
        except Empty:
            return failed + [(host, f"no answer in {LOOKUP_SECONDS:g} s") for host in sorted(open_)]
        open_.discard(host)
        if reason:
            failed.append((host, reason))
    return failed
