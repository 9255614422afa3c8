# SPDX-License-Identifier: EUPL-1.2
"""Where facts are on their way to other systems, as each caller is told; and a dead letter sent again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.conftest import SIGHTS

if TYPE_CHECKING:
    from tests.api.conftest import Opener, Service

STUCK = """query ($olderThan: Int, $first: Int) { stuck(olderThan: $olderThan, first: $first) { totalCount nodes {
  id type state waitingSince settledAt code nextAttemptAt recipient { code } event { id source { code } }
  attempts { startedAt endedAt outcome code } } } }"""
RESEND = "mutation ($i: ResendDeliveryInput!) { r: resendDelivery(input: $i) { state userErrors { code message path } } }"
OFFICES = ("centre", "two-centres", "municipality", "two-towns", "ambito", "region", "two-regions", "inps")


@pytest.fixture(scope="module")
async def hub(open_hub: Opener) -> AsyncIterator[Service]:
    async with open_hub("deliveries", sequencer=False) as service:
        yield service


@pytest.mark.parametrize("name", OFFICES)
@pytest.mark.parametrize("given", [{}, {"olderThan": 0}, {"olderThan": 1, "first": 2}, {"olderThan": 87_600}])
async def test_an_office_is_told_what_of_its_people_has_not_arrived(
    hub: Service, name: str, given: dict[str, Any]
) -> None:
    told = (await hub(STUCK, as_=name, **given)).data
    oracle = await hub.oracle()
    assert told == oracle.answer(STUCK, SIGHTS[name], given)
    times = [one["waitingSince"] for one in told["stuck"]["nodes"]]
    assert times == sorted(times)
    if name in ("inps", "region") and given.get("olderThan") != 87_600:
        assert {one["state"] for one in told["stuck"]["nodes"]} <= {"WAITING", "REFUSED", "EXHAUSTED"}
        assert told["stuck"]["totalCount"] > 2


@pytest.mark.parametrize("hours", [-1, 87_601])
async def test_hours_are_a_number_of_hours(hub: Service, hours: int) -> None:
    answer = await hub(STUCK, olderThan=hours)
    assert answer.codes == ["BAD_USER_INPUT"]
    assert "`olderThan`" in answer.json["errors"][0]["message"]


async def test_a_citizen_is_told_of_its_own_and_not_what_is_stuck(hub: Service) -> None:
    answer = await hub("{ stuck { totalCount } }", as_="of-citizen")
    assert answer.codes == ["FORBIDDEN_FIELD"]
    query = "{ me { conditionalityEvents { nodes { id deliveries { state recipient { name } } } } pacts { deliveries { totalCount } } } }"
    told = (await hub(query, as_="citizen")).data
    assert told == (await hub.oracle()).answer(query, SIGHTS["citizen"])
    assert any(one["deliveries"] for one in told["me"]["conditionalityEvents"]["nodes"])


async def test_who_recorded_a_fact_is_told_where_it_is_also_when_its_person_has_left(hub: Service) -> None:
    row = await hub.owner.fetchrow(
        """
        UPDATE beneficiary SET employment_centre_id = NULL FROM delivery d
        JOIN conditionality_event e ON e.id = d.event_id JOIN agency a ON a.id = e.agency_id
        WHERE beneficiary.id = d.beneficiary_id AND a.code = 'cpi-h501c900031' RETURNING e.id, d.state
        """
    )
    assert row is not None
    query = "query ($id: ID!) { node(id: $id) { ... on ConditionalityEvent { beneficiary { id } deliveries { state } } } }"
    told = (await hub(query, id=f"evt_{row['id'].hex}")).data["node"]
    assert told == {"beneficiary": None, "deliveries": [{"state": row["state"]}]}


async def test_a_look_at_what_is_stuck_is_a_look_at_its_people(hub: Service) -> None:
    await hub("{ stuck(first: 1) { nodes { state } } }", as_="inps")
    subjects = await hub.owner.fetchval("SELECT subjects FROM access_log ORDER BY at DESC, id DESC LIMIT 1")
    oldest = await hub.owner.fetchval(
        "SELECT beneficiary_id FROM delivery WHERE state IN ('WAITING', 'REFUSED', 'EXHAUSTED') ORDER BY waiting_since, id"
    )
    assert subjects == [oldest]


async def resent(hub: Service, delivery: str) -> Any:
    return (await hub(RESEND, as_="admin", i={"delivery": delivery})).data["r"]


@pytest.mark.parametrize("state", ["REFUSED", "EXHAUSTED"])
async def test_a_dead_letter_is_sent_again_once(hub: Service, state: str) -> None:
    await hub.owner.execute("UPDATE destination SET ended_at = NULL")
    key = await hub.owner.fetchval("SELECT id FROM delivery WHERE state = $1 ORDER BY id", state)
    for _ in range(2):
        assert await resent(hub, f"dlv_{key.hex}") == {"state": "WAITING", "userErrors": []}
    row = await hub.owner.fetchrow("SELECT * FROM delivery WHERE id = $1", key)
    assert row is not None
    assert (row["state"], row["settled_at"], row["resent_after"]) == ("WAITING", None, row["attempt_count"])


async def test_what_arrived_stays_as_it_is(hub: Service) -> None:
    key = await hub.owner.fetchval("SELECT id FROM delivery WHERE state = 'ACCEPTED'")
    assert await resent(hub, f"dlv_{key.hex}") == {"state": "ACCEPTED", "userErrors": []}


async def test_what_nobody_would_be_told_is_not_sent_again(hub: Service) -> None:
    await hub.owner.execute("UPDATE destination SET ended_at = now()")
    key = await hub.owner.fetchval("SELECT id FROM delivery WHERE state = 'EXHAUSTED' ORDER BY id DESC")
    told = await resent(hub, f"dlv_{key.hex}")
    [error] = told["userErrors"]
    assert (told["state"], error["code"], error["path"]) == (
        None,
        "DESTINATION_ENDED",
        ["input", "delivery"],
    )
    assert "snodo sync tell" in error["message"]


@pytest.mark.parametrize("delivery", ["dlv_" + "0" * 32, "evt_" + "0" * 32, "x", ""])
async def test_what_is_no_delivery_is_said_to_be_none(hub: Service, delivery: str) -> None:
    told = await resent(hub, delivery)
    [error] = told["userErrors"]
    assert (told["state"], error["code"], error["path"]) == (
        None,
        "DELIVERY_NOT_FOUND",
        ["input", "delivery"],
    )


async def test_who_does_not_administer_sends_nothing_again(hub: Service) -> None:
    answer = await hub(RESEND, as_="inps", i={"delivery": "dlv_" + "0" * 32})
    assert answer.codes == ["FORBIDDEN"]
