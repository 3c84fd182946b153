"""Takes the pictures under docs/images/: real commands on a real terminal, beside a real server.

Run by hand, `python docs/screenshots.py`, when what `history` prints has changed; it takes half a minute. A
receiver listens on port 8421, a server with its private Valkey works in a temporary folder.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from typing import Any, ClassVar

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

IMAGES = Path(__file__).resolve().parent / "images"
PORT = 8421
COLUMNS = 120
FONTS = "ui-monospace, 'SFMono-Regular', Menlo, Consolas, 'DejaVu Sans Mono', monospace"
THEME = TerminalTheme(
    (22, 27, 34),
    (201, 209, 217),
    [(72, 79, 88), (255, 123, 114), (63, 185, 80), (210, 153, 34), (88, 166, 255), (188, 140, 255),
     (57, 197, 207), (177, 186, 196)],
    [(110, 118, 129), (255, 161, 152), (86, 211, 100), (227, 179, 65), (121, 192, 255), (210, 168, 255),
     (86, 212, 221), (240, 246, 252)],
)  # fmt: skip

BUNDLE = f"""
version: 1
bundle: crm
webhooks:
  - {{id: leads-to-erp, event: Lead Creation, url: "http://127.0.0.1:{PORT}/leads/add?team=7"}}
  - {{id: stages-to-chat, event: Lead Stage Change, url: "http://127.0.0.1:{PORT}/chat",
      retry: {{attempts: 3, initial: 200ms}}}}
  - {{id: leads-to-archive, event: Lead Update, url: "http://127.0.0.1:{PORT}/archive",
      retry: {{attempts: 3, initial: 200ms}}}}
  - {{id: activities-to-bi, event: Lead Activity Creation, url: "http://127.0.0.1:{PORT}/activities",
      batch: {{window: 4s}}}}
  - {{id: reminders, event: Task Reminder, url: "http://127.0.0.1:{PORT}/tasks", delay: 1h}}
rules:
  - id: deals
    event: Opportunity Update
    actions:
      - post: {{url: "http://127.0.0.1:{PORT}/finance"}}
