# SPDX-License-Identifier: EUPL-1.2
"""The tables of the access log, as the hub's role meets them: what it may do, what nobody may, and the months."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime
from typing import Any, TypeAlias
from uuid import uuid4

import asyncpg
import pytest

from hub.access.caller import Scope
from hub.plan.documents import Documents
from hub.plan.operation import Operation
from hub.store.engine import READING, Database, connection_arguments
from hub.store.vocabulary import GrantScope
from schema.build import build_schema
from tests.store.conftest import EXPLAIN_FOR_ALL, _reads

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

WRITE = """
    INSERT INTO access_log (agency_id, client_id, purpose_id, selection_hash, asked, subjects, outcome)
    VALUES ($1, $1, $1, sha256('x'), '{}', ARRAY[$1::uuid], 'ANSWERED')
"""
AT = """
    INSERT INTO access_log (at, agency_id, client_id, purpose_id, selection_hash, asked, subjects, outcome)
    SELECT $1, id, id, id, sha256('x'), '{}', '{}', 'ANSWERED' FROM agency LIMIT 1
"""
MONTHS = """
    SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = 'access_log'::regclass ORDER BY relname
"""


async def _months(owner: Owner) -> list[str]:
    return [row["relname"] for row in await owner.fetch(MONTHS)]


async def test_a_line_lands_in_the_partition_of_its_month(owner: Owner, database: Database) -> None:
    await database.write.execute(WRITE, uuid4())
    month = await owner.fetchval("SELECT tableoid::regclass::text FROM access_log")
    now = await owner.fetchval("SELECT now()")
    assert month == f"access_log_{now.astimezone(UTC):y%Ym%m}"


@pytest.mark.parametrize("change", ["UPDATE {0} SET outcome = ''", "DELETE FROM {0}", "TRUNCATE {0}"])
async def test_nobody_changes_a_partition(owner: Owner, database: Database, change: str) -> None:
    await database.write.execute(WRITE, uuid4())
    await owner.execute("SELECT make_access_log_months(4)")
    months = await _months(owner)
    assert len(months) == 6  # this month and four more, and the default
    for month in months:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await owner.execute(change.format(month))
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
            await database.write.execute(change.format(month))


async def test_the_hub_says_neither_when_nor_in_which_order(database: Database) -> None:
    for column, value in (("at", "now() - interval '1 hour'"), ("id", "uuidv7()")):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
            await database.write.execute(
                f"INSERT INTO access_log ({column}, agency_id, client_id, purpose_id, selection_hash, asked, subjects, outcome)"
                f" SELECT {value}, uuidv7(), uuidv7(), uuidv7(), sha256('x'), '{{}}', '{{}}', 'ANSWERED'"
            )


async def test_the_hub_can_neither_make_nor_drop_a_partition_by_itself(
    owner: Owner, database: Database
) -> None:
    for statement in (
        "CREATE TABLE access_log_y2099m01 PARTITION OF access_log FOR VALUES FROM ('2099-01-01') TO ('2099-02-01')",
        f"DROP TABLE {(await _months(owner))[-1]}",
        f"ALTER TABLE access_log DETACH PARTITION {(await _months(owner))[-1]}",
        "CREATE OR REPLACE FUNCTION least_access_log_months() RETURNS integer LANGUAGE sql AS 'SELECT 0'",
        "SELECT guard_access_log_month('access_log_default')",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await database.write.execute(statement)


async def test_the_hub_has_months_made_ahead_and_again_without_harm(owner: Owner, database: Database) -> None:
    before = await _months(owner)
    assert await database.write.fetchval("SELECT make_access_log_months(6)") == 4
    assert await database.write.fetchval("SELECT make_access_log_months(6)") == 0
    assert set(before) < set(await _months(owner))
    role = await database.write.fetchval("SELECT current_user")
    for month in await _months(owner):
        for privilege in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"):
            assert not await owner.fetchval("SELECT has_table_privilege($1, $2, $3)", role, month, privilege)
    with pytest.raises(asyncpg.InvalidParameterValueError):
        await database.write.fetchval("SELECT make_access_log_months(10000)")


async def test_a_month_whose_lines_lie_in_the_default_partition_is_left_out(
    owner: Owner, database: Database
) -> None:
    await owner.execute("INSERT INTO agency (code, name, kind) VALUES ('inps', 'INPS', 'INPS')")
    later = await owner.fetchval("SELECT date_trunc('month', now()) + interval '4 months'")
    await owner.execute(AT, later)
    assert await database.write.fetchval("SELECT make_access_log_months(5)") == 2
    assert await owner.fetchval("SELECT count(*) FROM access_log_default") == 1


async def test_only_months_that_ended_long_enough_ago_are_dropped(owner: Owner, database: Database) -> None:
    for year, month in ((2020, 1), (2024, 11), (2024, 10), (2024, 12)):
        following = date(year + month // 12, month % 12 + 1, 1)
        await owner.execute(
            f"CREATE TABLE access_log_y{year}m{month:02} PARTITION OF access_log"
            f" FOR VALUES FROM ('{year}-{month:02}-01') TO ('{following}')"
        )
    await owner.execute("INSERT INTO agency (code, name, kind) VALUES ('inps', 'INPS', 'INPS')")
    await owner.execute(AT, datetime(2020, 1, 31, 23, 59, tzinfo=UTC))
    for keep in (23, 0, -1):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="24 months at least"):
            await database.write.fetchval("SELECT drop_access_log_months($1)", keep)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="24 months at least"):
        await database.write.fetchval("SELECT drop_access_log_months(NULL)")
    months = await owner.fetchval(
        "SELECT (EXTRACT(YEAR FROM age(date_trunc('month', now()), '2024-11-01')) * 12"
        " + EXTRACT(MONTH FROM age(date_trunc('month', now()), '2024-11-01')))::int"
    )
    dropped = await database.write.fetchval("SELECT drop_access_log_months($1)", max(months, 24))
    assert "access_log_y2020m01" in dropped
    assert "access_log_y2024m10" in dropped
    assert "access_log_y2024m12" not in dropped
    assert await owner.fetchval("SELECT count(*) FROM access_log") == 0
    assert "access_log_default" in await _months(owner)


@pytest.mark.parametrize("table", ["agency", "purpose"])
async def test_what_a_line_names_stays(owner: Owner, database: Database, table: str) -> None:
    for connection in (owner, database.write):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="access log"):
            await connection.execute(f"DELETE FROM {table}")


async def test_subjects_and_operators_are_whole(owner: Owner) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute(WRITE.replace("ARRAY[$1::uuid]", "ARRAY[$1::uuid, NULL]"), uuid4())
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute(
            "INSERT INTO access_log (agency_id, client_id, purpose_id, user_id, selection_hash, asked, subjects, outcome)"
            " VALUES ($1, $1, $1, 'somebody', sha256('x'), '{}', '{}', 'ANSWERED')",
            uuid4(),
        )


LINES, FEW = 100_000, 7
SEED = """
    INSERT INTO access_log (agency_id, client_id, purpose_id, selection_hash, asked, subjects, positions, outcome)
    SELECT $1, $1, $1, sha256('x'), '{}',
        ARRAY[CASE WHEN n <= $4 THEN $2 ELSE md5((n % 20000)::text)::uuid END],
        CASE WHEN n % 1000 = 0 THEN int8multirange(int8range(n, n + 500)) END, 'ANSWERED'
    FROM generate_series(1, $3::int) AS n
