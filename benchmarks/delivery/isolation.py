"""Ten of a hundred endpoints hang: what becomes of the deliveries to the others.

All deliveries are due before the worker starts; the ten receivers take requests and never answer.
"""

from __future__ import annotations

import os
import socket

from benchmarks.delivery.__main__ import ENDPOINTS, SECRET, accept, bundle, worker
from benchmarks.delivery.receiver import sink
from benchmarks.node import pin, serving

HANGING = 10
EACH = 40  # deliveries an endpoint


def main() -> None:
    os.environ.update(SECRET)
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as hole, sink() as target:
        port = hole.getsockname()[1]
        text = bundle(target.url)
        for number in range(HANGING):
            text = text.replace(f"'{target.url}/{number}'", f"'http://127.0.0.1:{port}/{number}'")
        with serving(text, workers=0) as node:
            for process in node.processes().values():
                pin(process.pid, 1)
            accept(node, ENDPOINTS * EACH)
            process = worker(node)
            healthy = (ENDPOINTS - HANGING) * EACH
            first, _ = target.wait(1)
            last, arrived = target.wait(healthy)
            process.terminate()
            process.wait()
    counts = f"{arrived} of {healthy} healthy deliveries in {last - first:.2f} s"
    print(f"isolation: {counts}; {HANGING} endpoints hang")


if __name__ == "__main__":
    main()
