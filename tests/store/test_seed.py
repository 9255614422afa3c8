# SPDX-License-Identifier: EUPL-1.2
"""A population in a real database: every constraint holds, the feed is dense, and the same seed gives the same rows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from enum import StrEnum
from typing import TypeAlias

import asyncpg
import pytest

from hub.errors import DatabaseError
from hub.store.engine import connection_arguments
from hub.store.population import seed
from hub.store.population.seed import PopulationPresent, SeedReport, seed_population
from hub.store.reference.agency_codes import INPS_AGENCY_CODE
from hub.store.reference.demo import demo_centres, demo_municipalities, load_demo_reference
from hub.store.vocabulary import (
    ActivityKind,
    ActivityStatus,
    BenefitStatus,
    ConditionalityEventType,
    ConvocationChannel,
    ConvocationOutcome,
    ConvocationReason,
    CourseMode,
    Disability,
    EmploymentStatus,
    GoalStatus,
    Measure,
    Obligation,
    OpportunityStatus,
    PactKind,
    PactStatus,
    PucAssignmentStatus,
    PucField,
    PucPot,
    Sex,
    StayTitle,
    VehicleKind,
)
from tests.conftest import create_database, drop_database

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

TODAY = date(2026, 11, 21)
BENEFICIARIES = 2_000

WORDS: list[tuple[str, str, type[StrEnum]]] = [
    ("household", "measure", Measure),
    ("benefit", "measure", Measure),
    ("benefit", "status", BenefitStatus),
    ("beneficiary", "sex", Sex),
    ("beneficiary", "obligation", Obligation),
    ("beneficiary", "employment_status", EmploymentStatus),
    ("pact", "kind", PactKind),
    ("pact", "status", PactStatus),
    ("pact_goal", "status", GoalStatus),
    ("convocation", "channel", ConvocationChannel),
    ("convocation", "reason", ConvocationReason),
    ("convocation", "outcome", ConvocationOutcome),
    ("activity", "kind", ActivityKind),
    ("activity", "status", ActivityStatus),
    ("training_course", "mode", CourseMode),
    ("training_course", "status", OpportunityStatus),
    ("job_offer", "status", OpportunityStatus),
    ("puc_project", "status", OpportunityStatus),
    ("puc_project", "field", PucField),
    ("puc_assignment", "status", PucAssignmentStatus),
    ("puc_assignment", "pot", PucPot),
    ("household_declaration", "stay_title", StayTitle),
    ("declared_member", "disability", Disability),
    ("declared_vehicle", "kind", VehicleKind),
    ("conditionality_event", "type", ConditionalityEventType),
    ("conditionality_event", "measure", Measure),
]
NOT_SEEDED = {
    "AVAILABILITY_DECLARED", "PUC_JOINED", "SCHOOLING_NOT_ATTENDED", "VARIATION_NOT_COMMUNICATED", "FIRST_APPOINTMENT_MISSED",
    "POSITION_UPDATED", "POSITION_NOT_UPDATED", "PARTICIPATION_CONFIRMED", "PARTICIPATION_NOT_CONFIRMED", "HIRED",
    "CONTENT_ERASED",
}  # fmt: skip
"""Words of events that no path of the population leads to."""
TABLES = sorted(
    {table for table, _, _ in WORDS}
    | {"feed_entry", "feed_content", "agency", "municipality", "employment_centre"}
)

# Each counts rows that must not be: what the tables allow, but no office could have written.
NEVER = {
    "an event before it happened": "SELECT count(*) FROM conditionality_event WHERE recorded_at <= occurred_at",
    "an event recorded after ten days": "SELECT count(*) FROM conditionality_event WHERE recorded_at > occurred_at + interval '10 days 1 hour'",
    "an event of the future": "SELECT count(*) FROM conditionality_event WHERE recorded_at >= $1::date",
    "an event before the person was admitted": """
        SELECT count(*) FROM conditionality_event e
        WHERE occurred_at < (SELECT min(lower(period)) FROM benefit b WHERE b.household_id = e.household_id)""",
    "an event that says another code, protocol or measure than its person's": """
        SELECT count(*) FROM conditionality_event e JOIN beneficiary b ON b.id = e.beneficiary_id JOIN household h ON h.id = e.household_id
        WHERE (e.fiscal_code, e.inps_protocol, e.measure, h.id) IS DISTINCT FROM (b.fiscal_code, h.inps_protocol, h.measure, b.household_id)""",
    "an event under a pact of others": """
        SELECT count(*) FROM conditionality_event e JOIN pact p ON p.id = e.pact_id
        WHERE p.household_id <> e.household_id OR coalesce(p.beneficiary_id, e.beneficiary_id) <> e.beneficiary_id""",
    "an event from another agency than the person's centre or municipality": """
        SELECT count(*) FROM conditionality_event e JOIN beneficiary b ON b.id = e.beneficiary_id
        JOIN municipality m ON m.id = b.municipality_id JOIN agency a ON a.id = e.agency_id
        LEFT JOIN employment_centre c ON c.id = b.employment_centre_id
        WHERE a.code NOT IN ('cpi-' || lower(c.code), 'comune-' || lower(m.belfiore_code))""",
    "a withdrawal of another person's event, or of a later one": """
        SELECT count(*) FROM conditionality_event e JOIN conditionality_event w ON w.id = e.withdraws_event_id
        WHERE w.beneficiary_id <> e.beneficiary_id OR w.recorded_at >= e.recorded_at""",
    "a withdrawal after the days it may take": """
        SELECT count(*) FROM conditionality_event e JOIN conditionality_event w ON w.id = e.withdraws_event_id
        WHERE (e.recorded_at AT TIME ZONE 'Europe/Rome')::date > (w.recorded_at AT TIME ZONE 'Europe/Rome')::date + 10""",
    "a path of someone the law leaves out": """
        SELECT count(*) FROM conditionality_event e JOIN beneficiary b ON b.id = e.beneficiary_id
        WHERE b.obligation NOT IN ('OBLIGED', 'VOLUNTARY')""",
    "an event of a minor": """
        SELECT count(*) FROM conditionality_event e JOIN beneficiary b ON b.id = e.beneficiary_id
        WHERE e.occurred_at < b.birth_date + interval '18 years'""",
    "professions in a pact that is not about work": """
        SELECT count(*) FROM pact WHERE kind NOT IN ('WORK', 'SERVICE') AND professions IS NOT NULL""",
    "a household whose present benefit is of another measure": """
        SELECT count(*) FROM household h JOIN benefit b ON b.id = h.benefit_id WHERE b.measure <> h.measure""",
    "a household without its applicant, or with a minor for one": """
        SELECT count(*) FROM household h LEFT JOIN beneficiary b ON b.id = h.applicant_id AND b.birth_date <= $1::date - interval '18 years'
        WHERE b.id IS NULL""",
    "a declared applicant who is not INPS's": """
        SELECT count(*) FROM declared_member m JOIN household_declaration d ON d.id = m.declaration_id JOIN household h ON h.id = d.household_id
        WHERE m.applicant <> (m.beneficiary_id = h.applicant_id)""",
    "a member who lives elsewhere than the household": """
        SELECT count(*) FROM beneficiary b JOIN household h ON h.id = b.household_id WHERE b.municipality_id <> h.municipality_id""",
    "a centre of another region": """
        SELECT count(*) FROM beneficiary b JOIN employment_centre c ON c.id = b.employment_centre_id WHERE c.region_code <> b.region_code""",
    "a past convocation without an outcome, or a future one with": """
        SELECT count(*) FROM convocation WHERE (outcome IS NULL) <> (scheduled_at >= $1::date)""",
    "a pact signed before it was made, or ahead of time": """
        SELECT count(*) FROM pact WHERE signed_on < created_on OR created_on >= $1::date OR signed_on >= $1::date""",
    "a PUC outside the municipality": """
        SELECT count(*) FROM puc_assignment a JOIN beneficiary b ON b.id = a.beneficiary_id JOIN puc_project p ON p.id = a.puc_project_id
        WHERE p.municipality_id <> b.municipality_id""",
    "a declaration of another household's member, of somebody unborn, or ahead of time": """
        SELECT count(*) FROM declared_member m JOIN household_declaration d ON d.id = m.declaration_id
        JOIN beneficiary b ON b.id = m.beneficiary_id
        WHERE b.household_id <> d.household_id OR b.birth_date > d.as_of OR d.as_of >= $1::date OR d.recorded_at >= $1::date""",
    "a declaration without its applicant": """
        SELECT count(*) FROM household_declaration d WHERE NOT EXISTS (SELECT FROM declared_member WHERE declaration_id = d.id AND applicant)""",
    "a birth ahead of time": "SELECT count(*) FROM beneficiary WHERE birth_date > $1::date",
}


PROFESSIONS = """
    SELECT DISTINCT CASE WHEN professions IS NULL THEN 'not known' WHEN professions = '{}' THEN 'none' WHEN EXISTS (
            SELECT FROM job_offer o, unnest(professions) AS code WHERE starts_with(o.profession_code || '.', code || '.')
        ) THEN 'of an offer' ELSE 'other' END
    FROM pact WHERE kind IN ('WORK', 'SERVICE')