"""
NOBODY_FOLLOWED = """
    SELECT id, fiscal_code FROM beneficiary
    WHERE NOT EXISTS (SELECT FROM conditionality_event WHERE beneficiary_id = beneficiary.id) ORDER BY id LIMIT 1
"""


@pytest.fixture
async def long_log(populated_url: str) -> AsyncIterator[tuple[Owner, str]]:
    """A log in which somebody stands a few times, among many others; and that person's fiscal code."""
    connection = await asyncpg.connect(**connection_arguments(populated_url), server_settings=READING)
    person = await connection.fetchrow(NOBODY_FOLLOWED)
    assert person is not None
    agency = await connection.fetchval("SELECT id FROM agency LIMIT 1")
    await connection.execute(SEED, agency, person["id"], LINES, FEW)
    await connection.execute("INSERT INTO access_selection VALUES (sha256('x'), '{Query.beneficiary}')")
    await connection.execute("VACUUM ANALYZE access_log")
    yield connection, person["fiscal_code"]
    await connection.close()


@pytest.mark.parametrize(
    "asked", ["nodes { at outcome coordinates agency { code } } pageInfo { endCursor }", "totalCount"]
)
async def test_a_report_over_a_long_log_reads_what_it_tells(asked: str, long_log: tuple[Owner, str]) -> None:
    owner, code = long_log
    operation = Documents(build_schema()[1], most=1).operation(
        f"query ($c: FiscalCode!) {{ accessReport(fiscalCode: $c, first: 10) {{ {asked} }} }}", None
    )
    assert isinstance(operation, Operation)
    variables = {"c": code}
    plan = operation.prepare(variables, Scope(GrantScope.NATIONAL, single=False)).plans["accessReport"]
    await owner.execute(EXPLAIN_FOR_ALL)
    whatever = await owner.fetchval("SELECT pg_temp.explain_for_all_values($1)", plan.statement.text)
    month = f"access_log_y{datetime.now(UTC):%Ym%m}"
    # By index alone, whatever the values; and by these, no line but those it tells.
    assert {read.index for read in _reads(json.loads(whatever)) if read.table == month} == {
        f"{month}_subjects_idx", f"{month}_positions_idx", f"{month}_pkey",
    }  # fmt: skip
    nobody: Any = None  # a scope without areas asks nothing of the caller
    values = plan.arguments(variables, nobody)
    ran = await owner.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {plan.statement.text}", *values)
    read = [_rows(node) for node in _nodes(json.loads(ran)) if node.get("Relation Name") == month]
    assert read == [FEW]
    answer = await owner.fetchval(plan.statement.text, *values)
    assert answer.count('"ANSWERED"') == FEW or f'"totalCount":{FEW}' in answer


def _nodes(plan: Any) -> Iterator[dict[str, Any]]:
    match plan:
        case list():
            for one in plan:
                yield from _nodes(one)
        case dict():
            if "Node Type" in plan:
                yield plan
            for one in plan.values():
                yield from _nodes(one)


def _rows(node: dict[str, Any]) -> int:
    """Rows a node gave, and those it read in vain."""
    in_vain = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return int((node["Actual Rows"] + in_vain) * node["Actual Loops"])
