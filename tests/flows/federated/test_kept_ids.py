# SPDX-License-Identifier: EUPL-1.2
"""ANPR's national ids are kept: C030 is asked about a person once, and again when the id no longer finds anybody."""

from __future__ import annotations

from typing import Any, TypeAlias

import asyncpg
import orjson

from tests.flows.federated.conftest import Scene

RESIDENCE = """query ($code: FiscalCode!) { beneficiary(fiscalCode: $code) {
  residence { municipalityName freshness } registeredFamily { freshness } } }"""
LIST = "{ beneficiaries(first: 20) { nodes { residence { freshness } } } }"
Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


async def ids(owner: Owner) -> list[dict[str, Any]]:
    rows = await owner.fetch("SELECT answer FROM agency_answer WHERE agency = 'ANPR' AND operation = 'C030'")
    return [orjson.loads(row["answer"]) for row in rows]


async def change(owner: Owner, **told: str) -> None:
    await owner.execute(
        "UPDATE agency_answer SET answer = (answer::jsonb || $1::jsonb)::text WHERE operation = 'C030'",
        orjson.dumps(told).decode(),
    )


async def ask(scene: Scene) -> dict[str, Any]:
    answer = await scene.ask(RESIDENCE, "municipality", code=scene.fiscal_code)
    assert "errors" not in answer
    person: dict[str, Any] = answer["data"]["beneficiary"]
    return person


async def test_c030_is_asked_once_whatever_is_asked_later(scene: Scene, owner: Owner) -> None:
    calls = scene.simulation.faults["anpr"].calls
    first = await ask(scene)
    assert (calls("C030"), calls("C020"), calls("C021")) == (1, 1, 1)
    (kept,) = await ids(owner)
    assert kept["fiscal_code"] == scene.fiscal_code
    assert await ask(scene) == first
    assert (calls("C030"), calls("C020"), calls("C021")) == (1, 2, 2)


async def test_those_of_a_list_are_kept_and_found_together(scene: Scene, owner: Owner) -> None:
    calls = scene.simulation.faults["anpr"].calls
    people = len((await scene.ask(LIST))["data"]["beneficiaries"]["nodes"])
    assert calls("C030") == len(await ids(owner)) == people > 5
    assert len((await scene.ask(LIST))["data"]["beneficiaries"]["nodes"]) == people
    assert (calls("C030"), calls("C020")) == (people, 2 * people)


async def test_an_id_that_was_replaced_is_looked_up_anew_and_kept(scene: Scene, owner: Owner) -> None:
    first = await ask(scene)
    before = await ids(owner)
    await change(owner, id_anpr="ZZ99999ZZ")
    assert await ask(scene) == first
    assert scene.simulation.faults["anpr"].calls("C030") == 2
    assert await ids(owner) == before


async def test_an_id_is_of_the_fiscal_code_it_was_told_for(scene: Scene, owner: Owner) -> None:
    first = await ask(scene)
    await change(owner, fiscal_code="PRVGNN90R10H501Q")
    assert await ask(scene) == first
    assert scene.simulation.faults["anpr"].calls("C030") == 2


async def test_without_the_table_of_answers_c030_is_asked_each_time(scene: Scene, owner: Owner) -> None:
    await ask(scene)
    await owner.execute("ALTER TABLE agency_answer RENAME TO gone")
    try:
        person = await ask(scene)
    finally:
        await owner.execute("ALTER TABLE gone RENAME TO agency_answer")
    assert person["residence"]["freshness"] == "LIVE"
    assert scene.simulation.faults["anpr"].calls("C030") == 2
