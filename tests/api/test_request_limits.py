# SPDX-License-Identifier: EUPL-1.2
"""How long a request may last and how large it may be; and what becomes of it when its client goes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from zlib import crc32

import pytest

from hub.http.watch import LOOK

if TYPE_CHECKING:
    from tests.api.conftest import Opener, Service

LIST = "{ beneficiaries { totalCount nodes { id } } }"
TWO = "{ a: beneficiaries { totalCount } b: pacts { totalCount } c: beneficiaries { nodes { id } } }"
MIXED = "{ beneficiaries(first: 1) { nodes { id residence { source } } } }"
RECORD = """
  mutation ($input: RecordConditionalityEventInput!) {
    recordConditionalityEvent(input: $input) { event { id } userErrors { code } }
  }
"""
ENDED = 'snodo_requests_ended_total{reason="%s"}'


@pytest.fixture(scope="module")
async def hub(open_hub: Opener) -> AsyncIterator[Service]:
    """A hub whose requests may last half a second, and whose statements ten."""
    async with open_hub("deadlines", sequencer=False, request_deadline=0.5) as service:
        yield service


@pytest.fixture(scope="module")
async def patient(open_hub: Opener) -> AsyncIterator[Service]:
    """A hub that only ends what nobody waits for."""
    async with open_hub("leavers", sequencer=False) as service:
        yield service


@asynccontextmanager
async def _locked(hub: Service, table: str = "beneficiary") -> AsyncIterator[None]:
    async with hub.owner.transaction():
        await hub.owner.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield


async def _waiting(hub: Service) -> int:
    """How many statements of the hub wait for the lock."""
    await hub.owner.execute(
        "SELECT pg_stat_clear_snapshot()"
    )  # a transaction sees the statistics of its beginning
    count: int = await hub.owner.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'snodo' "
        "AND state = 'active' AND wait_event_type = 'Lock'"
    )
    return count


async def _until(holds: Callable[[], Any], seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not await holds():
            await asyncio.sleep(0.01)


async def _write(hub: Service, query: str, **variables: Any) -> asyncio.StreamWriter:
    """Send a question on a connection of its own, and do not wait for the answer."""
    address = urlsplit(hub.url)
    assert address.hostname
    body = json.dumps({"query": query, "variables": variables}).encode()
    _, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(
        b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nauthorization: Bearer "
        + hub.token("centre").encode()
        + b"\r\ncontent-length: %d\r\n\r\n" % len(body)
        + body
    )
    await writer.drain()
    return writer


def _event(hub: Service, key: str) -> dict[str, Any]:
    return {
        "idempotencyKey": key,
        "fiscalCode": hub.world.people["north"].fiscal_code,
        "type": "PACT_SIGNED",
        "occurredAt": f"2026-09-20T10:00:00.{crc32(key.encode()) % 1_000_000:06}Z",
    }


async def _event_of(hub: Service, key: str) -> Any:
    """The event that was recorded under an idempotency key."""
    return await hub.owner.fetchval("SELECT result_id FROM idempotency_key WHERE key = $1", key)


# ── the deadline ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("query", [LIST, TWO, MIXED])
async def test_a_deadline_ends_the_statements(query: str, hub: Service) -> None:
    ended = ENDED % "deadline"
    await hub(LIST)
    before = await hub.metric(ended)
    async with _locked(hub):
        answer = await hub(query)
        assert (answer.status, answer.codes) == (503, ["DEADLINE_EXCEEDED"])
        assert answer.json["errors"][0]["extensions"]["limit"] == 0.5
        assert "0.5 seconds" in answer.json["errors"][0]["message"]
        await _until(lambda: _none_waits(hub))
    assert await hub.metric(ended) == before + 1
    assert (await hub(LIST)).status == 200


async def _none_waits(hub: Service) -> bool:
    return await _waiting(hub) == 0


async def test_a_command_past_its_deadline_says_what_to_do(hub: Service) -> None:
    event = _event(hub, "late")
    async with _locked(hub, "conditionality_event"):
        answer = await hub(RECORD, input=event)
        assert (answer.status, answer.codes) == (503, ["DEADLINE_EXCEEDED"])
        assert "idempotency key" in answer.json["errors"][0]["message"]
        await _until(lambda: _none_waits(hub))
    assert await _event_of(hub, "late") is None
    again = await hub(RECORD, input=event)
    assert again.data["recordConditionalityEvent"]["userErrors"] == []


async def test_a_body_that_does_not_come(hub: Service) -> None:
    address = urlsplit(hub.url)
    assert address.hostname
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(
        b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"
    )
    async with asyncio.timeout(5):
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.read(1000)
    writer.close()
    assert head.startswith(b"HTTP/1.1 408 ")
    assert b"REQUEST_TIMEOUT" in body


# ── a client that goes ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("query", [LIST, TWO, MIXED])
async def test_a_client_that_goes_takes_its_statements_along(query: str, patient: Service) -> None:
    ended = ENDED % "disconnect"
    await patient(LIST)
    before = await patient.metric(ended)
    async with _locked(patient):
        writers = [await _write(patient, query) for _ in range(3)]
        await _until(lambda: _waiting(patient))
        await asyncio.sleep(3 * LOOK)
        assert await _waiting(patient), "as long as they stay, their statements do"
        for writer in writers:
            writer.close()
        await _until(lambda: _none_waits(patient))
        assert await patient.metric(ended) == before + 3
    for _ in range(8):  # each of the connections is good for the next
        assert (await patient(LIST)).status == 200


async def test_a_command_is_done_though_its_client_goes(patient: Service) -> None:
    event = _event(patient, "left")
    async with _locked(patient, "conditionality_event"):
        writer = await _write(patient, RECORD, input=event)
        await _until(lambda: _waiting(patient))
        await asyncio.sleep(3 * LOOK)
        writer.close()
        await asyncio.sleep(3 * LOOK)
        assert await _waiting(patient) == 1

    async def recorded() -> Any:
        return await _event_of(patient, "left")

    await _until(recorded)
    again = await patient(RECORD, input=event)
    assert again.data["recordConditionalityEvent"]["event"]["id"].endswith((await recorded()).hex)


async def test_one_who_goes_does_not_take_anothers_answer(patient: Service) -> None:
    async with _locked(patient):
        leaving = await _write(patient, LIST)
        staying = [asyncio.create_task(patient(LIST)) for _ in range(2)]
        await _until(lambda: _waiting(patient))
        await asyncio.sleep(3 * LOOK)
        leaving.close()
        await asyncio.sleep(3 * LOOK)
    for answer in await asyncio.gather(*staying):
        assert answer.status == 200


async def test_nothing_is_left_of_requests_that_are_done(patient: Service) -> None:
    for _ in range(3):
        await asyncio.gather(*(patient(LIST) for _ in range(8)))
    await asyncio.sleep(3 * LOOK)
    watch = patient.hub._graphql._watch
    assert not watch._young
    assert not watch._old
    assert watch._timer is None
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "attendant"]


# ── sizes ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_answer_too_large(open_hub: Opener) -> None:
    async with open_hub("large", sequencer=False, max_response_bytes=1_000) as hub:
        assert (await hub("{ beneficiaries(first: 1) { nodes { id } } }", as_="inps")).status == 200
        for query in (
            "{ beneficiaries { nodes { id fiscalCode givenName familyName birthDate } } }",
            "{ " + " ".join(f"a{n}: beneficiaries {{ nodes {{ id }} }}" for n in range(5)) + " }",
            "{ beneficiaries { nodes { id fiscalCode residence { source } } } }",
            "{ __schema { types { name } } }",
        ):
            answer = await hub(query, as_="inps")
            assert (answer.status, answer.codes) == (400, ["RESPONSE_TOO_LARGE"])
            said = answer.json["errors"][0]
            assert said["extensions"]["limit"] == 1_000
            assert said["extensions"]["size"] > 1_000
            assert str(said["extensions"]["size"]) in said["message"]


async def test_a_url_too_long(ask: Service) -> None:
    headers = {"authorization": f"Bearer {ask.token('centre')}"}
    for size, status in ((7_000, 200), (9_000, 414)):
        answer = await ask.send(
            "GET", params={"query": "{ __typename }" + "," * (size // 3)}, headers=headers
        )
        assert answer.status == status
    assert answer.codes == ["URL_TOO_LONG"]
    assert answer.json["errors"][0]["extensions"]["limit"] == 8_000
