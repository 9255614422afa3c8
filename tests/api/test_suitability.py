# SPDX-License-Identifier: EUPL-1.2
"""Whether an offer suits somebody: each criterion of what is stored, what is not stored by name, and of nobody beyond the caller's reach."""

from __future__ import annotations

from collections.abc import AsyncIterator
from copy import deepcopy
from itertools import count, islice
from typing import TYPE_CHECKING, Any

import pytest

import schema.suitability
from hub.casework import seekers
from hub.store.reference.demo import demo_key
from tests.api.world import CODES, EAST_CODE, LATINA, NORTH_CODE, ROMA, TORINO, UNKNOWN_CODE, Builder, moment

if TYPE_CHECKING:
    from tests.api.conftest import Opener, Service

SUITS = """
query ($code: FiscalCode!, $on: Date) { jobOffers(first: 20) { nodes { id municipality { belfioreCode }
  suitability(for: $code, on: $on) { measure on number verdict
    criteria { verdict unknown reason { code article value limit unverified } } notes { code } } } } }"""
SHORT = 'query ($code: FiscalCode!) { jobOffers(first: 3) { nodes { suitability(for: $code, on: "2026-09-01") { number } } } }'
LATINA_CODE = CODES[5]
ON = "2026-09-01"


@pytest.fixture(scope="module")
async def hub(open_hub: Opener) -> AsyncIterator[Service]:
    """Its offers are permanent, its events are made up."""
    async with open_hub("suitability", sequencer=False) as service:
        await service.owner.execute("UPDATE job_offer SET contract_type = 'A.01.00'")
        await service.owner.execute("SET session_replication_role = replica")
        yield service


async def offers(hub: Service, code: str, as_: str = "centre", **given: Any) -> list[Any]:
    answer = await hub(SUITS, as_=as_, code=code, **{"on": ON, **given})
    found: list[Any] = answer.data["jobOffers"]["nodes"]
    return found


def by_code(one: Any) -> dict[str, Any]:
    return {row["reason"]["code"]: row for row in one["suitability"]["criteria"]}


async def test_each_criterion_of_the_adi_and_what_is_not_stored(hub: Service) -> None:
    found = await offers(hub, NORTH_CODE)
    assert {one["municipality"]["belfioreCode"] for one in found} >= {ROMA, TORINO, LATINA}
    for one in found:
        told = one["suitability"]
        assert (told["measure"], told["on"], told["number"], told["verdict"]) == (
            "ADI",
            ON,
            1,
            "UNDETERMINED",
        )
        rows = by_code(one)
        assert list(rows) == ["CONTRACT", "HOURS", "PAY", "WORKPLACE"]
        assert (rows["CONTRACT"]["verdict"], rows["CONTRACT"]["unknown"]) == ("SATISFIED", [])
        assert rows["HOURS"]["unknown"] == ["FULL_TIME_HOURS"]
        assert rows["PAY"]["unknown"][-1] == "COLLECTIVE_MINIMUM"
        # With a child under 14 in the household a permanent contract, too, is near or not suitable.
        place = rows["WORKPLACE"]
        assert place["reason"]["article"] == "DL 48/2023 art. 9 c. 1-bis"
        if one["municipality"]["belfioreCode"] == ROMA:
            assert (place["verdict"], place["reason"]["value"]) == ("SATISFIED", "0 km")
        else:
            assert (place["verdict"], place["unknown"]) == ("UNDETERMINED", ["ROAD_DISTANCE", "TRAVEL_TIME"])
            assert place["reason"]["unverified"]
    [torino] = {
        by_code(one)["WORKPLACE"]["reason"]["value"]
        for one in found
        if one["municipality"]["belfioreCode"] == TORINO
    }
    assert torino.startswith("at least 5")


async def test_without_children_a_permanent_contract_may_be_anywhere(hub: Service) -> None:
    code = hub.world.people["scattered-rome"].fiscal_code
    for one in await offers(hub, code):
        place = by_code(one)["WORKPLACE"]
        assert (place["verdict"], place["reason"]["limit"]) == ("SATISFIED", "anywhere in Italy")


async def test_the_law_is_that_of_the_household_and_the_day(hub: Service) -> None:
    code = hub.world.people["torino-in-rome"].fiscal_code
    one = (await offers(hub, code, on="2022-06-01"))[0]
    assert one["suitability"]["measure"] == "RDC"
    assert list(by_code(one)) == ["COHERENCE", "CONTRACT", "HOURS", "PAY", "WORKPLACE"]
    assert "EXPERIENCE" in by_code(one)["COHERENCE"]["unknown"]
    assert "BENEFIT" in by_code(one)["WORKPLACE"]["unknown"], "the benefit began later"
    for day, refusal in (("2018-01-01", "BEFORE_THE_LAW"), ("2026-09-01", "AFTER_THE_LAW")):
        answer = await hub(SUITS, code=code, on=day)
        assert {error["extensions"]["code"] for error in answer.json["errors"]} == {refusal}
        assert answer.json["data"]["jobOffers"]["nodes"][0]["suitability"] is None


