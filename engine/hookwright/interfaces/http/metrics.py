"""`/metrics`: what the API counts itself, and what history and ledger know, for Prometheus."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from typing import Any, TypeAlias

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from hookwright.engine.history.index_view import HistoryUnavailable

Counts: TypeAlias = Callable[[], Mapping[str, int]]
Notices: TypeAlias = Callable[[], Mapping[tuple[str, str], int]]

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second number beside every counter that nobody asks for
_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)


class Metrics:
    """The numbers of one server; a registry of its own, so that two servers in one process do not mix."""

    def __init__(self, counts: Counts, depth: Counts, notices: Notices, resting: Counts) -> None:
        """`counts` are deliveries by status, `depth` by state, `notices` by notifier and status.

        `resting` are endpoints by what keeps them from calling.
        """
        self.registry = CollectorRegistry(auto_describe=True)
        self._accepted = Counter(
            "hookwright_events_accepted_total", "Events accepted and on disk.", registry=self.registry
        )
        self._refused = Counter(
            "hookwright_event_requests_refused_total",
            "Requests with events that were refused, by HTTP status.",
            ["status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "hookwright_event_request_duration_seconds",
            "From the first byte of a request with events to its 202.",
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.registry.register(_Known(counts, depth, notices, resting))

    def accepted(self, answer: Any, seconds: float) -> None:
        """Counts the events of one accepted request: one, or those of a batch."""
        self._accepted.inc(len(getattr(answer, "events", (answer,))))
        self._seconds.observe(seconds)

    def refused(self, status: int) -> None:
        self._refused.labels(str(status)).inc()


class _Known(Collector):
    """Asks history and ledger when it is scraped; keeps nothing."""

    def __init__(self, counts: Counts, depth: Counts, notices: Notices, resting: Counts) -> None:
        self._resting = resting
        self._counts = counts
        self._depth = depth
        self._notices = notices

    def collect(self) -> Iterator[Metric]:
        info = GaugeMetricFamily("hookwright_build_info", "Which version runs.", labels=["version"])
        info.add_metric([version("hookwright")], 1)
        yield info
        with contextlib.suppress(HistoryUnavailable):
            counts = self._counts()
            yield _gauge("hookwright_deliveries", "Deliveries in the history, by status.", "status", counts)
            yield self._told()
        yield _gauge(
            "hookwright_queue_deliveries", "Deliveries in the ledger, by state.", "state", self._depth()
        )
        text = "Endpoints that make no calls for a time, by cause: breaker, rate, retry_after, schedule."
        yield _gauge("hookwright_endpoints_resting", text, "cause", self._resting())

    def _told(self) -> Metric:
        text = "Notices in the history, by notifier and status."
        family = GaugeMetricFamily("hookwright_notices", text, labels=["notifier", "status"])
        for labels, count in self._notices().items():
            family.add_metric(list(labels), count)
        return family

    def describe(self) -> Iterator[Metric]:
        return iter(())


def _gauge(name: str, text: str, label: str, values: Mapping[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


async def metrics(request: Request) -> Response:
    """All numbers in Prometheus' text form."""
    numbers: Metrics = request.app.state.metrics
    text = await run_in_threadpool(generate_latest, numbers.registry)
    return Response(text, media_type=CONTENT_TYPE_PLAIN_0_0_4)
