# SPDX-License-Identifier: EUPL-1.2
"""A population large enough that PostgreSQL chooses as it does in earnest, and what it says it would do."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import asyncpg
import pytest

from hub.store.engine import READING, connection_arguments
from hub.store.population.seed import seed_population
from tests.conftest import create_database, drop_database

LARGE = 10_000
"""Rows from which on a table is not to be read from end to end."""
EXPLAIN_FOR_ALL = """
    CREATE FUNCTION pg_temp.explain_for_all_values(statement text) RETURNS text LANGUAGE plpgsql AS $$
    DECLARE
        plan json;
    BEGIN
        EXECUTE 'EXPLAIN (GENERIC_PLAN, FORMAT JSON) ' || statement INTO plan;
        RETURN plan;
    END
    $$
"""


MARKET = """
    INSERT INTO agency (code, name, kind) SELECT 'accredited-' || n, 'x', 'ACCREDITED' FROM generate_series(1, 40) AS n;
    CREATE TEMPORARY TABLE places AS SELECT id, row_number() OVER (ORDER BY id) AS n, count(*) OVER () AS among FROM municipality;
    CREATE TEMPORARY TABLE publishers AS
        SELECT id, row_number() OVER (ORDER BY id) AS n FROM agency WHERE kind = 'ACCREDITED' AND code LIKE 'accredited-%';
    INSERT INTO job_offer (title, employer_name, profession_code, weekly_hours, places, municipality_id, published_on, expires_on,
            status, source_agency_id, external_id)
        SELECT 'x', 'y', '5.2.' || made % 50, 20, 1, places.id, date '2026-06-15' - made % 300, date '2026-06-15' + made % 90,
            (ARRAY['OPEN', 'CLOSED', 'WITHDRAWN'])[1 + made % 3], publishers.id, made
        FROM generate_series(1, 20000) AS made
            JOIN places ON places.n = 1 + made % places.among JOIN publishers ON publishers.n = 1 + made % 40;
    INSERT INTO training_course (title, provider_name, mode, municipality_id, starts_on, ends_on, hours, places, enrolled, status,
            source_agency_id, external_id)
        SELECT 'x', 'y', 'ONLINE', places.id, date '2026-06-15' - made % 300, date '2026-06-15' + made % 90, 20, 9, 0,
            (ARRAY['OPEN', 'CLOSED', 'WITHDRAWN'])[1 + made % 3], publishers.id, made
        FROM generate_series(1, 20000) AS made
            JOIN places ON places.n = 1 + made % places.among JOIN publishers ON publishers.n = 1 + made % 40;
    ANALYZE agency, job_offer, training_course;
"""
"""Offers and courses of forty accredited subjects: of a population's own there are too few for a scan to be told from an index."""


@dataclass(frozen=True, order=True)
class Read:
    """How a plan reads a table: by an index, or from end to end."""

    table: str
    index: str | None


class Planner:
    """Asks PostgreSQL how it would run a statement, whatever its values, in a session set as the hub's are."""

    def __init__(self, connection: asyncpg.Connection[asyncpg.Record], large: set[str]) -> None:
        self.connection, self.large = connection, large

    async def reads(self, statement: str) -> set[Read]:
        """How each of its tables is read."""
        plan = await self.connection.fetchval("SELECT pg_temp.explain_for_all_values($1)", statement)
        return set(_reads(json.loads(plan)))


def _reads(plan: Any) -> Iterator[Read]:
    match plan:
        case list():
            for one in plan:
                yield from _reads(one)
        case dict():
            match plan.get("Node Type"):
                case "Seq Scan":
                    yield Read(plan["Relation Name"], None)
                case "Index Scan" | "Index Only Scan":
                    yield Read(plan["Relation Name"], plan["Index Name"])
                case "Bitmap Heap Scan":
                    for index in _indexes(plan["Plans"]):
                        yield Read(plan["Relation Name"], index)
            for one in plan.values():
                yield from _reads(one)


def _indexes(plans: list[Any]) -> Iterator[str]:
    for one in plans:
        if "Index Name" in one:
            yield one["Index Name"]
        yield from _indexes(one.get("Plans", []))


@pytest.fixture(scope="session")
async def planner(server_url: str, template: str, worker_id: str) -> AsyncIterator[Planner]:
    """Over 20,000 people of 15 June 2026, and as many offers and courses."""
    name = f"snodo_large_{worker_id}"
    url = await create_database(server_url, name, template)
    owner = await asyncpg.connect(**connection_arguments(url))
    await seed_population(
        owner, beneficiaries=20_000, seed=1, today=date(2026, 6, 15), progress=lambda *_: None
    )
    await owner.execute(MARKET)
    await owner.close()
    connection = await asyncpg.connect(**connection_arguments(url), server_settings={"jit": "off", **READING})
    await connection.execute(EXPLAIN_FOR_ALL)
    rows = await connection.fetch(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples >= $1", LARGE
    )
    yield Planner(connection, {row["relname"] for row in rows})
    await connection.close()
    await drop_database(server_url, name)
