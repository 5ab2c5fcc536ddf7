"""/metrics, for Prometheus: how the processes and the log are, never what events say.

The name of a type, a pattern or a subscription may be a word of some board. So names are told to whoever may read every
board, by a token or a session; others are told the types of the vocabulary, and of everything else the numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import Error
from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from marcus_events import default_events
from marcus_events.access import open_connections
from marcus_events.api.endpoint import caller_of, permitted, refused, visibility_in
from marcus_events.core.event_types import MEANINGS
from marcus_events.core.problem import Problem
from marcus_events.live.hub import get_hub
from marcus_events.log import read
from marcus_events.log.projection_lag import read_lags
from marcus_events.projections import PROJECTIONS
from marcus_events.subscriptions.overview import states
from marcus_events.webhooks.deliveries import count_by_status

STORED = ("stored", "slowed", "spooled", "refused", "lost", "set_aside")
MAX_TYPES = 200  # series of their own; the rest is counted together, since a type's name may come from anyone
OTHERS, ALL = "(others)", "(all)"
FAMILIES: dict[str, tuple[type[CounterMetricFamily | GaugeMetricFamily], str]] = {
    "in_flight": (GaugeMetricFamily, "Events being handled in the background"),
    "shed": (CounterMetricFamily, "Events whose handlers were skipped under load"),
    **{f"events_{name}": (CounterMetricFamily, f"Events that were {name}") for name in STORED},
    "events_waiting": (GaugeMetricFamily, "Events waiting to be stored"),
}


def metrics(request: HttpRequest) -> HttpResponse:
    registry = CollectorRegistry(auto_describe=False)
    try:
        registry.register(Everything(names=may_know_names(request)))
    except Problem as problem:
        return refused(request, problem)
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def may_know_names(request: HttpRequest) -> bool:
    """Raises Problem for a token that is wrong, or may not read. Nobody is known while the database is away."""
    try:
        if not caller_of(request).secret and not request.user.is_authenticated:
            return False
        return visibility_in(request, permitted(request, "read")).boards is None
    except Error:
        return False


class Everything(Collector):
    def __init__(self, *, names: bool) -> None:
        self.names = names

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "marcus_hub_connections", "Live pages and programs connected to this process", get_hub().connections
        )
        yield of_connections()
        yield from of_events(default_events.metrics(), names=self.names)
        try:
            yield from [*of_log(), *of_subscriptions(names=self.names), of_webhooks()]
            yield GaugeMetricFamily("marcus_database_up", "Whether the database responds", 1)
        except Error:
            yield GaugeMetricFamily("marcus_database_up", "Whether the database responds", 0)


def of_connections() -> Metric:
    found = GaugeMetricFamily(
        "marcus_open_connections", "Open requests, waits and WebSockets of this process", labels=["of"]
    )
    for name, number in open_connections.open_counts().items():
        found.add_metric([name], number)
    return found


def of_log() -> Iterator[Metric]:
    yield GaugeMetricFamily("marcus_log_position", "The newest position of the log", read.head().position)
    events = GaugeMetricFamily("marcus_projection_lag", "Positions behind the log", labels=["projection"])
    seconds = GaugeMetricFamily(
        "marcus_projection_lag_seconds", "Age of the oldest event that was not applied", labels=["projection"]
    )
    for name, lag in read_lags([projection.name for projection in PROJECTIONS]).items():
        events.add_metric([name], lag.events)
        seconds.add_metric([name], lag.seconds)
    yield from (events, seconds)


def of_subscriptions(*, names: bool) -> Iterator[Metric]:
    """Without names, how far the last one is behind, and what all have parked."""
    lag = GaugeMetricFamily("marcus_subscription_lag", "Positions behind the log", labels=["subscription"])
    parked = GaugeMetricFamily(
        "marcus_subscription_parked", "Events parked after a handler failure", labels=["subscription"]
    )
    found = states()
    for state in found if names else ():
        lag.add_metric([state.name], state.lag)
        parked.add_metric([state.name], state.parked)
    if found and not names:
        lag.add_metric([ALL], max(state.lag for state in found))
        parked.add_metric([ALL], sum(state.parked for state in found))
    yield from (lag, parked)


def of_webhooks() -> Metric:
    found = GaugeMetricFamily(
        "marcus_webhook_deliveries", "Deliveries to webhooks; those that arrived within 30 days", labels=["status"]
    )
    for status, number in count_by_status().items():
        found.add_metric([status], number)
    return found


def of_events(metrics: dict[str, dict[str, Any]], *, names: bool) -> Iterator[Metric]:
    """What `Events.metrics()` gives in each process."""
    if not metrics:
        return
    rows = [
        row | {"process": process}
        for process, counted in metrics.items()
        for row in (counted["handlers"] if names else together(counted["handlers"]))
    ]
    yield from of_handlers(rows)
    published = CounterMetricFamily("marcus_published", "Published events", labels=["process", "type"])
    for process, counted in metrics.items():
        for name, count in by_type(counted["types"], names=names).items():
            published.add_metric([process, name], count)
    yield published
    for name, (family, what) in FAMILIES.items():
        found = family(f"marcus_{name}", what, labels=["process"])
        for process, counted in metrics.items():
            found.add_metric([process], (counted | counted["storing"])[name.removeprefix("events_")])
        yield found


def of_handlers(rows: list[dict[str, Any]]) -> Iterator[Metric]:
    labels = ["process", "pattern", "handler"]
    for name, what in (("calls", "Calls"), ("errors", "Failures"), ("timeouts", "Calls that timed out")):
        family = CounterMetricFamily(f"marcus_handler_{name}", what, labels=labels)
        for row in rows:
            family.add_metric([row[label] for label in labels], row[name])
        yield family
    seconds = GaugeMetricFamily("marcus_handler_seconds", "Duration of the last calls", labels=[*labels, "quantile"])
    for row in rows:
        for rank in (50, 95, 99):
            if (found := row[f"p{rank}_ms"]) is not None:
                seconds.add_metric([*(row[label] for label in labels), f"0.{rank}"], found / 1_000)
    yield seconds


def together(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All handlers as one, whose quantiles nobody knows."""
    if not rows:
        return []
    counts = {name: sum(row[name] for row in rows) for name in ("calls", "errors", "timeouts")}
    return [{"pattern": ALL, "handler": ALL, "p50_ms": None, "p95_ms": None, "p99_ms": None} | counts]


def by_type(types: dict[str, dict[str, float]], *, names: bool) -> dict[str, float]:
    """The most frequent ones come first."""
    told = [(name, found) for name, found in types.items() if names or name in MEANINGS]
    named = dict(told[:MAX_TYPES])
    counts = {name: found["count"] for name, found in named.items()}
    if more := sum(found["count"] for name, found in types.items() if name not in named):
        counts[OTHERS] = counts.get(OTHERS, 0) + more
    return counts
