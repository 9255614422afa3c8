# SPDX-License-Identifier: EUPL-1.2
"""An inbound run as spans: its pages, the calls that fetched them, and counts; nothing of anybody in them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from connectors.inbound import pull_admitted_households
from connectors.simulators.faults import EVERY, Fault, FaultKind
from hub.errors import UpstreamUnavailable
from hub.store.engine import Database
from tests.spans import Gathered, said_by

if TYPE_CHECKING:
    from connectors.exchange import Policy
    from tests.flows.inbound.conftest import Agencies

CALL: Any = ("INPS domande-ammesse", [("POST", [])])


async def test_a_run(agencies: Agencies, hub: Database, clock: Callable[[], datetime]) -> None:
    gathering = Gathered()
    with gathering.taking():
        report = await pull_admitted_households(
            hub.write, agencies.inps_connector(), clock=clock, page_size=15
        )
    [run] = gathering.named("inbound.run")
    assert dict(run.attributes or {}) == {
        "snodo.agency": report.agency_code,
        "snodo.flow": report.flow,
        "snodo.records.received": report.received,
        "snodo.records.landed": report.landed,
        "snodo.records.quarantined": report.quarantined,
        "snodo.records.released": 0,
    }
    name, below = gathering.tree(run)
    assert name == "inbound.run"
    assert below[0] == (CALL[0], [("PDND token", [("POST", [])]), ("POST", [])]), (
        "the voucher is had on the way"
    )
    assert below.count(CALL) == 2
    assert below.count(("inbound.page", [])) == 3
    pages = [one.attributes or {} for one in gathering.named("inbound.page")]
    assert sum(int(str(page["snodo.records.received"])) for page in pages) == report.received
    assert sum(int(str(page["snodo.records.quarantined"])) for page in pages) == report.quarantined
    said = "\n".join(text for span in gathering.spans for text in said_by(span))
    for household in agencies.world.inps.payments:
        assert household not in said


async def test_a_run_whose_agency_fails(
    agencies: Agencies, hub: Database, clock: Callable[[], datetime], once: Policy
) -> None:
    agencies.inps.faults.set(EVERY, Fault(FaultKind.UNAVAILABLE))
    gathering = Gathered()
    with gathering.taking(), pytest.raises(UpstreamUnavailable):
        await pull_admitted_households(hub.write, agencies.inps_connector(once), clock=clock)
    [run] = gathering.named("inbound.run")
    assert (run.attributes or {})["error.type"] == "UpstreamUnavailable"
    assert run.status.description is None
    assert gathering.named("inbound.page") == []
