"""The demonstration: a receiver, a server on a bundle that calls it, and a stream of events."""

from __future__ import annotations

import json
import os
import string
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from random import Random

from hookwright.engine.history.history import History
from hookwright.engine.history.row import Row

from .addresses import NoServer, find_server
from .children import Child
from .client import Client, Unreachable
from .receiver import Receiver, Script

ANSWERS = {"/flaky": (500, 503, 200), "/broken": (500,)}
START_SECONDS = 20.0
STOP_SECONDS = 18.0


class DemoFailed(Exception):
    """The demonstration's server did not start or went away; the message says where its log is."""


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A running demonstration: `emit` sends the next event, `rows` are all deliveries, newest first."""

    folder: Path
    client: Client
    events: Iterator[tuple[str, dict[str, object]]]

    def emit(self) -> Sequence[str]:
        """Send the next event; the ids of its deliveries. Raises `DemoFailed`."""
        kind, data = next(self.events)
        body = json.dumps({"type": kind, "data": data}).encode()
        try:
            answer = self.client.post("/v1/events", body, "application/json")
        except Unreachable as error:
            raise DemoFailed(f"{error}; see {self.folder / 'serve.log'}") from None
        if answer.status != 202:
            raise DemoFailed(f"{answer.complaint}; see {self.folder / 'serve.log'}")
        return [each["id"] for each in answer.body["deliveries"]]

    def rows(self, limit: int) -> Sequence[Row]:
        return History(self.folder / "state").list(limit=limit)


@contextmanager
def demonstrate(folder: Path, *, workers: int = 1) -> Iterator[Demonstration]:
    """Run everything under `folder` until the end of the block. Raises `DemoFailed`."""
    with ExitStack() as stack:
        receiver = stack.enter_context(Receiver(script=Script(paths=ANSWERS)))
        bundle = folder / "hooks"
        bundle.mkdir(parents=True, exist_ok=True)
        text = files(__package__ or "").joinpath("demo.yaml").read_text(encoding="utf-8")
        text = string.Template(text).substitute(receiver=receiver.url)
        (bundle / "webhooks.yaml").write_text(text, encoding="utf-8")
        log = stack.enter_context((folder / "serve.log").open("wb"))
        arguments = ["serve", "--config", str(bundle), "--state", str(folder / "state"), "--port", "0"]
        arguments += ["--workers", str(workers), "--allow-target", "127.0.0.0/8", "--stop-at-eof"]
        server = Child("serve", arguments, os.environ, clock=time.monotonic, output=log.fileno())
        server.start()
        stack.callback(_end, server)
        client = _client(server, folder)
        yield Demonstration(folder, client, sample_events(Random(7)))  # noqa: S311  # the same story each time


def _client(server: Child, folder: Path) -> Client:
    deadline = time.monotonic() + START_SECONDS
    while server.running and time.monotonic() < deadline:
        try:
            client = Client(find_server(None, None, folder / "state"))
            if client.get("/readyz").status == 200:
                return client
        except (NoServer, Unreachable):
            pass
        time.sleep(0.05)
    raise DemoFailed(f"the server did not start; see {folder / 'serve.log'}")


def _end(server: Child) -> None:
    server.hang_up()
    server.wait(STOP_SECONDS)


def sample_events(random: Random) -> Iterator[tuple[str, dict[str, object]]]:
    """Types and data of events as a CRM sends them: strings, snapshots before and after."""
    number = 0
    while True:
        number += 1
        kind = ("lead", "lead", "deal", "task", "done")[number % 5]
        yield _SAMPLES[kind](number, random)


def _lead(number: int, random: Random) -> tuple[str, dict[str, object]]:
    stage = random.choice(["Open", "Qualified", "Hot: call back", "Lost"])
    lead = {"ProspectID": f"p-{number}", "FirstName": random.choice(["Asha", "Ravi", "Mei", "Lena"])}
    return "Lead_Post_Create", {**lead, "ProspectStage": stage, "Score": str(random.randint(0, 100))}


def _deal(number: int, random: Random) -> tuple[str, dict[str, object]]:
    deal = {"OpportunityId": f"o-{number}", "Amount": str(random.randint(1, 90) * 1000)}
    after = random.choice(["Won", "Won", "Lost"])
    return "Opportunity_Post_Update", {
        "Before": {**deal, "Status": "Open"},
        "After": {**deal, "Status": after},
    }


def _task(number: int, _random: Random) -> tuple[str, dict[str, object]]:
    return "Task_Create", {"UserTaskId": f"t-{number}", "Name": "Call back", "StatusCode": "0"}


def _done(number: int, _random: Random) -> tuple[str, dict[str, object]]:
    return "Task_Complete", {"UserTaskId": f"t-{number}", "Name": "Call back", "StatusCode": "1"}


_SAMPLES = {"lead": _lead, "deal": _deal, "task": _task, "done": _done}
