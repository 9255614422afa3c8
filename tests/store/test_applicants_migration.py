# SPDX-License-Identifier: EUPL-1.2
"""What migration 0031 makes of field sets and grants in a database that is in use, and what its downgrade leaves."""

from __future__ import annotations

import asyncio
from uuid import UUID

import asyncpg

from hub.store.engine import connection_arguments
from hub.store.migrations import downgrade, migrate

PURPOSE = UUID(int=2)
SETS = {
    "members": ["Household.members", "Household.benefit"],
    "wildcard": ["Household.*", "Household.members"],
    "without": ["Household.benefit"],
}
FIELDS = "SELECT name, fields FROM field_set"
GRANTS = "SELECT fields FROM access_grant WHERE purpose_id = $1"


async def test_whoever_is_granted_the_members_is_granted_which_of_them_applied(empty_url: str) -> None:
    await asyncio.to_thread(migrate, empty_url, "0030")
    connection = await asyncpg.connect(**connection_arguments(empty_url))
    shipped = dict(await connection.fetch(FIELDS))
    await connection.executemany(
        "INSERT INTO field_set (name, description, fields) VALUES ($1, 'x', $2)", [*SETS.items()]
    )
    await connection.execute("INSERT INTO agency (code, name, kind) VALUES ('umbria', 'Umbria', 'REGION')")
    await connection.execute(
        "INSERT INTO purpose (purpose_id, agency_id, description) SELECT $1, id, 'x' FROM agency WHERE code = 'umbria'",
        PURPOSE,
    )
    # Two that hold together, and so agree: they change together.
    for _ in range(2):
        await connection.execute(
            "INSERT INTO access_grant (purpose_id, scope, field_set, fields) VALUES ($1, 'REGION', 'region', '{Household.members}')",
            PURPOSE,
        )
    await asyncio.to_thread(migrate, empty_url, "0031")
    fields = dict(await connection.fetch(FIELDS))
    assert fields["members"] == [*SETS["members"], "Household.applicant"]
    assert (fields["wildcard"], fields["without"]) == (SETS["wildcard"], SETS["without"])
    assert {name for name in shipped if fields[name] != shipped[name]} == {"employment-centre", "inps"}
    granted = [row["fields"] for row in await connection.fetch(GRANTS, PURPOSE)]
    assert granted == [["Household.members", "Household.applicant"]] * 2
    await asyncio.to_thread(downgrade, empty_url, "0030")
    assert dict(await connection.fetch(FIELDS)) == shipped | SETS
    assert [row["fields"] for row in await connection.fetch(GRANTS, PURPOSE)] == [["Household.members"]] * 2
    await connection.close()