"""


def silent(stage: str, done: int, total: int) -> None:
    assert 0 <= done <= total, stage


async def seeded(connection: Owner, seed: int = 1, beneficiaries: int = BENEFICIARIES) -> SeedReport:
    return await seed_population(
        connection, beneficiaries=beneficiaries, seed=seed, today=TODAY, progress=silent
    )


async def checksum(connection: Owner, table: str) -> str:
    """A digest of every row of a table, whatever their order."""
    value: str = await connection.fetchval(
        f"SELECT md5(coalesce(string_agg(md5(t::text), '' ORDER BY md5(t::text)), '')) FROM {table} t"
    )
    return value


@pytest.fixture
async def other(server_url: str, template: str, worker_id: str) -> AsyncIterator[Owner]:
    """A second migrated database, as its owner."""
    name = f"snodo_seed_{worker_id}"
    connection = await asyncpg.connect(
        **connection_arguments(await create_database(server_url, name, template))
    )
    yield connection
    await connection.close()
    await drop_database(server_url, name)


async def test_a_population_is_plausible(owner: Owner) -> None:
    report = await seeded(owner)
    for table, rows in report.rows.items():
        assert await owner.fetchval(f"SELECT count(*) FROM {table}") == rows, table
    assert report.rows["beneficiary"] == BENEFICIARIES
    assert report.rows["conditionality_event"] == report.rows["feed_entry"] == 6 * BENEFICIARIES
    assert (report.first_position, report.last_position) == (1, 6 * BENEFICIARIES)
    for what, query in NEVER.items():
        arguments = (TODAY,) if "$1" in query else ()
        assert await owner.fetchval(query, *arguments) == 0, what
    for table, column, vocabulary in WORDS:
        found = {row[0] for row in await owner.fetch(f"SELECT DISTINCT {column} FROM {table}")}
        assert found - {None} == {word.value for word in vocabulary} - NOT_SEEDED, f"{table}.{column}"
    assert await owner.fetchval("SELECT count(DISTINCT region_code) FROM beneficiary") == 21
    sizes = {row[0] for row in await owner.fetch("SELECT count(*) FROM beneficiary GROUP BY household_id")}
    assert sizes == set(range(1, 8))
    assert (
        await owner.fetchval("SELECT count(*) FROM conditionality_event WHERE withdraws_event_id IS NOT NULL")
        > 0
    )
    assert {row[0] for row in await owner.fetch(PROFESSIONS)} == {"not known", "none", "of an offer", "other"}


async def test_the_feed_is_dense_and_in_the_order_of_recording(owner: Owner) -> None:
    await seeded(owner, beneficiaries=300)
    positions = [row[0] for row in await owner.fetch("SELECT position FROM feed_entry ORDER BY position")]
    assert positions == list(range(1, 1_801))
    in_order = await owner.fetchval(
        """
        SELECT bool_and(ordered) FROM (
            SELECT row(e.recorded_at, e.id) > lag(row(e.recorded_at, e.id)) OVER (ORDER BY f.position)
                AND f.sequenced_at > e.recorded_at AS ordered
            FROM feed_entry f JOIN conditionality_event e ON e.id = f.event_id
        ) AS entries
        """
    )
    assert in_order
    assert await owner.fetchval("SELECT count(*) FROM outbox_message") == 0


async def test_the_same_seed_gives_the_same_rows(owner: Owner, other: Owner) -> None:
    await seeded(owner, beneficiaries=500)
    await seeded(other, beneficiaries=500)
    for table in TABLES:
        assert await checksum(owner, table) == await checksum(other, table), table


async def test_a_second_population_is_refused_and_nothing_changes(owner: Owner) -> None:
    await seeded(owner, beneficiaries=50)
    before = {table: await checksum(owner, table) for table in TABLES}
    with pytest.raises(PopulationPresent, match="empty one") as refusal:
        await seeded(owner, seed=2, beneficiaries=50)
    assert isinstance(refusal.value, DatabaseError)
    assert {table: await checksum(owner, table) for table in TABLES} == before


async def test_a_failure_on_the_way_leaves_nothing(owner: Owner) -> None:
    class Interrupted(Exception):
        pass

    def interrupt(stage: str, done: int, total: int) -> None:
        if stage == "events":
            raise Interrupted

    with pytest.raises(Interrupted):
        await seed_population(owner, beneficiaries=200, seed=1, today=TODAY, progress=interrupt)
    assert await owner.fetchval("SELECT count(*) FROM household") == 0
    assert await owner.fetchval("SELECT count(*) FROM municipality") == 0
    await seeded(owner, beneficiaries=200)


async def test_progress_reaches_its_end_in_every_stage(owner: Owner) -> None:
    seen: dict[str, tuple[int, int]] = {}

    def progress(stage: str, done: int, total: int) -> None:
        assert done >= seen.get(stage, (0, 0))[0]
        seen[stage] = (done, total)

    await seed_population(owner, beneficiaries=100, seed=1, today=TODAY, progress=progress)
    assert set(seen) >= {"beneficiaries", "events", "statistics"}
    assert all(done == total for done, total in seen.values())
    assert seen["events"] == (600, 600)


async def test_what_makes_no_sense_is_refused(owner: Owner) -> None:
    with pytest.raises(ValueError, match="at least one"):
        await seeded(owner, beneficiaries=0)
    assert await owner.fetchval("SELECT count(*) FROM municipality") == 0


async def test_demo_reference_can_be_loaded_again_and_leaves_what_is_there(owner: Owner) -> None:
    await load_demo_reference(owner)
    assert await owner.fetchval("SELECT count(*) FROM municipality") == len(demo_municipalities())
    assert await owner.fetchval("SELECT count(*) FROM municipality_version") == len(demo_municipalities())
    assert await owner.fetchval("SELECT count(*) FROM employment_centre") == len(demo_centres())
    assert await owner.fetchval("SELECT kind FROM agency WHERE code = $1", INPS_AGENCY_CODE) == "INPS"
    await owner.execute("UPDATE municipality SET name = 'Roma Capitale' WHERE belfiore_code = 'H501'")
    before = {table: await checksum(owner, table) for table in TABLES}
    await load_demo_reference(owner)
    assert {table: await checksum(owner, table) for table in TABLES} == before


async def test_demo_reference_joins_what_an_archive_brought(owner: Owner) -> None:
    key = await owner.fetchval(
        """
        INSERT INTO municipality (belfiore_code, istat_code, name, province, region_code, valid_from)
        VALUES ('H501', '058091', 'Roma', 'RM', '12', '1992-04-04') RETURNING id
        """
    )
    await load_demo_reference(owner)
    assert (
        await owner.fetchval("SELECT municipality_id FROM employment_centre WHERE code = 'H501C900031'")
        == key
    )
    assert (
        await owner.fetchval("SELECT count(*) FROM municipality_version WHERE municipality_id = $1", key) == 1
    )


async def test_every_foreign_key_is_there_again_under_its_name_and_as_it_was(owner: Owner) -> None:
    definitions = (
        "SELECT conname, conrelid::regclass::text, pg_get_constraintdef(oid), convalidated, conenforced"
        " FROM pg_constraint WHERE contype = 'f' ORDER BY 1, 2"
    )
    before = await owner.fetch(definitions)
    await seed_population(owner, beneficiaries=50, seed=1, today=TODAY, progress=lambda *_: None)
    assert await owner.fetch(definitions) == before
    assert all(row["convalidated"] and row["conenforced"] for row in before)


async def test_a_row_that_breaks_a_foreign_key_ends_the_whole_load(
    owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = seed._script

    def without_a_person(name: str) -> str:
        """What a mistake in the population would leave: events of nobody."""
        broken = (
            "DELETE FROM beneficiary WHERE id = (SELECT beneficiary_id FROM conditionality_event LIMIT 1);"
        )
        return broken + script(name) if name.startswith("put") else script(name)

    monkeypatch.setattr(seed, "_script", without_a_person)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await seed_population(owner, beneficiaries=200, seed=1, today=TODAY, progress=lambda *_: None)
    assert await owner.fetchval("SELECT count(*) FROM household") == 0
