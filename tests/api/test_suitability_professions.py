# SPDX-License-Identifier: EUPL-1.2
"""Whether an offer is coherent with what the pacts of a stored person name; and who is told what they name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from copy import deepcopy
from dataclasses import replace
from datetime import date
from itertools import count, islice
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

import pytest
from asyncpg import Range

from hub.access.caller import Caller
from hub.access.fields import field_permission
from hub.casework.seekers import sought
from tests.api.conftest import SIGHTS
from tests.api.world import EAST, NORTH, NORTH_CODE, ROMA, Builder

if TYPE_CHECKING:
    from tests.api.conftest import Opener, Service

SUITS = """
query ($code: FiscalCode!, $on: Date) { jobOffers(first: 20) { nodes { professionCode
  suitability(for: $code, on: $on) { criteria { verdict unknown reason { code value limit } } } } } }"""
ON = "2022-06-01"
DAY = date(2022, 6, 1)
TOLD = "{ pacts(first: 30) { nodes { id professions } } }"
HOUSEHOLDS = "{ households(first: 30) { nodes { pacts { professions } members { pacts { professions } } } } }"
MINE = (
    "{ me { pacts { professions } household { pacts { professions } members { pacts { professions } } } } }"
)
BESIDE = (
    "{ pacts(first: 30) { nodes { id professions beneficiary { conditionalityStanding { measure } } } } }"
)

Somebody: TypeAlias = Callable[..., Awaitable[str]]


@pytest.fixture(scope="module")
async def hub(open_hub: Opener) -> AsyncIterator[Service]:
    """The offers with a profession are of `5.2.1`."""
    async with open_hub("professions", sequencer=False) as service:
        yield service


@pytest.fixture(scope="module")
def builder(hub: Service) -> Builder:
    b = Builder(hub.owner)
    b.world, b.numbers, b.codes = deepcopy(hub.world), count(40_000), islice(b.codes, 900, None)
    return b


@pytest.fixture
def somebody(builder: Builder) -> Somebody:
    """Makes somebody under the RdC, whose law asks for coherence, with pacts that name these professions."""

    async def make(*pacts: dict[str, Any], centre: str = NORTH, household: str | None = None) -> str:
        name = f"named-{next(builder.numbers)}"
        if household is None:
            household = name
            async with builder.connection.transaction():  # a household and its benefit point at each other
                await builder.household(household, ROMA, "RDC", manager=None, ends=None)
        await builder.person(name, household, ROMA, centre, ("Ada", "Nominata"))
        kinds = iter(("WORK", "SERVICE", "DIGITAL_ACTIVATION"))
        for number, more in enumerate(pacts):
            person = None if more.get("kind") == "INCLUSION" else name
            values = {"kind": more.get("kind") or next(kinds), **SIGNED, **more}
            kind = values.pop("kind")
            await builder.pact(f"{name}-{number}", household, person, kind, 1, **values)
        return builder.world.people[name].fiscal_code

    return make


SIGNED: dict[str, Any] = {
    "created_on": date(2022, 3, 1),
    "signed_on": date(2022, 3, 1),
    "period": Range(date(2022, 3, 1), None),
}


def names(*professions: str, **more: Any) -> dict[str, Any]:
    return {"professions": list(professions), **more}


def over(status: str, before: date, *professions: str) -> dict[str, Any]:
    return names(*professions, status=status, period=Range(date(2022, 3, 1), before))


async def coherence(hub: Service, code: str, as_: str = "centre", on: str = ON) -> dict[str, Any]:
    """Of the offers of `5.2.1`, which must be all the same."""
    answer = await hub(SUITS, as_=as_, code=code, on=on)
    found = [one for one in answer.data["jobOffers"]["nodes"] if one["professionCode"] is not None]
    assert {one["professionCode"] for one in found} == {"5.2.1"}
    [first, *others] = [
        next(row for row in one["suitability"]["criteria"] if row["reason"]["code"] == "COHERENCE")
        for one in found
    ]
    assert all(one == first for one in others)
    told: dict[str, Any] = first
    return told


@pytest.mark.parametrize(
    ("pacts", "limit", "verdict"),
    [
        ([names("5.2.1")], "5.2.1", "SATISFIED"),
        ([names("5.2")], "5.2", "SATISFIED"),
        ([names("4.1", "5")], "4.1, 5", "SATISFIED"),
        ([names("5.2.10")], "5.2.10", "NOT_SATISFIED"),
        ([names("5.2.1.1")], "5.2.1.1", "NOT_SATISFIED"),
        ([names("4.1", "8")], "4.1, 8", "NOT_SATISFIED"),
        ([names("8"), names("5.2", "8")], "5.2, 8", "SATISFIED"),
        ([names("8"), names()], "8", "NOT_SATISFIED"),
        ([names("8"), names(), {}], "8", "NOT_SATISFIED"),
        ([names("5"), {}], "5", "SATISFIED"),
        ([names("8"), names("4.1"), names("7")], "4.1, 7, 8", "NOT_SATISFIED"),
        ([names("5", status="SUSPENDED")], "5", "SATISFIED"),
        ([over("COMPLETED", date(2022, 7, 1), "5")], "5", "SATISFIED"),
        ([over("TERMINATED", date(2022, 6, 2), "5")], "5", "SATISFIED"),
        ([over("TERMINATED", date(2022, 6, 1), "5"), names("8")], "8", "NOT_SATISFIED"),
    ],
)
async def test_it_is_coherent_with_what_the_pacts_of_the_day_name_or_it_is_not(
    hub: Service, somebody: Somebody, pacts: list[dict[str, Any]], limit: str, verdict: str
) -> None:
    row = await coherence(hub, await somebody(*pacts))
    assert row["verdict"] == verdict
    assert row["unknown"] == []
    assert (row["reason"]["value"], row["reason"]["limit"]) == ("5.2.1", limit)


@pytest.mark.parametrize(
    "pacts",
    [
        [],
        [{}],
        [names()],
        [names(), {}],
        [over("COMPLETED", date(2022, 6, 1), "5")],
        [names("5", status="PROPOSED", signed_on=None)],
        [names("5", status="REFUSED")],
        [names("5", signed_on=date(2022, 6, 2))],
        [names("5", period=Range(date(2022, 6, 2), None))],
        [names("5", kind="INCLUSION")],
    ],
    ids=[
        "no pact", "not known", "names none", "none and not known", "over the day before", "proposed", "refused", "signed later", "begins later",
        "the household's",
    ],
)  # fmt: skip
async def test_where_no_pact_of_the_day_names_any_it_is_not_determined(
    hub: Service, somebody: Somebody, pacts: list[dict[str, Any]]
) -> None:
    row = await coherence(hub, await somebody(*pacts))
    assert (row["verdict"], row["unknown"], row["reason"]["limit"]) == ("UNDETERMINED", ["EXPERIENCE"], None)


@pytest.mark.parametrize(
    ("other", "verdict"),
    [
        ({}, "UNDETERMINED"),
        ({"status": "SUSPENDED"}, "UNDETERMINED"),
        ({"status": "PROPOSED", "signed_on": None}, "NOT_SATISFIED"),
        ({"period": Range(date(2022, 3, 1), date(2022, 6, 1))}, "NOT_SATISFIED"),
        ({"kind": "DIGITAL_ACTIVATION"}, "NOT_SATISFIED"),
    ],
)
async def test_a_pact_about_work_of_which_it_is_not_known_what_it_names_leaves_a_no_open(
    hub: Service, somebody: Somebody, other: dict[str, Any], verdict: str
) -> None:
    row = await coherence(hub, await somebody(names("8"), other))
    assert (row["verdict"], row["reason"]["limit"]) == (verdict, "8")
    assert row["unknown"] == (["EXPERIENCE"] if verdict == "UNDETERMINED" else [])


async def test_it_is_asked_of_a_day(hub: Service, somebody: Somebody) -> None:
    later = names("5.2", period=Range(date(2022, 6, 1), None), signed_on=date(2022, 6, 1))
    code = await somebody(over("COMPLETED", date(2022, 6, 1), "8"), later)
    verdicts = [(await coherence(hub, code, on=f"2022-{day}"))["verdict"] for day in ("02-28", "03-01", "05-31", "06-01")]  # fmt: skip
    assert verdicts == ["UNDETERMINED", "NOT_SATISFIED", "NOT_SATISFIED", "SATISFIED"]


async def test_the_pacts_of_others_do_not_count(hub: Service, somebody: Somebody, builder: Builder) -> None:
    code = await somebody(names("5"))
    [household] = [one for one, key in builder.world.households.items() if key == _home(builder, code)]
    other = await somebody(household=household)
    assert (await coherence(hub, other))["verdict"] == "UNDETERMINED"
    assert (await coherence(hub, code))["verdict"] == "SATISFIED"


def _home(builder: Builder, code: str) -> UUID:
    return next(one.household_id for one in builder.world.people.values() if one.fiscal_code == code)


async def caller_of(hub: Service, name: str) -> Caller:
    headers = {b"authorization": f"Bearer {hub.token(name)}".encode()}
    caller, _ = await hub.hub._graphql._authenticator.authenticate(headers, "POST")
    return caller


async def named_for(hub: Service, caller: Caller, code: str) -> frozenset[str] | None:
    async with hub.hub.database.read.acquire() as connection:
        found = await sought(connection, caller, code, DAY, [])
    assert found is not None, "the person is seen"
    return found.seeker.professions


async def test_of_a_pact_that_is_not_seen_nothing_is_known(
    hub: Service, somebody: Somebody, builder: Builder
) -> None:
    """A citizen sees the people of its household, and of their pacts none: not its answer alone, but what is read for it, says nothing."""
    code = await somebody(names("5"))
    [household] = [one for one, key in builder.world.households.items() if key == _home(builder, code)]
    other = await somebody(names("8"), household=household)
    people = {one.fiscal_code: one for one in builder.world.people.values()}
    citizen = replace(
        await caller_of(hub, "citizen"), person_id=people[code].id, household_id=people[code].household_id
    )
    assert await named_for(hub, citizen, code) == frozenset({"5"})
    assert await named_for(hub, citizen, other) is None
    answer = await hub(SUITS, as_="citizen", code=other, on=ON)
    assert [one["suitability"] for one in answer.data["jobOffers"]["nodes"]] == [None] * 9


async def test_who_may_not_ask_for_it_of_a_pact_is_not_told_by_way_of_an_offer(
    hub: Service, somebody: Somebody
) -> None:
    """The answer would name what the pact names, and whoever publishes offers could try one profession after the other."""
    code = await somebody(names("5"))
    granted = "{JobOffer.suitability,OfferSuitability.*,OfferCriterion.*,LegalReason.*}"
    grant = "UPDATE access_grant SET fields = $2 WHERE purpose_id = $1"
    for consumer, more, verdict in (
        ("of-public", "", "UNDETERMINED"),
        ("of-accredited", ",Pact.professions", "SATISFIED"),
        ("of-ministry", ",Pact.*", "SATISFIED"),
    ):
        purpose = hub.registry.consumer(consumer).purpose_for("hub").purpose_id
        fields = granted.strip("{}") + more
        await hub.owner.execute(grant, UUID(purpose), fields.split(","))
        row = await coherence(hub, code, as_=consumer)
        assert row["verdict"] == verdict, consumer
        told = (["EXPERIENCE"], None) if verdict == "UNDETERMINED" else ([], "5")
        assert (row["unknown"], row["reason"]["limit"]) == told
    bare = replace(await caller_of(hub, "centre"), fields=field_permission([("Pact.goals", "x")]))
    assert await named_for(hub, bare, code) is None


async def test_beyond_reach_there_is_nothing_to_try(hub: Service, somebody: Somebody) -> None:
    code = await somebody(names("5"), centre=EAST)
    answer = await hub(SUITS, as_="centre", code=code, on=ON)
    assert [one["suitability"] for one in answer.data["jobOffers"]["nodes"]] == [None] * 9
    assert (await coherence(hub, code, as_="municipality"))["verdict"] == "SATISFIED"


@pytest.mark.parametrize("query", [TOLD, HOUSEHOLDS], ids=["pacts", "households"])
@pytest.mark.parametrize("name", [name for name, sight in SIGHTS.items() if sight.kind != "AGGREGATE"])
async def test_each_caller_reads_them_of_the_pacts_it_sees(ask: Service, name: str, query: str) -> None:
    told = (await ask(query, as_=name)).data
    assert told == (await ask.oracle()).answer(query, SIGHTS[name])


async def test_not_known_is_null_and_none_is_empty(ask: Service) -> None:
    world = ask.world
    expected = {"work": ["5.2.2.1.0", "4.1"], "digital": [], "service": None, "inclusion": ["9"]}
    for name, professions in expected.items():
        query = f'{{ pact(id: "pct_{world.pacts[name].hex}") {{ professions }} }}'
        assert (await ask(query, as_="inps")).data == {"pact": {"professions": professions}}, name


async def test_a_citizen_reads_its_own(ask: Service) -> None:
    told = (await ask(MINE, as_="citizen")).data
    assert told == (await ask.oracle()).answer(MINE, SIGHTS["citizen"])
    assert ["5.2.2.1.0", "4.1"] in [one["professions"] for one in told["me"]["pacts"]]
    assert (await ask(SUITS, as_="citizen", code=NORTH_CODE, on="2026-09-01")).data["jobOffers"]["nodes"]


async def test_beside_what_is_worked_out_they_arrive_as_they_are(ask: Service) -> None:
    """The operation runs in the executor then."""
    both: Any = (await ask(BESIDE, as_="region")).data["pacts"]["nodes"]
    alone = (await ask(TOLD, as_="region")).data["pacts"]["nodes"]
    assert [(one["id"], one["professions"]) for one in both] == [
        (one["id"], one["professions"]) for one in alone
    ]
    assert {type(one["professions"]) for one in both} == {list, type(None)}


@pytest.mark.parametrize(
    ("purpose", "may"),
    [
        ("employment-centre", True), ("municipality", True), ("region", True), ("citizen", True), ("inps", False), ("ministry", False),
        ("accredited", False), ("public", False), ("protection-officer", False),
    ],
)  # fmt: skip
async def test_whose_set_has_the_goals_has_them(ask: Service, purpose: str, may: bool) -> None:
    query = f'{{ pact(id: "pct_{ask.world.pacts["work"].hex}") {{ professions }} }}'
    answer = await ask(query, as_=f"of-{purpose}")
    refused = {error["extensions"]["coordinate"] for error in answer.json.get("errors", ())}
    assert ("Pact.professions" not in refused) is may
