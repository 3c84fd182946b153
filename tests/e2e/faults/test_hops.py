"""A receiver posts every delivery back to our door: the circle ends, and each round of it has a record."""

from __future__ import annotations

import pytest

BUNDLE = """
version: 1
bundle: circle
webhooks:
  - {{id: circle, event: com.example.again, url: "{url}/again"}}
"""
EVENT = {"type": "com.example.again", "data": {}}


@pytest.mark.fault(47)
def test_a_circle_through_our_own_door_ends_after_eight_hops(serve, receiver, until):
    back = receiver()
    server = serve(BUNDLE.format(url=back.url), arguments=["--allow-undeclared-events"])
    hops = None
    for called in range(1, 10):
        server.post(EVENT, headers={"hookwright-hops": hops} if hops else None)
        until(lambda wanted=called: len(back.arrivals.all) == wanted)
        hops = back.arrivals.all[-1].header("hookwright-hops")
        assert hops == str(called)
    _, said = server.post(EVENT, headers={"hookwright-hops": hops})
    ended = server.ended(said["deliveries"][0]["id"])
    assert (ended.status, ended.reason) == (
        "Skipped",
        "loop: the event came back to this door more than 8 times",
    )
    assert len(back.arrivals.all) == 9
