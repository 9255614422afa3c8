# SPDX-License-Identifier: EUPL-1.2
"""How the flows from and to other systems stand, for `/metrics`: by agency, channel and flow, of which there are a few."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from connectors.flow_status import FlowWatch
from hub.store.vocabulary import DeliveryState

LOOKED = "some seconds ago"


class FlowMetrics(Collector):
    """What the watch saw last; how long ago things were is reckoned when it is scraped, so that it grows while nobody can look."""

    def __init__(self, flows: FlowWatch, now: Callable[[], datetime]) -> None:
        self._flows = flows
        self._now = now

    def collect(self) -> Iterator[Metric]:
        """Each figure as it stands."""
        yield from self._outward()
        yield from self._inward()

    def _outward(self) -> Iterator[Metric]:
        open_ = GaugeMetricFamily(
            "snodo_deliveries",
            f"Facts that were not accepted by a system that is told of them, by state, {LOOKED}",
            labels=["agency", "channel", "state"],
        )
        waiting = GaugeMetricFamily(
            "snodo_deliveries_oldest_waiting_seconds",
            "How long the oldest fact that waits for a system has been waiting; 0 where none does",
            labels=["agency", "channel"],
        )
        for one in self._flows.standing.outward:
            labels = [one.agency_code, one.channel.value]
            for state, number in (
                (DeliveryState.WAITING, one.waiting),
                (DeliveryState.REFUSED, one.refused),
                (DeliveryState.EXHAUSTED, one.exhausted),
            ):
                open_.add_metric([*labels, state.value], number)
            waiting.add_metric(labels, 0.0 if one.waiting_since is None else self._seconds(one.waiting_since))
        yield open_
        yield waiting

    def _inward(self) -> Iterator[Metric]:
        aside = GaugeMetricFamily(
            "snodo_quarantined_records",
            f"Records of a flow that could not land and wait in quarantine, {LOOKED}",
            labels=["agency", "flow"],
        )
        complete = GaugeMetricFamily(
            "snodo_flow_complete_seconds",
            "How long ago a flow was last pulled to its end; +Inf of one that was begun and never ended",
            labels=["agency", "flow"],
        )
        for one in self._flows.standing.inward:
            labels = [one.agency_code, one.flow]
            aside.add_metric(labels, one.quarantined)
            if one.completed_at is not None:
                complete.add_metric(labels, self._seconds(one.completed_at))
            elif one.has_run:
                complete.add_metric(labels, math.inf)
        yield aside
        yield complete

    def _seconds(self, moment: datetime) -> float:
        return max(0.0, (self._now() - moment).total_seconds())
