"""What stands in `deploy/` is read by those who know the formats, and agrees with what we do."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from compose_spec import PyCompose

from hookwright.engine.worker.drain import GRACE, LAST_WORDS

DEPLOY = Path(__file__).parents[1] / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
CONTAINERFILE = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
NEEDED = GRACE + LAST_WORDS + 5  # seconds from SIGTERM to the end, with room to spare


def test_the_containerfile_passes_its_linter():
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, DEPLOY / "Containerfile"], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("", 0)


def test_the_image_runs_as_nobody_special_and_says_how_it_is():
    last = CONTAINERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER (?!0)\d+:\d+$", last, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK (.|\n)*/livez", last, re.MULTILINE)
    assert re.search(r"^STOPSIGNAL SIGTERM$", last, re.MULTILINE)
    assert "COPY . " not in last, "the sources stay behind"


def test_the_compose_file_is_one_and_gives_nothing_away():
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    whole = yaml.safe_load(text)  # it knows no merge keys, which compose does
    PyCompose.from_json(json.dumps(whole))
    services = whole["services"]
    assert set(services) == {"server", "worker", "valkey"}
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert int(service["stop_grace_period"].removesuffix("s")) >= NEEDED, name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ())), name
    assert "noeviction" in services["valkey"]["command"]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_is_one_and_waits_for_the_grace(path, tmp_path):
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read_string(path.read_text(encoding="utf-8"))
    service = unit["Service"]
    assert (service["Type"], service["KillSignal"], service["NoNewPrivileges"]) == ("exec", "SIGTERM", "yes")
    assert int(service["TimeoutStopSec"].removesuffix("s")) >= NEEDED
    assert service["User"] != "root"
    if analyze := shutil.which("systemd-analyze"):  # not on every machine
        copy = tmp_path / path.name
        program = service["ExecStart"].split()[0]
        copy.write_text(path.read_text(encoding="utf-8").replace(program, "/bin/true"), encoding="utf-8")
        done = subprocess.run([analyze, "verify", copy], capture_output=True, text=True, check=False)
        assert (done.stderr, done.returncode) == ("", 0)
