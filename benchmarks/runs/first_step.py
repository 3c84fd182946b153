"""From a sender's 202 to the request of a run's first step, in milliseconds; beside it, to that of a webhook.

`python -m benchmarks.runs.first_step` posts events at 10 and at 100 a second to a whole server. The baseline
is a webhook of the same node: beginning a run and its first step comes on top of what a delivery takes.
"""

from __future__ import annotations

import argparse

from benchmarks.latency.__main__ import paced, poster, tell
from benchmarks.latency.arrivals import Arrivals
from benchmarks.node import serving


def bundle(url: str) -> str:
    return f"""version: 1
webhooks:
  - {{id: direct, event: Lead_Post_Create, match: {{group: [0]}}, url: '{url}/direct'}}
automations:
  - id: hello
    event: Lead_Post_Create
    match: {{group: [{{anything-but: 0}}]}}
    mode: parallel
    steps:
      - post:
          url: '{url}/step'
          body: {{name: "{{{{ data.name }}}}"}}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    seconds = parser.parse_args().seconds
    arrivals = Arrivals()
    with serving(bundle(arrivals.url)) as node:
        send = poster(node)
        paced(10, 20, lambda name, _: send(name, 1), arrivals)  # all processes are up from here on
        for rate in (10, 100):
            count = int(rate * seconds)
            tell(f"202 to a webhook, {rate}/s", paced(rate, count, lambda name, _: send(name, 0), arrivals))
            tell(
                f"202 to a first step, {rate}/s", paced(rate, count, lambda name, _: send(name, 1), arrivals)
            )


if __name__ == "__main__":
    main()
