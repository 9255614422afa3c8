# SPDX-License-Identifier: EUPL-1.2
"""What the database keeps true by itself, whoever writes."""

from __future__ import annotations

import asyncpg
import pytest


@pytest.fixture
def database_url(populated_url: str) -> str:
    return populated_url


async def test_a_persons_pacts_go_with_the_person_to_another_household(
    owner: asyncpg.Connection[asyncpg.Record],
) -> None:
    pact = await owner.fetchrow(
        "SELECT id, beneficiary_id, household_id FROM pact WHERE beneficiary_id IS NOT NULL LIMIT 1"
    )
    assert pact is not None
    other = await owner.fetchval("SELECT id FROM household WHERE id <> $1 LIMIT 1", pact["household_id"])
    await owner.execute(
        "UPDATE beneficiary SET household_id = $1 WHERE id = $2", other, pact["beneficiary_id"]
    )
    assert await owner.fetchval("SELECT household_id FROM pact WHERE id = $1", pact["id"]) == other
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="pact_beneficiary_id_household_id_fkey"):
        await owner.execute(
            "UPDATE pact SET household_id = $1 WHERE id = $2", pact["household_id"], pact["id"]
        )


async def test_an_inclusion_pact_stays_with_its_household(owner: asyncpg.Connection[asyncpg.Record]) -> None:
    pact = await owner.fetchrow("SELECT id, household_id FROM pact WHERE kind = 'INCLUSION' LIMIT 1")
    assert pact is not None
    await owner.execute(
        "UPDATE beneficiary SET household_id = (SELECT id FROM household WHERE id <> $1 LIMIT 1) WHERE household_id = $1",
        pact["household_id"],
    )
    assert (
        await owner.fetchval("SELECT household_id FROM pact WHERE id = $1", pact["id"])
        == pact["household_id"]
    )


async def test_a_household_always_has_its_own_benefit(owner: asyncpg.Connection[asyncpg.Record]) -> None:
    one, other = await owner.fetch("SELECT id, benefit_id FROM household LIMIT 2")
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="household_benefit_id_id_fkey"):
        await owner.execute(
            "UPDATE household SET benefit_id = $1 WHERE id = $2", other["benefit_id"], one["id"]
        )
    with pytest.raises(asyncpg.NotNullViolationError):
        await owner.execute("UPDATE household SET benefit_id = NULL WHERE id = $1", one["id"])


APPLICANT = "SELECT applicant_id FROM household WHERE id = $1"


async def test_who_applied_is_a_member(owner: asyncpg.Connection[asyncpg.Record]) -> None:
    one, other = await owner.fetch("SELECT id, applicant_id FROM household LIMIT 2")
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="household_applicant_id_id_fkey"):
        await owner.execute(
            "UPDATE household SET applicant_id = $1 WHERE id = $2", other["applicant_id"], one["id"]
        )
    await owner.execute("UPDATE household SET applicant_id = NULL WHERE id = $1", one["id"])


async def test_who_moves_to_another_household_has_not_applied_for_the_one_left(
    owner: asyncpg.Connection[asyncpg.Record],
) -> None:
    household, applicant, other, theirs = await owner.fetchrow(  # type: ignore[misc]
        """SELECT h.id, h.applicant_id, o.id, o.applicant_id FROM household h JOIN household o ON o.id > h.id
           WHERE (SELECT count(*) FROM beneficiary WHERE household_id = h.id) > 1 LIMIT 1"""
    )
    move = "UPDATE beneficiary SET household_id = $2 WHERE "
    # Whoever else moves, the applicant stays.
    await owner.execute(f"{move} household_id = $1 AND id <> $3", household, other, applicant)
    assert await owner.fetchval(APPLICANT, household) == applicant
    await owner.execute(f"{move} id = $1", applicant, other)
    assert await owner.fetchval(APPLICANT, household) is None
    assert await owner.fetchval(APPLICANT, other) == theirs
    await owner.execute(f"{move} id = $1", applicant, household)
    assert await owner.fetchval(APPLICANT, household) is None, "coming back is no application"


async def test_who_is_erased_is_nobodys_applicant(owner: asyncpg.Connection[asyncpg.Record]) -> None:
    household = await owner.fetchval("SELECT id FROM household LIMIT 1")
    made = await owner.fetchval(
        """INSERT INTO beneficiary (fiscal_code, given_name, family_name, birth_date, sex, household_id, municipality_id, region_code,
               employment_status, obligation)
           SELECT '12345678903', 'x', 'x', '1980-01-01', 'F', id, municipality_id, region_code, 'OTHER', 'OBLIGED'
           FROM household WHERE id = $1 RETURNING id""",
        household,
    )
    await owner.execute("UPDATE household SET applicant_id = $2 WHERE id = $1", household, made)
    await owner.execute("DELETE FROM beneficiary WHERE id = $1", made)
    left = await owner.fetch(APPLICANT, household)
    assert [row["applicant_id"] for row in left] == [None]


async def test_a_region_never_parts_from_its_municipality(owner: asyncpg.Connection[asyncpg.Record]) -> None:
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="municipality_id_region_code"):
        await owner.execute(
            "UPDATE beneficiary SET region_code = CASE region_code WHEN '12' THEN '01' ELSE '12' END"
            " WHERE id = (SELECT id FROM beneficiary LIMIT 1)"
        )


@pytest.mark.parametrize("period", ["[2026-01-01,infinity)", "empty", "(,2026-01-01)"])
async def test_a_benefits_period_begins_and_its_end_is_a_day_or_open(
    owner: asyncpg.Connection[asyncpg.Record], period: str
) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="benefit_period_check"):
        await owner.execute(
            f"UPDATE benefit SET period = '{period}' WHERE id = (SELECT benefit_id FROM household LIMIT 1)"
        )
