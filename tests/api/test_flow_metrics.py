# SPDX-License-Identifier: EUPL-1.2
"""How the flows stand, as `/metrics` tells it of a hub that runs: what waits, what stopped, what was pulled when."""

from __future__ import annotations

import asyncio
import math
from datetime import UTC, datetime, timedelta

import pytest

from connectors import flow_status
from connectors.flow_status import FlowStanding, FlowWatch, Inward, Outward
from hub.http.flow_metrics import FlowMetrics
from hub.store.vocabulary import DeliveryChannel
from tests.api.conftest import Opener, Service

NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)


async def test_a_hub_tells_what_waits_of_each_system_and_flow(
    open_hub: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow_status, "INTERVAL", 0.02)
    async with open_hub("flows", sequencer=False) as hub:
        await hub.owner.execute("UPDATE destination SET ended_at = NULL, resting_until = 'infinity'")
        # In one transaction: a look between the two would tell of the quarantine and not yet of the runs.
        async with hub.owner.transaction():
            await hub.owner.execute(
                "INSERT INTO quarantined_record (agency_id, flow, record_key, payload, reason)"
                " SELECT id, 'pacts', 'told-once', '{}', 'x' FROM agency WHERE code = 'regione-12'"
            )
            await hub.owner.execute(
                "INSERT INTO inbound_run (agency_id, flow, started_at, finished_at)"
                " SELECT id, flow, now() - interval '2 hours', ended FROM agency,"
                " (VALUES ('pacts', now() - interval '1 hour'), ('job-offers', NULL)) AS run (flow, ended) WHERE code = 'regione-12'"
            )
        counts = {
            row["state"]: row["number"]
            for row in await hub.owner.fetch("SELECT state, count(*) AS number FROM delivery GROUP BY state")
        }
        assert min(counts["WAITING"], counts["REFUSED"], counts["EXHAUSTED"]) > 0
        # The flow was there before, with nothing aside: a look that came before the inserts tells of it with 0.
        async with asyncio.timeout(10):
            while b'snodo_quarantined_records{agency="regione-12",flow="pacts"} 1.0\n' not in await page(hub):
                await asyncio.sleep(0.02)
        for state in ("WAITING", "REFUSED", "EXHAUSTED"):
            name = f'snodo_deliveries{{agency="regione-12",channel="REGION",state="{state}"}}'
            assert await hub.metric(name) == counts[state]
        assert (
            await hub.metric('snodo_deliveries_oldest_waiting_seconds{agency="regione-12",channel="REGION"}')
            > 0
        )
        hour_ago = await hub.metric('snodo_flow_complete_seconds{agency="regione-12",flow="pacts"}')
        assert 3600 <= hour_ago < 7200
        never = await hub.metric('snodo_flow_complete_seconds{agency="regione-12",flow="job-offers"}')
        assert never == math.inf
        assert b"told-once" not in await page(hub)


async def page(hub: Service) -> bytes:
    return (await hub.send("GET", "/metrics")).body


def test_how_long_ago_something_was_grows_while_nobody_can_look(flows: FlowWatch) -> None:
    flows.standing = FlowStanding(
        (Outward("regione-12", DeliveryChannel.REGION, 2, 1, 0, NOW - timedelta(minutes=1)),),
        (Inward("regione-12", "pacts", 0, True, NOW - timedelta(hours=1)),),
    )
    clock = [NOW]
    metrics = FlowMetrics(flows, lambda: clock[0])
    assert ages(metrics) == {
        "snodo_deliveries_oldest_waiting_seconds": [60.0],
        "snodo_flow_complete_seconds": [3600.0],
    }
    clock[0] += timedelta(seconds=5)
    assert ages(metrics) == {
        "snodo_deliveries_oldest_waiting_seconds": [65.0],
        "snodo_flow_complete_seconds": [3605.0],
    }
    clock[0] -= timedelta(days=1)
    assert {age for found in ages(metrics).values() for age in found} == {0.0}, (
        "the database's clock is ahead"
    )


def test_what_is_not_run_has_no_age_and_what_does_not_wait_has_none(flows: FlowWatch) -> None:
    flows.standing = FlowStanding(
        (Outward("regione-12", DeliveryChannel.REGION, 0, 1, 0, None),),
        (Inward("regione-12", "told-by-hand", 1, False, None),),
    )
    assert ages(FlowMetrics(flows, lambda: NOW)) == {
        "snodo_deliveries_oldest_waiting_seconds": [0.0],
        "snodo_flow_complete_seconds": [],
    }


def ages(metrics: FlowMetrics) -> dict[str, list[float]]:
    return {
        family.name: [sample.value for sample in family.samples]
        for family in metrics.collect()
        if family.name.endswith("_seconds")
    }


@pytest.fixture
def flows(ask: Service) -> FlowWatch:
    """One that has not looked."""
    return FlowWatch(ask.hub.database.write)
