# SPDX-License-Identifier: EUPL-1.2
"""`/metrics` of `snodo worker`, which tells other systems and serves nobody: what it does that a hub that serves does, too."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.types import ASGIApp

from connectors.exchange import Exchange
from hub.access.log_months import LogMonths
from hub.http.agency_metrics import AgencyMetrics
from hub.http.metrics import register_background
from hub.http.probes import metrics_route

LOOPBACK = "127.0.0.1"
"""The only address it is told at: there is nobody to be let in, and nothing else to ask."""


def worker_metrics(
    exchanges: Sequence[Exchange],
    months: LogMonths,
    sequencing: Callable[[], float],
    spans: Collector | None,
) -> ASGIApp:
    """An application of this one route. `spans`: how many were taken note of, where somebody counts."""
    metrics = CollectorRegistry()
    register_background(metrics, months, sequencing)
    metrics.register(AgencyMetrics(exchanges))
    if spans is not None:
        metrics.register(spans)
    return Starlette(routes=[metrics_route(metrics)])
