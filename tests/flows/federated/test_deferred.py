# SPDX-License-Identifier: EUPL-1.2
"""What an agency takes its time for comes later: stored data is on the screen before it has answered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from connectors.simulators.faults import EVERY, Fault, FaultKind
from connectors.simulators.pdnd import issue_voucher
from tests.flows.federated.conftest import Scene
from tests.incremental import events_as_they_come, merged, parts_as_they_come

PAGE = """query ($code: FiscalCode!) { beneficiary(fiscalCode: $code) {
  givenName household { measure }
  ... @defer(label: "registry") { residence { source freshness } }
  ... @defer(label: "money") { household { payments { source } } } } }"""

MULTIPART, EVENTS = "multipart/mixed, application/json", "text/event-stream"


@asynccontextmanager
async def _asked(scene: Scene, query: str, accept: str) -> AsyncIterator[AsyncIterator[Any]]:
    token = issue_voucher(scene.simulation.registry, scene.simulation.keys, "municipality")
    async with scene.http.stream(
        "POST",
        f"{scene.address}/graphql",
        json={"query": query, "variables": {"code": scene.fiscal_code}},
        headers={"authorization": f"Bearer {token}", "accept": accept},
    ) as answer:
        assert answer.status_code == 200
        yield _responses(answer, accept)


async def _responses(answer: httpx2.Response, accept: str) -> AsyncIterator[Any]:
    if accept is MULTIPART:
        async for part in parts_as_they_come(answer.aiter_raw()):
            yield part
        return
    async for name, response in events_as_they_come(answer.aiter_raw()):
        if name == "next":
            yield response


@pytest.mark.parametrize("accept", [MULTIPART, EVENTS])
async def test_stored_data_is_there_while_the_agency_still_thinks(accept: str, scene: Scene) -> None:
    await scene.ask("{ __typename }")  # PDND's keys are known: they are fetched at the first voucher
    slow = 0.4
    scene.simulation.faults["anpr"].set(EVERY, Fault(FaultKind.SLOW, latency=slow))
    parts: list[Any] = []
    times: list[float] = []
    async with _asked(scene, PAGE, accept) as responses:
        async for part in responses:
            parts.append(part)
            times.append(time.monotonic())
    first = parts[0]
    assert first["data"] == {
        "beneficiary": {
            "givenName": scene.simulation.world.person.given_name,
            "household": {"measure": "ADI"},
        }
    }
    assert {one["label"] for one in first["pending"]} == {"registry", "money"}
    registry = next(
        place
        for place, part in enumerate(parts)
        if any("residence" in one["data"] for one in part.get("incremental", []))
    )
    assert times[registry] - times[0] > slow * 0.9, "the first part did not wait for ANPR"
    person = merged(parts)["data"]["beneficiary"]
    assert person["residence"] == {"source": "ANPR", "freshness": "LIVE"}
    assert person["household"] == {"measure": "ADI", "payments": {"source": "INPS"}}


async def test_an_agency_that_fails_fails_in_its_part(scene: Scene) -> None:
    scene.simulation.faults["anpr"].set(EVERY, Fault(FaultKind.HANG))
    async with _asked(scene, PAGE, MULTIPART) as responses:
        parts = [part async for part in responses]
    assert "errors" not in parts[0]
    failed = [one for part in parts[1:] for one in part.get("incremental", []) if "errors" in one]
    assert len(failed) == 1
    assert failed[0]["data"] == {"residence": None}
    (error,) = failed[0]["errors"]
    assert error["path"] == ["beneficiary", "residence"]
    assert error["extensions"]["code"] == "UPSTREAM_UNAVAILABLE"
    assert merged(parts)["data"]["beneficiary"]["household"]["payments"] == {"source": "INPS"}


async def test_each_person_of_a_list_is_deferred_alone_and_asked_once(scene: Scene) -> None:
    query = """{ beneficiaries(first: 20) { nodes {
      fiscalCode ... @defer { residence { freshness } again: residence { source } } } totalCount } }"""
    async with _asked(scene, query, MULTIPART) as responses:
        parts = [part async for part in responses]
    people = merged(parts)["data"]["beneficiaries"]["nodes"]
    assert len(people) > 5
    assert len(parts[0]["pending"]) == len(people)
    assert {person["residence"]["freshness"] for person in people} == {"LIVE"}
    assert scene.simulation.faults["anpr"].calls("C020") == len(people)


@pytest.mark.parametrize("accept", [MULTIPART, EVENTS])
async def test_a_client_that_goes_ends_the_work(accept: str, scene: Scene) -> None:
    await scene.ask("{ __typename }")
    before = asyncio.all_tasks()
    scene.simulation.faults["anpr"].set(EVERY, Fault(FaultKind.HANG))
    async with _asked(scene, PAGE, accept) as responses:
        await anext(responses)
        await asyncio.sleep(0.05)
    started = time.monotonic()
    while left := {task for task in asyncio.all_tasks() - before if "uvicorn" not in repr(task)}:
        assert time.monotonic() - started < 1, left
        await asyncio.sleep(0.01)
