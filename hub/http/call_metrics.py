# SPDX-License-Identifier: EUPL-1.2
"""Calls taken and refused, for `/metrics`. By window, never by consumer: who asks how often stands in the database."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from hub.access.rate import RateLimiter
from hub.http.attempts import FailedAttempts


class CallMetrics(Collector):
    """Counters that the limiter keeps as plain numbers."""

    def __init__(self, limiter: RateLimiter, attempts: FailedAttempts) -> None:
        self._limiter = limiter
        self._attempts = attempts

    def collect(self) -> Iterator[Metric]:
        """Each counter as it stands."""
        limiter = self._limiter
        for name, meaning, value in (
            ("calls_taken", "Calls counted and answered", limiter.taken),
            ("call_leases", "Leases of calls made in the database", limiter.leases),
            ("calls_leased", "Calls leased by them", limiter.leased),
            ("calls_given_back", "Calls leased, not used, and given back", limiter.given_back),
            (
                "attempts_refused",
                "Requests refused for their address's failed authentications",
                self._attempts.refused,
            ),
        ):
            yield CounterMetricFamily(f"snodo_{name}", meaning, value=value)
        refused = CounterMetricFamily(
            "snodo_calls_refused", "Calls refused, by the window that was used up", labels=["window"]
        )
        for window, number in limiter.refused.items():
            refused.add_metric([window.value], number)
        yield refused
