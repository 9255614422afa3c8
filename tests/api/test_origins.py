# SPDX-License-Identifier: EUPL-1.2
"""Where a record came from, as each caller is told: which agency told it, under which number, when it landed and by which run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.conftest import SIGHTS

if TYPE_CHECKING:
    from tests.api.conftest import Opener, Service

ORIGIN = (
    "origin { __typename source { code } reference changedAt landedAt run { flow startedAt finishedAt } }"
)
PACTS = f"{{ pacts(first: 30) {{ nodes {{ id {ORIGIN} }} }} }}"
PATHS = f"{{ beneficiaries(first: 60) {{ nodes {{ activities {{ __typename title ours: {ORIGIN} origin {{ reference }} }} }} }} }}"
OFFERED = f"{{ opportunities(first: 40) {{ nodes {{ id ... on JobOffer {{ {ORIGIN} }} ... on TrainingCourse {{ {ORIGIN} }} }} }} }}"
OFFICES = ("centre", "two-centres", "municipality", "two-towns", "ambito", "region", "two-regions")


@pytest.fixture(scope="module")
async def hub(open_hub: Opener) -> AsyncIterator[Service]:
    async with open_hub("origins", sequencer=False) as service:
        yield service


@pytest.mark.parametrize("name", OFFICES)
@pytest.mark.parametrize("query", [PACTS, PATHS], ids=["pacts", "activities"])
async def test_an_office_is_told_where_what_it_sees_came_from(hub: Service, name: str, query: str) -> None:
    told = (await hub(query, as_=name)).data
    assert told == (await hub.oracle()).answer(query, SIGHTS[name])


async def test_what_a_run_brought_names_it_and_what_was_recorded_here_has_no_origin(hub: Service) -> None:
    found = [one["origin"] for one in (await hub(PACTS, as_="region")).data["pacts"]["nodes"]]
    assert None in found
    told = [one for one in found if one is not None]
    assert {one["source"]["code"] for one in told} == {"regione-12"}
    runs = {None if one["run"] is None else one["run"]["flow"] for one in told}
    assert runs == {None, "pacts", "worker-records"}
    assert any(one["landedAt"] is None for one in told), "landed before that was kept"
    cut_off = [one["run"] for one in told if one["run"] and one["run"]["flow"] == "worker-records"]
    assert {one["finishedAt"] for one in cut_off} == {None}


@pytest.mark.parametrize("name", ["accredited", "ministry", "centre"])
async def test_where_an_offer_came_from_is_public(hub: Service, name: str) -> None:
    told = (await hub(OFFERED, as_=name)).data
    assert told == (await hub.oracle()).answer(OFFERED, SIGHTS[name])
    origins = [one.get("origin") for one in told["opportunities"]["nodes"]]
    assert None in origins
    assert name == "accredited" or any(one and one["run"] for one in origins)


async def test_who_may_see_deliveries_of_a_pact_may_see_its_origin(hub: Service) -> None:
    for name in SIGHTS:
        codes = []
        for asked in ("deliveries(first: 1) { __typename }", "origin { reference }"):
            answer = await hub(
                f'{{ node(id: "{hub.world.nodes[0]}") {{ ... on Pact {{ {asked} }} }} }}', as_=name
            )
            codes.append([error["extensions"]["code"] for error in answer.json.get("errors", [])])
        assert codes[0] == codes[1], name


async def test_a_citizen_is_told_of_its_own(hub: Service) -> None:
    query = (
        f"{{ me {{ pacts {{ {ORIGIN} }} activities {{ {ORIGIN} }} household {{ pacts {{ {ORIGIN} }} }} }} }}"
    )
    told = (await hub(query, as_="citizen")).data
    assert told == (await hub.oracle()).answer(query, SIGHTS["citizen"])
    assert any(one["origin"] for one in told["me"]["pacts"])


async def test_a_look_at_an_origin_is_a_look_at_whom_the_pact_is_about(hub: Service) -> None:
    key = hub.world.pacts["work"]
    await hub(f'{{ pact(id: "pct_{key.hex}") {{ origin {{ reference }} }} }}', as_="region")
    subjects = await hub.owner.fetchval("SELECT subjects FROM access_log ORDER BY at DESC, id DESC LIMIT 1")
    assert subjects == [hub.world.people["north"].id]


async def test_beside_a_field_that_is_worked_out_it_arrives_finished(hub: Service) -> None:
    """The operation runs in the executor then, which takes stored values as they come."""
    query = f"""{{ pacts(first: 30) {{ nodes {{ {ORIGIN} beneficiary {{ fiscalCode conditionalityStanding {{ measure }} }} }} }} }}"""
    both: Any = (await hub(query, as_="centre")).data["pacts"]["nodes"]
    alone = (await hub(PACTS, as_="centre")).data["pacts"]["nodes"]
    assert [one["origin"] for one in both] == [one["origin"] for one in alone]
