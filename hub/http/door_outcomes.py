# SPDX-License-Identifier: EUPL-1.2
"""What came of the requests at doors beside GraphQL: counted for `/metrics`, and a line of the log for each that was refused.

Neither says anything of a person, nor of what was sent: an error's code, and which agency sent it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import structlog
from prometheus_client.core import CounterMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from hub.access.caller import Caller
from hub.access.rate import RateLimited
from hub.errors import ClientError

log = structlog.get_logger()

ANSWERED = "answered"


class DoorOutcomes:
    """What came of one door's requests so far."""

    def __init__(self, door: str) -> None:
        """Take the door's path, as the log names it."""
        self._door = door
        self.counts: Counter[str] = Counter()
        """By `answered`, or an error's code."""

    def answered(self) -> None:
        """One was."""
        self.counts[ANSWERED] += 1

    def refused(self, error: Exception, code: str, caller: Caller | None) -> None:
        """One was not, and was told this code. What broke inside is logged where it is explained (`hub.http.answers`).

        NOTE of nobody who is known, and of calls beyond a limit, there is no line: as many could be made as somebody likes.
        """
        self.counts[code] += 1
        if caller is not None and isinstance(error, ClientError) and not isinstance(error, RateLimited):
            log.warning("request.refused", door=self._door, agency=caller.agency_code, code=code)


class DoorMetrics(Collector):
    """A counter of the outcomes at doors of one kind."""

    def __init__(self, name: str, meaning: str, label: str, doors: Mapping[str, DoorOutcomes]) -> None:
        """Take the metric's name and meaning, and the doors by the value of `label`."""
        self._name = name
        self._meaning = meaning
        self._label = label
        self._doors = doors

    def collect(self) -> Iterator[Metric]:
        """The counter as it stands."""
        requests = CounterMetricFamily(self._name, self._meaning, labels=[self._label, "outcome"])
        for door, outcomes in self._doors.items():
            for outcome, number in outcomes.counts.items():
                requests.add_metric([door, outcome], number)
        yield requests
