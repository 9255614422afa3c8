# SPDX-License-Identifier: EUPL-1.2
"""What the hub counts, for `/metrics`. No label ever holds a value of a request."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.core import CounterMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from hub.access.log import AccessLog
from hub.access.log_months import LogMonths
from hub.http.open_streams import OpenStreams
from hub.http.watch import Watch
from hub.ledger.feed_status import FeedWatch
from hub.plan.documents import Documents
from hub.plan.runner import Runner


def registry(
    *,
    documents: Documents,
    runner: Runner,
    watch: Watch,
    opened: OpenStreams,
    log: AccessLog,
    months: LogMonths,
    feed: FeedWatch,
    sequencing: Callable[[], float],
) -> CollectorRegistry:
    """The process's own collectors; read when they are scraped, so that a request pays nothing for them."""
    collectors = CollectorRegistry()
    collectors.register(_Counted(documents, runner, watch, log))
    Gauge(
        "snodo_documents_remembered",
        "GraphQL documents that are remembered, trusted ones apart",
        registry=collectors,
    ).set_function(lambda: float(len(documents)))
    Gauge(
        "snodo_documents_bytes", "Memory of remembered documents and plans, by estimate", registry=collectors
    ).set_function(lambda: float(documents.weight))
    register_background(collectors, months, sequencing)
    for name, meaning, value in (
        ("feed_last_position", "The feed's last position", lambda: feed.last_position),
        ("feed_behind_positions", "Positions the slowest consumer has not acknowledged", lambda: feed.behind),
        (
            "feed_behind_seconds",
            "How long the oldest unacknowledged entry has been waiting",
            lambda: feed.seconds_behind,
        ),
    ):
        Gauge(f"snodo_{name}", f"{meaning}, some seconds ago", registry=collectors).set_function(value)
    Gauge("snodo_sockets_open", "WebSockets open now", registry=collectors).set_function(
        lambda: opened.sockets
    )
    Gauge("snodo_streams_open", "HTTP answers being streamed now", registry=collectors).set_function(
        lambda: opened.streams
    )
    Gauge("snodo_subscriptions_open", "Subscriptions followed now", registry=collectors).set_function(
        lambda: opened.subscriptions
    )
    return collectors


def register_background(
    collectors: CollectorRegistry, months: LogMonths, sequencing: Callable[[], float]
) -> None:
    """What is told of the work that needs no requests, wherever it is done."""
    Gauge(
        "snodo_sequencer_active", "Whether this process holds the sequencer's lock", registry=collectors
    ).set_function(sequencing)
    Gauge(
        "snodo_access_log_misplaced_lines",
        "Lines of the access log outside its months, an hour ago at most",
        registry=collectors,
    ).set_function(lambda: float(months.misplaced))


class _Counted(Collector):
    """Counters that the caches, the runner and the watch keep as plain numbers."""

    def __init__(self, documents: Documents, runner: Runner, watch: Watch, log: AccessLog) -> None:
        self._documents = documents
        self._runner = runner
        self._watch = watch
        self._log = log

    def collect(self) -> Iterator[Metric]:
        """Each counter as it stands."""
        counts = self._documents.counts
        for name, meaning, value in (
            ("documents_compiled", "GraphQL documents parsed and validated", counts.documents_compiled),
            ("documents_found", "Requests whose document was remembered", counts.documents_found),
            ("documents_dropped", "GraphQL documents forgotten to make room", counts.documents_dropped),
            ("plans_made", "Plans made", counts.plans_made),
            ("plans_found", "Times the plans of an operation were remembered", counts.plans_found),
            ("plans_dropped", "Plans forgotten to make room", counts.plans_dropped),
            ("plans_run", "Runs of plans that read", self._runner.runs),
            (
                "statements_sent",
                "Statements they were sent as; fewer, where runs went together",
                self._runner.statements,
            ),
            ("access_log_lines", "Lines of the access log written", self._log.lines),
            (
                "access_log_statements",
                "Statements they were written by; fewer, where lines went together",
                self._log.statements,
            ),
            (
                "access_log_refused",
                "Answers not given because their line could not be written",
                self._log.refused,
            ),
            ("access_log_wait_seconds", "Time answers waited for their lines", self._log.waited),
        ):
            yield CounterMetricFamily(f"snodo_{name}", meaning, value=value)
        ended = CounterMetricFamily(
            "snodo_requests_ended", "Requests ended before their answer", labels=["reason"]
        )
        for reason, number in self._watch.ended.items():
            ended.add_metric([reason], number)
        yield ended
