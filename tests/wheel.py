"""Builds the wheel, installs it where nothing of the project is, and checks what arrives (`just wheel`)."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("engine", "plugins", "rules", "schemas", "tests")


def run(*command: str | Path, cwd: Path) -> str:
    clean = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run(command, cwd=cwd, env=clean, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def check_content(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    strange = [name for name in names if not name.startswith(("hookwright/", "hookwright-"))]
    assert not strange, f"the wheel holds more than the package: {strange}"
    for needed in (
        "hookwright/schemas/config.schema.json",
        "hookwright/schemas/catalogues/leadsquared.yaml",
        "hookwright/schemas/presets/leadsquared.yaml",
        "hookwright/schemas/presets/standard.yaml",
        "hookwright/engine/history/index.sql",
        "hookwright/engine/ledger/lua/step.lua",
        "hookwright/interfaces/demo.yaml",
        "hookwright/engine/py.typed",
    ):
        assert needed in names, f"the wheel lacks {needed}"
    assert "hookwright/__init__.py" not in names, "hookwright is a namespace; it must not have an __init__.py"


def check_installed(wheel: Path, folder: Path) -> None:
    run("uv", "venv", "--quiet", "--python", sys.executable, folder / "env", cwd=folder)
    python = folder / "env" / "bin" / "python"
    run("uv", "pip", "install", "--quiet", "--python", python, wheel, cwd=folder)
    print(run(folder / "env" / "bin" / "hookwright", "--version", cwd=folder).strip())
    for name in FOLDERS:
        code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({name!r}) is not None)"
        run(python, "-c", code, cwd=folder)
    example = ROOT / "webhooks.example.yaml"
    print(run(folder / "env" / "bin" / "hookwright", "validate", example, cwd=folder).strip())


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="hookwright-wheel-") as name:
        folder = Path(name)
        run("uv", "build", "--quiet", "--wheel", "--out-dir", folder, ROOT, cwd=ROOT)
        (wheel,) = folder.glob("*.whl")
        check_content(wheel)
        check_installed(wheel, folder)
    print(f"{wheel.name}: installs alone, runs, and brings no folder but hookwright")


if __name__ == "__main__":
    main()
