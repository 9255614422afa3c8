# SPDX-License-Identifier: EUPL-1.2
"""Calls to agencies, for `/metrics`: by agency and operation, whose names are the hub's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from connectors.breaker import State
from connectors.calls import BOUNDS, CallAccount, Outcome
from connectors.exchange import Exchange

LABELS = ["agency", "operation"]
COUNTERS = (
    ("attempts", "Requests sent to agencies, first attempts and others"),
    ("retries", "Of them, those that were not the first"),
    ("joined", "Callers who shared a call that another had begun"),
    ("invalid", "Answers that came, and were none their contract allows"),
    ("bytes_sent", "Bytes of the bodies sent to agencies"),
    ("bytes_received", "Bytes of the bodies taken from agencies"),
)


class AgencyMetrics(Collector):
    """What the exchanges keep as plain numbers."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self._exchanges = exchanges

    def collect(self) -> Iterator[Metric]:
        """Each figure as it stands."""
        calls = CounterMetricFamily(
            "snodo_agency_calls", "Calls to agencies, by how they ended", labels=[*LABELS, "outcome"]
        )
        lasted = HistogramMetricFamily(
            "snodo_agency_call_seconds", "How long they lasted, retries included", labels=LABELS
        )
        counters = [
            (name, CounterMetricFamily(f"snodo_agency_{name}", meaning, labels=LABELS))
            for name, meaning in COUNTERS
        ]
        for exchange in self._exchanges:
            for operation, account in exchange.accounts.items():
                labels = [exchange.name, operation]
                for outcome in Outcome:
                    if account.ended[outcome]:
                        calls.add_metric([*labels, outcome.value], account.ended[outcome])
                lasted.add_metric(labels, _buckets(account), account.seconds)
                for name, family in counters:
                    family.add_metric(labels, getattr(account, name))
        yield calls
        yield lasted
        for _, family in counters:
            yield family
        yield from self._states()

    def _states(self) -> Iterator[Metric]:
        breaker = GaugeMetricFamily(
            "snodo_agency_breaker", "1 for the state a breaker is in", labels=[*LABELS, "state"]
        )
        failing = GaugeMetricFamily(
            "snodo_agency_failure_rate", "Share of the calls in a breaker's window that failed", labels=LABELS
        )
        budget = GaugeMetricFamily(
            "snodo_agency_retry_budget", "Retries that may be made now", labels=["agency"]
        )
        in_use = GaugeMetricFamily("snodo_agency_calls_in_use", "Calls under way", labels=["agency"])
        waiting = GaugeMetricFamily(
            "snodo_agency_calls_waiting", "Calls that wait for a place", labels=["agency"]
        )
        for exchange in self._exchanges:
            status = exchange.status
            budget.add_metric([status.agency], status.retry_budget)
            in_use.add_metric([status.agency], status.in_use)
            waiting.add_metric([status.agency], status.waiting)
            for one in status.operations:
                for state in State:
                    breaker.add_metric([status.agency, one.operation, state.value], float(one.state is state))
                failing.add_metric([status.agency, one.operation], one.failure_rate)
        yield from (breaker, failing, budget, in_use, waiting)


def _buckets(account: CallAccount) -> list[tuple[str, float]]:
    """The histogram's buckets as Prometheus has them: cumulative, each by its upper bound."""
    bounds = [*(str(bound) for bound in BOUNDS), "+Inf"]
    return list(zip(bounds, map(float, accumulate(account.buckets)), strict=True))