"""
STORY = (
    "Lead_Post_Create", "Lead_Post_Stage_Change", "Opportunity_Post_Update", "LeadActivity_Post_Create",
    "LeadActivity_Post_Create", "LeadActivity_Post_Create", "Lead_Post_Update", "Task_Reminder",
    "Lead_Post_Create", "Lead_Post_Create",
)  # fmt: skip
LEAD = json.dumps({
    "ProspectID": "7c9b1f0e-3a52-4d0b-9a61-0d5f2e8b4c17", "FirstName": "Asha", "LastName": "Rao",
    "EmailAddress": "asha.rao@example.com", "ProspectStage": "Qualified", "Score": "62", "mx_City": "Pune",
})  # fmt: skip


class Receiver(BaseHTTPRequestHandler):
    """Answers as LeadSquared asks receivers to; the chat fails once, the archive until it is mended."""

    protocol_version = "HTTP/1.1"
    seen: ClassVar[Counter[str]] = Counter()
    mended: ClassVar[bool] = False

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        path = self.path.partition("?")[0]
        self.seen[path] += 1
        status, said = 200, {"Status": "Success", "StatusReason": ""}
        if (path == "/chat" and self.seen[path] == 1) or (path == "/archive" and not Receiver.mended):
            status, said = 503, {"Status": "Error", "StatusReason": "down for maintenance"}
        elif path == "/leads/add" and self.seen[path] == 3:
            said = {"Status": "Error", "StatusReason": "a lead with this e-mail address exists"}
        raw = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def version_string(self) -> str:
        return "erp"

    def log_message(self, *_: Any) -> None:
        """The pictures are of the other side."""


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="hookwright-") as name, receiving(), serving(Path(name)):
        folder = Path(name)
        for number, event in enumerate(STORY, start=3142):
            data = ("-d", LEAD) if event == "Lead_Post_Create" else ()
            run(folder, "emit", "-t", event, "--source", "/crm", "--id", f"crm-{number}", *data)
            time.sleep(0.2)
        wait(folder, "--open", 1)  # the reminder
        Receiver.mended = True
        (failed,) = rows(folder, "--status", "failure")
        run(folder, "replay", failed["id"], "--wait", "--why", "the archive is back")
        told = next(
            row
            for row in rows(folder)
            if (row["receiver"] or {}).get("status") == "Error" and row["code"] == 200
        )
        picture("history-list", ["history", "list"], folder)
        picture("history-show", ["history", "show", told["id"][:12]], folder)
    print(f"wrote {', '.join(path.name for path in sorted(IMAGES.glob('*.svg')))}")


@contextmanager
def receiving() -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", PORT), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield
    server.shutdown()


@contextmanager
def serving(folder: Path) -> Iterator[None]:
    (folder / "hooks").mkdir()
    (folder / "hooks" / "webhooks.yaml").write_text(BUNDLE, encoding="utf-8")
    arguments = ["serve", "--config", "hooks", "--state", ".hookwright", "--port", "0"]
    with (folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  # our own command
            [*hookwright(), *arguments, "--allow-target", "127.0.0.0/8"],
            cwd=folder,
            stdout=log,
            stderr=log,
            env=environment(),
        )
        try:
            wait(folder, "--open", 0)
            yield
        finally:
            process.terminate()
            process.wait(20)


def hookwright() -> list[str]:
    return [sys.executable, "-m", "hookwright"]


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HOOKWRIGHT_")}
    return {**kept, "TERM": "xterm-256color", "COLUMNS": str(COLUMNS), "TZ": "UTC", "LC_ALL": "C.UTF-8"}


def run(folder: Path, *arguments: str) -> str:
    done = subprocess.run(  # noqa: S603  # our own command
        [*hookwright(), *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)}: {done.stderr}")
    return done.stdout


def rows(folder: Path, *filters: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run(folder, "history", "list", "-o", "json", *filters))[
        "deliveries"
    ]
    return found


def wait(folder: Path, filter_: str, number: int) -> None:
    """Until the server is there and so many deliveries fit."""
    deadline = time.monotonic() + 60
    while not (folder / ".hookwright" / "server.json").exists() or len(rows(folder, filter_)) != number:
        if time.monotonic() > deadline:
            raise SystemExit((folder / "serve.log").read_text(encoding="utf-8"))
        time.sleep(0.2)


def picture(name: str, arguments: Sequence[str], folder: Path) -> None:
    """Run the command on a terminal and draw what it wrote, with the prompt above it."""
    prompt = Text.assemble(("$ ", "green"), " ".join(["hookwright", *arguments]))
    console = Console(
        record=True, width=COLUMNS, file=StringIO(), force_terminal=True, color_system="standard"
    )
    console.print(prompt, Text.from_ansi(on_a_terminal(arguments, folder).replace("\r\n", "\n")), sep="\n")
    svg = console.export_svg(title="hookwright", theme=THEME, unique_id=name)
    svg = re.sub(r"\s*@font-face \{.*?\}\n", "", svg, flags=re.DOTALL)  # nothing is fetched
    svg = re.sub(r"font-family: (Fira Code|arial)[^;]*;", f"font-family: {FONTS};", svg)
    (IMAGES / f"{name}.svg").write_text(
        "".join(f"{line.rstrip()}\n" for line in svg.splitlines()), encoding="utf-8"
    )


def on_a_terminal(arguments: Sequence[str], folder: Path) -> str:
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 60, COLUMNS, 0, 0))
    process = subprocess.Popen(  # noqa: S603  # our own command
        [*hookwright(), *arguments],
        cwd=folder,
        env=environment(),
        stdin=follower,
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)
    seen = b""
    try:
        while block := os.read(leader, 65536):
            seen += block
    except OSError:  # Linux says EIO at the end
        pass
    process.wait()
    os.close(leader)
    return seen.decode()


if __name__ == "__main__":
    main()
