"""An event is expunged while everything runs: its content is nowhere any more, all else is still there."""

from __future__ import annotations

import gzip
import json
import random

BUNDLE = """
version: 1
webhooks:
  - {{id: erp, event: Lead_Post_Create, url: "{url}/erp"}}
  - {{id: get, event: Lead_Post_Create, url: "{url}/get", method: GET}}
  - {{id: open, event: Lead_Post_Create, url: "{url}/open", retry: {{attempts: 9, initial: 10m}}}}
  - {{id: lists, event: Lead_Post_Create, url: "{url}/lists", batch: {{window: 1s, max_events: 2}}}}
"""
SEED = f"{random.Random(7).getrandbits(128):032x}"


def found_in(folder, text):
    """The files below a folder that hold the text, packed or not."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            raw = path.read_bytes()
            raw = gzip.decompress(raw) if path.suffix == ".gz" else raw
            if text.encode() in raw:
                found.append(str(path))
    return found


def shown(server, delivery):
    with server.reader() as reader:
        found = reader.show(delivery)
    return found.document() if found else {"status": None, "attempts": []}


def status_of(server, delivery):
    return shown(server, delivery)["status"]


def found_in_redis(client, text):
    return [key for key in client.scan_iter() if text.encode() in (client.dump(key) or b"")]


def test_an_expunged_event_is_nowhere_and_history_and_audit_go_on(serve, receiver, own_valkey, until):
    sink = receiver({"/open": (500,) * 99})
    server = serve(BUNDLE.format(url=sink.url), environment={"HOOKWRIGHT_REDIS_URL": own_valkey.url})
    event = {"specversion": "1.0", "id": "lead-1", "source": "/crm", "type": "Lead_Post_Create"}
    cloud = {"content_type": "application/cloudevents+json"}
    status, first = server.post({**event, "subject": SEED, "data": {"Name": SEED, "N": 1}}, **cloud)
    assert status == 202
    _, other = server.post({**event, "id": "lead-2", "data": {"Name": "someone else"}}, **cloud)
    names = {each["entityId"]: each["id"] for each in first["deliveries"]}
    for each in [*first["deliveries"], *other["deliveries"]]:
        if each["entityId"] != "open":
            until(lambda name=each["id"]: status_of(server, name) == "Success")
    until(lambda: shown(server, names["open"])["attempts"])
    assert found_in(server.state, SEED)
    assert found_in(own_valkey.folder, SEED)

    code, out, err = server.run("expunge", "lead-1")
    assert (code, "--yes" in err) == (4, True), out
    code, out, err = server.run("expunge", "lead-1", "--yes", "--why", "asked for", "-o", "json")
    assert code == 0, (err, server.log.read_text())
    said = json.loads(out)
    assert (said["state"], said["source"], said["by"], said["why"]) == ("Done", "/crm", "admin", "asked for")

    assert found_in(server.state, SEED) == []
    with own_valkey.client() as client:
        assert found_in_redis(client, SEED) == []
    until(lambda: not found_in(own_valkey.folder, SEED))

    ends = {name: status_of(server, each) for name, each in names.items()}
    assert ends == {"erp": "Success", "get": "Success", "open": "Cancelled", "lists": "Success"}
    gone = shown(server, names["open"])
    assert (gone["reason"], gone["event"]["id"], gone["body"]) == ("expunged", "lead-1", "")
    assert [(each["error"], each["response"]["status"]) for each in gone["attempts"]] == [("status", 500)]
    assert shown(server, names["get"])["attempts"][0]["request"]["url"] == sink.url
    kept = {each["entityId"]: each["id"] for each in other["deliveries"]}
    assert "someone else" in shown(server, kept["erp"])["body"]
    assert status_of(server, kept["open"]) == "In Queue"
    code, out, err = server.run("audit")
    assert code == 0, (out, err)

    for again in (SEED, "another"):
        status, said = server.post({**event, "data": {"Name": again}}, **cloud)
        assert (status, said["duplicate"], said["expunged"]) == (202, True, True)
    code, _, err = server.run("replay", names["erp"])
    assert (code, "expunged" in err) == (3, True)
    assert server.run("expunge", "lead-1", "--yes")[0] == 0
    assert server.run("expunge", "lead-3", "--yes")[0] == 5
    assert found_in(server.state, SEED) == []
    server.stop()
    assert found_in(server.state, SEED) == []
