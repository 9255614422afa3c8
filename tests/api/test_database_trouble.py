# SPDX-License-Identifier: EUPL-1.2
"""A database that is slow, that goes away, that comes back: what callers are told, and that the hub needs no restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from zlib import crc32

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from hub.store.engine import connection_arguments

if TYPE_CHECKING:
    from tests.api.conftest import Answer, Opener, Service

LIST = "{ beneficiaries { totalCount nodes { id } } }"
LIVE = "{ a: beneficiaries(first: 1) { nodes { id residence { source } } } jobOffers { totalCount } }"
RECORD = """
  mutation ($input: RecordConditionalityEventInput!) {
    recordConditionalityEvent(input: $input) { event { id } userErrors { code } }
  }
"""
HUBS_BACKENDS = "FROM pg_stat_activity WHERE datname = $1 AND application_name = 'snodo'"


@pytest.fixture
async def hub(open_hub: Opener) -> AsyncIterator[Service]:
    """A hub whose statements may take a third of a second."""
    async with open_hub("trouble", statement_timeout=0.3) as service:
        yield service


@pytest.fixture
async def admin(hub: Service, server_url: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A connection beside the hub's database, from which it can be closed."""
    url = make_url(server_url).set(database="postgres").render_as_string(hide_password=False)
    connection = await asyncpg.connect(**connection_arguments(url))
    yield connection
    await connection.close()


def _event(hub: Service, key: str) -> dict[str, Any]:
    return {
        "idempotencyKey": key,
        "fiscalCode": hub.world.people["north"].fiscal_code,
        "type": "PACT_SIGNED",
        "occurredAt": f"2026-09-20T10:00:00.{crc32(key.encode()) % 1_000_000:06}Z",
    }


@asynccontextmanager
async def _locked(hub: Service, table: str) -> AsyncIterator[None]:
    async with hub.owner.transaction():
        await hub.owner.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield


async def _waiting(hub: Service) -> None:
    """Until a statement of the hub waits for the lock."""
    for _ in range(100):
        count = f"SELECT count(*) {HUBS_BACKENDS} AND wait_event_type = 'Lock'"
        if await hub.owner.fetchval(count, await hub.owner.fetchval("SELECT current_database()")):
            return
        await asyncio.sleep(0.002)
    raise AssertionError("no statement waits")


async def test_a_statement_that_takes_too_long(hub: Service) -> None:
    await hub(LIST)
    async with _locked(hub, "beneficiary"):
        answer = await hub(LIST)
        assert (answer.status, answer.codes) == (503, ["DEADLINE_EXCEEDED"])
        partly = await hub(LIVE)
        assert (partly.status, partly.codes) == (200, ["DEADLINE_EXCEEDED"])
        assert partly.json["errors"][0]["path"] == ["a"]
    assert (await hub(LIST)).status == 200


async def test_a_command_that_takes_too_long_leaves_nothing(hub: Service) -> None:
    async with _locked(hub, "idempotency_key"):
        answer = await hub(RECORD, input=_event(hub, "slow"))
        assert answer.codes == ["DEADLINE_EXCEEDED"]
    assert await hub.owner.fetchval("SELECT count(*) FROM idempotency_key") == 0
    assert (await hub(RECORD, input=_event(hub, "slow"))).data["recordConditionalityEvent"]["event"]


async def _end_backends(hub: Service, *, waiting: bool) -> None:
    name = await hub.owner.fetchval("SELECT current_database()")
    condition = "AND wait_event_type = 'Lock'" if waiting else ""
    await hub.owner.execute(
        f"SELECT pg_terminate_backend(pid) {HUBS_BACKENDS.replace('$1', repr(name))} {condition}"
    )


async def test_a_connection_that_is_ended_while_it_works(hub: Service) -> None:
    ended: dict[str, Any] = {"input": _event(hub, "ended")}
    for query, variables in ((LIST, {}), (RECORD, ended)):
        await hub("{ __typename }")
        async with _locked(hub, "beneficiary"):
            asked = asyncio.create_task(hub(query, **variables))
            await _waiting(hub)
            await _end_backends(hub, waiting=True)
            answer: Answer = await asked
        assert answer.codes == ["DATABASE_UNAVAILABLE"]
        assert answer.status == (503 if query is LIST else 200)
    assert await hub.owner.fetchval("SELECT count(*) FROM conditionality_event WHERE type = 'PACT_SIGNED' AND note IS NULL AND client_id IS NOT NULL") == 0  # fmt: skip
    assert (await hub(LIST)).status == 200


async def test_connections_that_were_ended_while_idle(hub: Service) -> None:
    for _ in range(2):
        await asyncio.gather(*(hub(LIST) for _ in range(8)))
        await _end_backends(hub, waiting=False)
        await asyncio.sleep(0.02)
        answers = await asyncio.gather(*(hub(LIST) for _ in range(8)))
        assert {answer.status for answer in answers} == {200}


async def test_a_database_that_goes_away_and_comes_back(
    hub: Service, admin: asyncpg.Connection[asyncpg.Record]
) -> None:
    name = await hub.owner.fetchval("SELECT current_database()")
    await hub(LIST)
    await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    await _end_backends(hub, waiting=False)
    await asyncio.sleep(0.02)
    away: dict[str, Any] = {"input": _event(hub, "away")}
    for query, variables in ((LIST, {}), (LIVE, {}), (RECORD, away)):
        answer = await hub(query, **variables)
        assert set(answer.codes) == {"DATABASE_UNAVAILABLE"}
        assert (answer.status == 503) is (query is LIST or "data" not in answer.json)
    assert (await hub.send("GET", "/readyz")).status == 503
    assert (await hub.send("GET", "/status")).status == 503
    assert (await hub.send("GET", "/healthz")).status == 200
    checkpoint = await hub.send("GET", "/feeds/conditionality/checkpoint")
    assert (checkpoint.status, checkpoint.json["code"]) == (503, "DATABASE_UNAVAILABLE")
    assert checkpoint.headers["content-type"] == "application/problem+json"
    unknown = await hub("{ __typename }", as_="region")
    assert (unknown.status, unknown.codes) == (503, ["DATABASE_UNAVAILABLE"])

    await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    assert (await hub(LIST)).status == 200
    assert (await hub.send("GET", "/readyz")).status == 200
    done = await hub(RECORD, input=_event(hub, "away"))
    event = done.data["recordConditionalityEvent"]["event"]["id"]
    for _ in range(200):  # the sequencer lost its connection too, and takes up its work again
        found = await hub(
            "query ($id: ID!) { node(id: $id) { ... on ConditionalityEvent { position } } }", id=event
        )
        if found.data["node"]["position"]:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the sequencer did not come back")
