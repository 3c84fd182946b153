"""The wire alone: bare pycurl `CurlMulti` with the headers of a signed call, and nothing else.

`python -m benchmarks.delivery.bare URL TOTAL` sends so many requests to a hundred paths under URL.
"""

from __future__ import annotations

import sys

import pycurl

IN_FLIGHT = 64
BODY = b'{"ProspectID":"7","Notes":"' + b"x" * 980 + b'"}'
HEADERS = [
    "Content-Type: application/json",
    "User-Agent: Hookwright/0",
    "webhook-id: msg_abcdefghijklmnopqrstuvwxyz",
    "webhook-timestamp: 1790000000",
    "webhook-signature: v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    "Accept-Encoding: identity",
    "Accept:",
    "Expect:",
]


def handle(sink: list[bytes]) -> pycurl.Curl:
    made = pycurl.Curl()
    made.setopt(pycurl.NOSIGNAL, 1)
    made.setopt(pycurl.POST, 1)
    made.setopt(pycurl.HTTPHEADER, HEADERS)
    made.setopt(pycurl.POSTFIELDS, BODY)
    made.setopt(pycurl.WRITEFUNCTION, sink.append)
    return made


def main(url: str, total: int) -> None:
    multi = pycurl.CurlMulti()
    kept: list[bytes] = []
    spare = [handle(kept) for _ in range(IN_FLIGHT)]
    started = ended = 0
    while ended < total:
        while spare and started < total:
            curl = spare.pop()
            curl.setopt(pycurl.URL, f"{url}/{started % 100}?entityType=webhook&entityId=hook&eventType=Bench")
            multi.add_handle(curl)
            started += 1
        multi.perform()
        _, fine, failed = multi.info_read()
        for curl in [*fine, *(each[0] for each in failed)]:
            multi.remove_handle(curl)
            spare.append(curl)
            ended += 1
        kept.clear()
        if not fine:
            multi.select(1.0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
