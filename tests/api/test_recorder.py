# SPDX-License-Identifier: EUPL-1.2
"""Whoever recorded an event is told what came of it, also when the person has left: by the event's key, and nothing of the person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.api.looks import looks
from tests.api.test_erasures_told import erased, moved_away
from tests.api.test_feed_consumers import given, report
from tests.api.test_subscriptions import _sequenced, record

if TYPE_CHECKING:
    from tests.api.conftest import Opener, Service

EVENT = """query ($id: ID!) { node(id: $id) { ... on ConditionalityEvent {
  id type note position source { code } beneficiary { id fiscalCode } pact { id }
  outcomes { outcome reference event { id beneficiary { id } } } } } }"""
LIST = "{ conditionalityEvents(first: 200) { nodes { id } } }"


async def asked(hub: Service, event: str, as_: str = "centre") -> Any:
    return (await hub(EVENT, as_=as_, id=event)).data["node"]


async def test_the_outcome_of_an_event_whose_person_has_left(open_hub: Opener) -> None:
    async with open_hub("recorder") as hub:
        [event] = await record(hub)
        position = await _sequenced(hub)
        person = hub.world.people["north"]
        assert (await asked(hub, event))["beneficiary"]["fiscalCode"] == person.fiscal_code
        await moved_away(hub, position)
        told = await report(hub, given(position, outcome="SUSPENDED", reference="INPS.1"))
        assert told["userErrors"] == []

        async with looks(hub) as found:
            seen = await asked(hub, event)
        assert seen == {
            "id": event, "type": "CONVOCATION_MISSED", "note": None, "position": position,
            "source": {"code": "cpi-h501c900031"}, "beneficiary": None, "pact": None,
            "outcomes": [{"outcome": "SUSPENDED", "reference": "INPS.1", "event": {"id": event, "beneficiary": None}}],
        }  # fmt: skip
        assert found.only.subjects == {person.id}, "it is a look at whoever the event is about"
        # By its key alone: nobody is listed who has left, and nobody else is told.
        listed = (await hub(LIST)).data["conditionalityEvents"]["nodes"]
        assert event not in [one["id"] for one in listed]
        gone = await hub(
            "query ($c: FiscalCode!) { beneficiary(fiscalCode: $c) { id } }", c=person.fiscal_code
        )
        assert gone.data["beneficiary"] is None
        for caller in ("east", "municipality", "two-centres", "region", "ministry"):
            assert await asked(hub, event, caller) is None

        await erased(hub, position)
        left = await asked(hub, event)
        assert (left["type"], left["beneficiary"], len(left["outcomes"])) == ("CONVOCATION_MISSED", None, 1)


@pytest.mark.parametrize("caller", ["citizen", "accredited", "ministry"])
async def test_who_sees_nobody_is_told_of_nobodys(caller: str, open_hub: Opener) -> None:
    """Their agency's name on an event changes nothing."""
    async with open_hub(f"recorder-{caller}", sequencer=False) as hub:
        key = hub.world.events[4]  # of somebody of Latina
        await hub.owner.execute("SET session_replication_role = replica")
        await hub.owner.execute(
            """UPDATE conditionality_event SET agency_id = coalesce(
                   (SELECT agency_id FROM purpose WHERE purpose_id::text = $2), agency_id) WHERE id = $1""",
            key,
            "" if caller == "citizen" else hub.registry.consumer(caller).purpose_for("hub").purpose_id,
        )
        assert await asked(hub, f"evt_{key.hex}", caller) is None
