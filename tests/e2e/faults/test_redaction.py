"""What is redacted is in nothing that is kept or said, even where receivers send back all they got."""

from __future__ import annotations

import base64
import json
import random
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, quote_plus, urlencode

import pytest

from hookwright.engine.history.row import Filter

BUNDLE = """
version: 1
bundle: secrets
defaults: {{retry: {{attempts: 2, initial: 50ms}}}}
webhooks:
  - id: exact
    event: Lead_Post_Create
    url: "{url}/exact"
  - id: form
    event: Lead_Post_Create
    url: "{url}/form"
    content_type: application/x-www-form-urlencoded
    headers: {{X-Key: {{env: E2E_KEY}}}}
    auth: {{type: basic, user: ada, password: {{env: E2E_KEY}}}}
    query: {{pw: {{env: E2E_KEY}}}}
    redact: [data.Mail, data.People.Phone]
  - {{id: get, event: Lead_Post_Create, method: GET, url: "{url}/get", redact: [data.Pin]}}
  - id: many
    event: Lead_Post_Create
    url: "{url}/many"
    batch: {{window: 200ms, key: data.Mail}}
    redact: [data.Mail]
  - id: filled
    event: Lead_Post_Create
    url: "{url}/filled/{{{{ data.Mail | upper }}}}?pin={{{{ data.Pin }}}}"
    headers: {{X-Mail: "{{{{ data.Mail[:12] | upper }}}}"}}
    body: {{mail: "{{{{ data.Mail | upper }}}}", phone: "tel:{{{{ data.People[0].Phone }}}}"}}
    redact: [data.Pin]
  - {{id: odd, event: Lead_Post_Create, url: "{url}/odd", if: "data.Mail > 5"}}
"""


class Echo(BaseHTTPRequestHandler):
    """Says everything it was told, in each of the ways that occur, and a traceback."""

    protocol_version = "HTTP/1.1"

    def handle_one_call(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))) if self.command == "POST" else b""
        self.server.bodies.setdefault(self.path.partition("?")[0], []).append(body)
        said = f"{self.requestline}\n{self.headers}\n{body.decode()}"
        try:
            raise ValueError(said)
        except ValueError:
            trace = traceback.format_exc()
        answer = json.dumps(
            {"got": said, "quoted": quote(said), "plus": quote_plus(said), "trace": trace}
        ).encode()
        self.send_response(500, "no")
        self.send_header("X-Echo", quote(said[:4000]))
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = handle_one_call  # noqa: N815  # as the library calls them

    def log_message(self, *_):
        pass


@pytest.fixture
def echo():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.bodies = {}
    server.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def spelled(value):
    return {value, json.dumps(value)[1:-1], quote(value, safe=""), quote_plus(value), quote(value)}


def found_in(text, secrets):
    return sorted(name for name, value in secrets.items() for each in spelled(value) if each in text)


@pytest.mark.fault(69)
def test_no_redacted_value_is_in_anything_that_is_kept_or_said(serve, echo, own_valkey):
    rng = random.Random(69)
    letters = "abcdefghijkmnpqrstuvwxyz"
    secrets = {
        "mail": "".join(rng.choices(letters, k=12)) + '+"é/&@example.com',
        "phone": "+" + "".join(rng.choices("0123456789", k=11)),
        "pin": "".join(rng.choices("123456789", k=8)),
        "key": "".join(rng.choices(letters, k=20)),
    }
    derived = {"upper": secrets["mail"].upper(), "start": secrets["mail"][:12].upper()}
    data = json.dumps(
        {
            "Mail": secrets["mail"],
            "Pin": int(secrets["pin"]),
            "People": [{"Phone": secrets["phone"]}],
            "Note": f"ask {secrets['mail']} at {secrets['phone']}",
        },
        indent=1,
    ).encode()
    environment = {"E2E_KEY": secrets["key"], "HOOKWRIGHT_REDIS_URL": own_valkey.url}
    server = serve(BUNDLE.format(url=echo.url), environment=environment)
    event = b'{"type": "Lead_Post_Create", "id": "1", "source": "/s", "data": ' + data + b"}"
    _, said = server.post(event)
    rows = [server.ended(each["id"]) for each in said["deliveries"] if not each["batched"]]
    server.until(lambda: len(echo.bodies.get("/many", ())) == 2)
    (batch,) = server.until(lambda: server.reader().list(Filter(kind="batch")))
    rows.append(server.ended(batch.id))
    assert {row.status for row in rows} == {"Failure"}
    again = server.post(event)[1]
    assert again["duplicate"] is True
    code, answered, _ = server.run("replay", rows[0].id)
    assert code == 0, answered

    def replayed():
        return len(echo.bodies["/exact"]) == 4

    server.until(replayed)
    assert set(echo.bodies["/exact"]) == {data}
    assert [json.loads(each) for each in echo.bodies["/many"]] == [[json.loads(data)]] * 2
    assert json.loads(echo.bodies[f"/filled/{quote(derived['upper'], safe='')}"][0]) == {
        "mail": derived["upper"],
        "phone": f"tel:{secrets['phone']}",
    }
    assert urlencode({"Mail": secrets["mail"]}).encode() in echo.bodies["/form"][0]

    secrets |= derived
    told = [json.dumps(server.show(row.id)) for row in rows]
    told += [server.run("history", "show", row.id)[1] for row in rows[:2]]
    assert all("[redacted]" in each for each in told), told
    assert found_in("\n".join([*told, server.run("history", "list", "-o", "json")[1]]), secrets) == []
    server.stop()
    kept = [path for path in server.state.rglob("*") if path.is_file()]
    assert {"sealing-key", "index.sqlite"} <= {path.name for path in kept}
    for path in [*kept, server.log]:
        assert found_in(path.read_bytes().decode(errors="replace"), secrets) == [], path
        encoded = {name: base64.b64encode(value.encode()).decode()[:-4] for name, value in secrets.items()}
        assert found_in(path.read_bytes().decode(errors="replace"), encoded) == [], path
