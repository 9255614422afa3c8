# SPDX-License-Identifier: EUPL-1.2
"""Every inbound flow × every fault of its agency: the run stops, the tables stand, and the next run goes on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from connectors.exchange import Policy
from connectors.inbound import pull_admitted_households, pull_region
from connectors.simulators.faults import Fault, FaultKind
from hub.store.engine import Database
from tests.flows.inbound.becomes import EXPECTED

if TYPE_CHECKING:
    from tests.flows.inbound.conftest import Agencies, Tables

PATIENT = Policy(attempts=1, attempt_timeout=8.0, deadline=10.0)
HURRIED = Policy(attempts=1, attempt_timeout=0.3, deadline=0.5)


def test_the_matrix_has_every_fault() -> None:
    assert set(EXPECTED) == set(FaultKind)


@pytest.mark.parametrize(
    ("agency", "operation"),
    [("inps", "domande-ammesse"), ("region", "offerte"), ("region", "corsi"), ("region", "patti")],
)
async def test_a_flow_whose_agency_fails_stops_and_leaves_the_tables_as_they_were(
    agencies: Agencies,
    hub: Database,
    clock: Callable[[], datetime],
    tables: Callable[[], Awaitable[Tables]],
    subtests: pytest.Subtests,
    agency: str,
    operation: str,
) -> None:
    async def pull(policy: Policy) -> Any:
        await pull_admitted_households(hub.write, agencies.inps_connector(policy), clock=clock)
        await pull_region(hub.write, agencies.region_connector(policy), clock=clock)

    await pull(PATIENT)
    before = await tables()
    assert before["household"]
    assert before["pact"]
    faults = getattr(agencies, agency).faults
    for kind, error in EXPECTED.items():
        with subtests.test(kind.value):
            faults.set(operation, Fault(kind, latency=0.01))
            if error is None:
                await pull(PATIENT)
            else:
                with pytest.raises(error) as caught:
                    await pull(HURRIED if kind is FaultKind.HANG else PATIENT)
                assert type(caught.value) is error
            faults.clear()
            assert await tables() == before
            await pull(PATIENT)
            assert await tables() == before
