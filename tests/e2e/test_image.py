"""The steps of the image, taken without an engine: installed from the lock, run by somebody else on a tree
that cannot be written, and stopped as an engine stops it."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import urllib.request
from pathlib import Path

import pytest

from hookwright.engine.worker.drain import GRACE, LAST_WORDS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
CONTAINERFILE = (ROOT / "deploy" / "Containerfile").read_text(encoding="utf-8")
SYNC = re.search(r"uv sync .*", CONTAINERFILE)
NOBODY = 10001
BUNDLE = "version: 1\nbundle: image\nwebhooks:\n  - {id: a, event: Lead_Post_Create, url: 'URL'}\n"


@pytest.fixture
def image():
    """A folder that everybody may read, with the environment as the image has it."""
    folder = Path(tempfile.mkdtemp(prefix="hw-image-"))
    folder.chmod(0o755)
    environment = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(folder / "env"), "UV_LINK_MODE": "copy"}
    environment.pop("VIRTUAL_ENV", None)
    command = [*shlex.split(SYNC[0]), "--python", "/usr/bin/python3", "--quiet"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=300)
    (folder / "hooks").mkdir()
    yield folder
    shutil.rmtree(folder)


def test_it_serves_as_another_user_on_a_read_only_tree_and_ends_within_the_grace(image, receiver, until):
    sink = receiver()
    (image / "hooks" / "a.yaml").write_text(BUNDLE.replace("URL", sink.url), encoding="utf-8")
    state = image / "state"
    state.mkdir(mode=0o700)
    os.chown(state, NOBODY, NOBODY)
    environment = {
        "PATH": f"{image}/env/bin:/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOOKWRIGHT_CONFIG": str(image / "hooks"),
        "HOOKWRIGHT_STATE": str(state),
        "HOOKWRIGHT_ALLOW_TARGET": "127.0.0.0/8",
    }
    drop = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs"]
    command = [*drop, "hookwright", "serve", "--host", "0.0.0.0", "--port", "0"]
    log = image / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=state, env=environment, stdout=out, stderr=out)
    try:
        until(lambda: (state / "server.json").exists() or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        url = "http://127.0.0.1:" + json.loads((state / "server.json").read_text())["url"].rpartition(":")[2]
        until(lambda: _status(url + "/readyz") == 200)
        check = json.loads(re.search(r"^\s+CMD (\[.*\])$", CONTAINERFILE, re.MULTILINE)[1])
        check[-1] = check[-1].replace("http://127.0.0.1:8420", url)
        subprocess.run([*drop, *check], env=environment, check=True, timeout=10)
        token = (state / "token").read_text().strip()
        body = b'{"type": "Lead_Post_Create", "data": {}}'
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        with urllib.request.urlopen(urllib.request.Request(url + "/v1/events", body, headers)) as answer:
            assert answer.status == 202
        until(lambda: sink.arrivals.all)
        process.send_signal(signal.SIGTERM)
        assert process.wait(GRACE + LAST_WORDS + 5) == 0, log.read_text()
        owned = {path.stat().st_uid for path in (image / "env").rglob("*.py")}
        assert owned == {os.getuid()}, "nothing of the tree was written by it"
    finally:
        process.kill()
        process.wait()


def _status(url):
    try:
        return urllib.request.urlopen(url, timeout=2).status
    except OSError:
        return None
