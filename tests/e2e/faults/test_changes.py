"""The configuration changes while deliveries wait or are tried again: that of now counts, nothing is lost."""

from __future__ import annotations

import pytest

BUNDLE = """
version: 1
bundle: changing
defaults: {{retry: {{attempts: 100, initial: 300ms, multiplier: 1}}}}
webhooks:
{removed}  - {{id: moved, event: Lead_Post_Create, url: "{url}/{place}"}}
  - {{id: keyed, event: Lead_Post_Create, url: "{url}/keyed", headers: {{X-Key: {{file: key}}}}}}
"""
REMOVED = '  - {{id: removed, event: Lead_Post_Create, url: "{url}/removed"}}\n'
WAITING = '  - {{id: later, event: Lead_Post_Create, delay: 1h, url: "{url}/later"}}\n'


@pytest.mark.fault(66)
def test_the_configuration_of_now_decides_what_becomes_of_deliveries_that_wait(
    serve, receiver, tmp_path, until
):
    sink = receiver({"/removed": (500,), "/old": (500,), "/keyed": (500,)})
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "key").write_text("key-before")
    both = (REMOVED + WAITING).format(url=sink.url)
    server = serve(
        BUNDLE.format(url=sink.url, removed=both, place="old"), arguments=("--secrets-dir", str(secrets))
    )
    _, said = server.post({"type": "Lead_Post_Create", "data": {"a": 1}})
    given = {each["entityId"]: each["id"] for each in said["deliveries"]}
    tried = {"/removed", "/old", "/keyed"}
    until(lambda: tried <= {arrival.path.partition("?")[0] for arrival in sink.arrivals.all})

    (secrets / "new").write_text("key-after")
    (secrets / "new").replace(secrets / "key")
    (server.config / "webhooks.yaml").write_text(BUNDLE.format(url=sink.url, removed="", place="new"))

    assert server.ended(given["moved"]).status == "Success"
    row = server.ended(given["removed"])
    assert (row.status, row.reason) == ("Cancelled", "subscriber removed")

    def keys():
        return [a.header("x-key") for a in sink.arrivals.all if a.path.startswith("/keyed")]

    until(lambda: keys()[-1] == "key-after", seconds=10)
    assert "key-before" in keys()
    assert keys() == sorted(keys(), reverse=True), "an old secret came after the new one"
    journal = b"\n".join(server.raw_journal())
    assert b"key-before" not in journal
    assert b"key-after" not in journal