async def test_the_number_is_that_of_the_offers_the_ledger_knows(hub: Service) -> None:
    b = Builder(hub.owner)
    b.world = deepcopy(hub.world)
    b.numbers, b.codes = count(30_000), islice(b.codes, 600, None)
    await b.household("offered", ROMA, "ADI", manager=None, ends=None)
    await b.person("offered", "offered", ROMA, "H501C900031", ("Ada", "Offerta"))
    code = b.world.people["offered"].fiscal_code
    for day, kind in (
        (1, "SUITABLE_OFFER_REFUSED"),
        (2, "SUITABLE_OFFER_ACCEPTED"),
        (20, "SUITABLE_OFFER_REFUSED"),
    ):
        await b.event("offered", kind, moment(day), pact=None, note=None, queued=False)

    async def number(on: str) -> int:
        found: int = (await offers(hub, code, on=on))[0]["suitability"]["number"]
        return found

    assert [await number(f"2026-09-{day:02}") for day in (1, 2, 3, 25)] == [1, 2, 3, 4]
    first = b.world.events[-3]
    await b.event(
        "offered", "EVENT_WITHDRAWN", moment(21), pact=None, note="x", queued=False, withdraws=first
    )
    assert await number("2026-09-25") == 3


@pytest.mark.parametrize(
    ("caller", "code", "is_told"),
    [
        ("centre", NORTH_CODE, True),
        ("centre", EAST_CODE, False),
        ("centre", UNKNOWN_CODE, False),
        ("municipality", NORTH_CODE, True),
        ("municipality", LATINA_CODE, False),
        ("inps", LATINA_CODE, True),
        ("ministry", NORTH_CODE, False),
        ("citizen", NORTH_CODE, True),
        ("citizen", EAST_CODE, False),  # of the citizen's own household
        ("citizen", LATINA_CODE, False),
    ],
)
async def test_of_nobody_beyond_reach(hub: Service, caller: str, code: str, is_told: bool) -> None:
    answer = await hub(SHORT, as_=caller, code=code)
    found = [one["suitability"] for one in answer.data["jobOffers"]["nodes"]]
    assert found == [{"number": 1} if is_told else None] * 3
    assert set(answer.json) == {"data"}, "nobody there and nobody in sight are one answer"


async def test_who_may_ask(ask: Service) -> None:
    for purpose, may in (
        ("employment-centre", True), ("citizen", True), ("accredited", False), ("public", False), ("region", False),
        ("municipality", False), ("inps", False), ("ministry", False),
    ):  # fmt: skip
        answer = await ask(SHORT, as_=f"of-{purpose}", code=NORTH_CODE)
        codes = {error["extensions"]["code"] for error in answer.json.get("errors", ())}
        assert codes == (set() if may else {"FORBIDDEN_FIELD"}), purpose


async def test_a_page_reads_each_person_once(hub: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int]] = []

    async def counted(connection: Any, caller: Any, code: str, on: Any, places: Any) -> Any:
        asked.append((code, len(places)))
        return await seekers.sought(connection, caller, code, on, places)

    monkeypatch.setattr(schema.suitability, "sought", counted)
    query = """query ($a: FiscalCode!, $b: FiscalCode!) { jobOffers(first: 20) { nodes {
      a: suitability(for: $a) { number } again: suitability(for: $a) { number } b: suitability(for: $b) { number } } } }"""
    answer = await hub(query, as_="municipality", a=NORTH_CODE, b=EAST_CODE)
    assert len(answer.data["jobOffers"]["nodes"]) == 9
    assert asked == [(NORTH_CODE, 3), (EAST_CODE, 3)], "one statement a person, with every place of work"


async def test_it_is_in_the_log_whom_it_told_of(hub: Service) -> None:
    """A line for each answer, also where nobody was found: that somebody asked is known."""

    async def shown(query: str, **given: Any) -> Any:
        before = await hub.owner.fetchval("SELECT count(*) FROM access_log")
        await hub(query, **given)
        lines = await hub.owner.fetch("SELECT subjects FROM access_log ORDER BY at DESC, id DESC")
        assert len(lines) == before + 1
        return lines[0]["subjects"]

    north = [hub.world.people["north"].id]
    assert await shown(SHORT, code=NORTH_CODE) == north
    among = f'{{ opportunities(first: 40) {{ nodes {{ id ... on JobOffer {{ suitability(for: "{NORTH_CODE}", on: "{ON}") {{ number }} }} }} }} }}'
    assert await shown(among) == north
    assert await shown(SHORT, code=EAST_CODE) == [], "who is not seen is not shown"
    assert await shown(SHORT, code=UNKNOWN_CODE) == []


async def test_a_place_without_coordinates_lies_nowhere(hub: Service) -> None:
    place = demo_key("municipality", LATINA)
    before = await hub.owner.fetchrow("SELECT latitude, longitude FROM municipality WHERE id = $1", place)
    assert before is not None
    await hub.owner.execute("UPDATE municipality SET latitude = NULL, longitude = NULL WHERE id = $1", place)
    try:
        found = [
            one for one in await offers(hub, NORTH_CODE) if one["municipality"]["belfioreCode"] == LATINA
        ]
        assert found
        for one in found:
            row = by_code(one)["WORKPLACE"]
            assert (row["verdict"], row["reason"]["value"]) == ("UNDETERMINED", None)
    finally:
        await hub.owner.execute(
            "UPDATE municipality SET latitude = $2, longitude = $3 WHERE id = $1", place, *before
        )
