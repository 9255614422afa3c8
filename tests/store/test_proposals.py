# SPDX-License-Identifier: EUPL-1.2
"""What is proposed because of an entry: by the ledger as it stood at its position, in its bytes, and gone with its content."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from hub.ledger.erasure import erase
from hub.ledger.proposing import _statement as waiting_statement
from hub.ledger.sequencer import sequence
from hub.ledger.stored_feed import verify_stored
from hub.ledger.verification import Unproven
from hub.measures.consequence_rules import BREACHES, EDITION, LADDERS
from hub.measures.consequences import Circumstances
from hub.measures.facts import Fact
from hub.measures.measure import Measure
from hub.measures.renewal import Renewal
from hub.measures.standing import standing
from hub.store.engine import Database
from tests.store.test_feed_proofs import SIGNER, caught_up, changed

if TYPE_CHECKING:
    from tests.store.conftest import Planner

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
ROME = ZoneInfo("Europe/Rome")
TERM_OVER = date(2022, 10, 1)  # the eighteen months of an RdC that began in April 2021
MISSED, REFUSED = "CONVOCATION_MISSED", "SUITABLE_OFFER_REFUSED"
FIRST = {
    "RDC": datetime(2021, 4, 1, tzinfo=UTC),
    "MIA": datetime(2024, 1, 2, tzinfo=UTC),
    "ADI": datetime(2024, 1, 2, tzinfo=UTC),
    "SFL": datetime(2024, 1, 2, tzinfo=UTC),
}
RECORD = """
    WITH made AS (
        INSERT INTO conditionality_event (type, occurred_at, agency_id, beneficiary_id, household_id, fiscal_code, inps_protocol,
                measure, note, withdraws_event_id)
            SELECT $2, $3, coalesce((SELECT agency_id FROM conditionality_event WHERE id = $4), (SELECT min(id::text)::uuid FROM agency)),
                p.id, h.id, p.fiscal_code, h.inps_protocol, h.measure, CASE WHEN $4::uuid IS NULL THEN NULL ELSE 'x' END, $4
            FROM beneficiary p JOIN household h ON h.id = p.household_id WHERE p.id = $1 RETURNING id
    )
    INSERT INTO outbox_message (topic, subject_id) SELECT 'feed', id FROM made RETURNING subject_id
"""


@pytest.fixture
def database_url(populated_url: str) -> str:
    """A population whose feed is full, of entries of version 1."""
    return populated_url


@dataclass
class People:
    """People with an empty ledger, and what is recorded about them."""

    owner: Owner
    numbers: Any

    async def person(self, measure: str) -> UUID:
        """Somebody alone under a measure; one report of its benefit came, that began in April 2021."""
        household, benefit, number = uuid4(), uuid4(), next(self.numbers)
        async with self.owner.transaction():
            await self.owner.execute(
                """INSERT INTO household (id, inps_protocol, measure, municipality_id, region_code, benefit_id)
                   SELECT $1, $2, $3, id, region_code, $4 FROM municipality ORDER BY belfiore_code LIMIT 1""",
                household, f"INPS-PROPOSED-{number}", measure, benefit,
            )  # fmt: skip
            await self.owner.execute(
                """INSERT INTO benefit (id, household_id, measure, period, status, monthly_amount)
                   VALUES ($1, $2, $3, '[2021-04-01,)', 'ACTIVE', 500)""",
                benefit, household, measure,
            )  # fmt: skip
            found: UUID = await self.owner.fetchval(
                """INSERT INTO beneficiary (fiscal_code, given_name, family_name, birth_date, sex, household_id, municipality_id,
                       region_code, employment_status, obligation)
                   SELECT $1, 'Ada', 'Verdi', '1990-01-01', 'F', id, municipality_id, region_code, 'UNEMPLOYED', 'OBLIGED'
                   FROM household WHERE id = $2 RETURNING id""",
                f"9{number:010}", household,
            )  # fmt: skip
        return found

    async def record(self, person: UUID, kind: str, moment: datetime, withdraws: UUID | None = None) -> UUID:
        found: UUID = await self.owner.fetchval(RECORD, person, kind, moment, withdraws)
        return found

    async def told(self, person: UUID) -> list[asyncpg.Record]:
        """The person's entries, each with its proposal."""
        return await self.owner.fetch(
            """SELECT f.position AS place, f.type, f.measure AS measure, e.id, e.occurred_at, e.withdraws_event_id, c.content,
                   p.* FROM feed_entry f JOIN conditionality_event e ON e.id = f.event_id JOIN feed_content c USING (position)
                   LEFT JOIN feed_proposal p USING (position) WHERE e.beneficiary_id = $1 ORDER BY f.position""",
            person,
        )

    async def proposed(self, person: UUID) -> list[tuple[Any, ...]]:
        """Of each entry that has a proposal: breach, count, effect, payments less."""
        rows = await self.told(person)
        return [
            (row["breach"], row["count"], row["effect"], row["months"])
            for row in rows
            if row["count"] is not None
        ]


@pytest.fixture
async def people(owner: Owner) -> People:
    return People(owner, count(1))


async def sequenced(database: Database) -> int:
    async with database.write.acquire() as connection:
        return await sequence(connection)


def expected(rows: list[asyncpg.Record], upto: int) -> tuple[str, int, Any, str, int] | None:
    """What the standing says of the kind of the entry at `upto`, of what is told up to there."""
    known = rows[: upto + 1]
    withdrawn = {row["withdraws_event_id"] for row in known}
    last = known[-1]
    if last["type"] not in BREACHES or last["id"] in withdrawn:
        return None
    measure = Measure(last["measure"])
    in_order = sorted(known, key=lambda row: (row["occurred_at"], row["id"]))
    facts = [
        Fact(
            f"{place:05}",
            row["type"],
            row["occurred_at"].astimezone(ROME).date(),
            measure,
            withdrawn=row["id"] in withdrawn,
        )
        for place, row in enumerate(in_order)
    ]
    stands = standing(measure, facts, date(2026, 6, 1), Circumstances(renewal=Renewal(untold_from=TERM_OVER)))
    breaches = {
        ladder.breach for ladder in LADDERS[measure] if last["type"] in ladder.types and not ladder.pacts
    }
    if not breaches:
        own = f"{in_order.index(last):05}"
        [found] = [one for one in stands.undetermined if one.fact.id == own]
        return "", 1, None, found.reason.article, 0
    [breach] = breaches
    [rung] = [one for one in stands.rungs if one.breach is breach]
    assert rung.last is not None
    return breach, rung.count, rung.last.effect, rung.last.reason.article, rung.last.months


async def test_a_proposal_is_the_standing_after_its_entry(
    database: Database, owner: Owner, people: People
) -> None:
    """People of every measure, breaches in any order, some taken back; sequenced one by one, a few, and many at a time."""
    random, waiting = Random(7), 0
    some = [await people.person(measure) for measure in FIRST for _ in range(4)]
    recorded: dict[UUID, list[UUID]] = {person: [] for person in some}
    for number in range(160):
        person = random.choice(some)
        measure = await owner.fetchval(
            "SELECT measure FROM household h JOIN beneficiary b ON b.household_id = h.id WHERE b.id = $1",
            person,
        )
        if recorded[person] and random.random() < 0.2:
            event = recorded[person].pop(random.randrange(len(recorded[person])))
            await people.record(person, "EVENT_WITHDRAWN", FIRST[measure], event)
        else:
            kind = random.choice([MISSED, MISSED, REFUSED, *sorted(BREACHES), "CONVOCATION_ATTENDED"])
            moment = FIRST[measure] + timedelta(hours=random.randrange(24 * 700), seconds=number)
            recorded[person].append(await people.record(person, kind, moment))
        waiting += 1
        if random.random() < 0.15:
            assert await sequenced(database) == waiting
            waiting = 0
    await sequenced(database)
    found = 0
    for person in some:
        rows = await people.told(person)
        for place, row in enumerate(rows):
            said = (
                None
                if row["count"] is None
                else (row["breach"] or "", row["count"], row["effect"], row["article"], row["months"])
            )
            assert said == expected(rows, place), (place, [dict(one) for one in rows])
            found += said is not None
            content = json.loads(row["content"])["proposal"]
            assert (content is None) == (said is None)
            if content is not None:
                assert (content["count"], content["effect"], content["edition"]) == (
                    row["count"], row["effect"], EDITION,
                )  # fmt: skip
                assert (content["article"], content["monthlyCut"]) == (
                    row["article"],
                    str(row["monthly_cut"]),
                )
    assert found > 60
    async with owner.transaction(isolation="repeatable_read"):
        await verify_stored(owner, None)


async def test_a_withdrawal_changes_what_follows_and_nothing_before(
    database: Database, people: People
) -> None:
    person, at = await people.person("RDC"), FIRST["RDC"]
    first = await people.record(person, MISSED, at)
    await people.record(person, MISSED, at + timedelta(days=1))
    await sequenced(database)
    before = [("CONVOCATION", 1, "REDUCED", 1), ("CONVOCATION", 2, "REDUCED", 2)]
    assert await people.proposed(person) == before
    await people.record(person, "EVENT_WITHDRAWN", at, first)
    await people.record(person, MISSED, at + timedelta(days=2))
    await sequenced(database)
    await people.record(person, MISSED, at + timedelta(days=3))
    await sequenced(database)
    assert await people.proposed(person) == [
        *before,
        ("CONVOCATION", 2, "REDUCED", 2),
        ("CONVOCATION", 3, "FORFEITED", 0),
    ]


async def test_each_application_is_counted_by_itself(
    database: Database, owner: Owner, people: People
) -> None:
    person, at = await people.person("RDC"), FIRST["RDC"]
    await people.record(person, MISSED, at)
    await sequenced(database)
    await owner.execute(
        "UPDATE household SET inps_protocol = inps_protocol || '-B' WHERE id = (SELECT household_id FROM beneficiary WHERE id = $1)",
        person,
    )
    await people.record(person, MISSED, at + timedelta(days=90))
    other = await people.person("RDC")
    await people.record(other, MISSED, at)
    await sequenced(database)
    once = ("CONVOCATION", 1, "REDUCED", 1)
    assert (await people.proposed(person), await people.proposed(other)) == ([once, once], [once])


@pytest.mark.parametrize(
    ("again", "proposed"),
    [
        # Another report of the same benefit: it is the first refusal all the same.
        ("[2021-05-01,)", ("OFFER", 1, "NONE", 0)),
        # The eighteen months were paid, and one was without: it is renewed.
        ("[2022-11-01,)", ("OFFER", 1, "FORFEITED", 0)),
    ],
)
async def test_a_report_of_a_benefit_is_no_renewal(
    database: Database, owner: Owner, people: People, again: str, proposed: tuple[object, ...]
) -> None:
    person = await people.person("RDC")
    async with owner.transaction():
        household = await owner.fetchval("SELECT household_id FROM beneficiary WHERE id = $1", person)
        ends = "2021-05-01" if again.startswith("[2021-05") else "2022-10-01"
        await owner.execute(
            f"UPDATE benefit SET period = '[2021-04-01,{ends})' WHERE household_id = $1", household
        )
        await owner.execute(
            f"""INSERT INTO benefit (household_id, measure, period, status, monthly_amount)
                VALUES ($1, 'RDC', '{again}', 'ACTIVE', 400)""",
            household,
        )
    day = (
        datetime(2021, 6, 1, tzinfo=UTC)
        if again.startswith("[2021-05")
        else datetime(2022, 12, 1, tzinfo=UTC)
    )
    await people.record(person, REFUSED, day)
    await sequenced(database)
    assert await people.proposed(person) == [proposed]


async def test_what_no_rule_can_reckon_is_undetermined_and_the_feed_goes_on(
    database: Database, people: People
) -> None:
    person = await people.person("ADI")
    await people.record(person, MISSED, datetime(2022, 1, 1, tzinfo=UTC))
    await people.record(person, MISSED, FIRST["ADI"])
    assert await sequenced(database) == 2
    assert await people.proposed(person) == [(None, 1, None, 0)] * 2
    assert "before the measure began" in (await people.told(person))[0]["sentence"]


CHANGES = {
    "position": "position = 1",
    "breach": "breach = 'PUC'",
    "count": "count = count + 1",
    "effect": "effect = 'REVOKED'",
    "months": "months = months + 1",
    "monthly_cut": "monthly_cut = monthly_cut + 0.01",
    "at_most_months": "at_most_months = 3",
    "retroactive": "retroactive = NOT retroactive",
    "article": "article = article || ' '",
    "sentence": "sentence = ''",
    "unverified": "unverified = NOT unverified",
    "edition": "edition = edition + 1",
}


async def test_whatever_is_changed_in_it_is_found(database: Database, owner: Owner, people: People) -> None:
    person = await people.person("RDC")
    await people.record(person, MISSED, FIRST["RDC"])
    await people.record(person, "CONVOCATION_ATTENDED", FIRST["RDC"])
    await sequenced(database)
    await caught_up(database)
    place = (await people.told(person))[0]["place"]
    statements = {
        name: f"UPDATE feed_proposal SET {change} WHERE position = {place}"
        for name, change in CHANGES.items()
    }
    copied = ", ".join(name for name in CHANGES if name != "position")
    statements["gone"] = f"DELETE FROM feed_proposal WHERE position = {place}"
    statements["added"] = (
        f"INSERT INTO feed_proposal (position, {copied}) SELECT {place + 1}, {copied} FROM feed_proposal WHERE position = {place}"
    )
    statements["in the bytes"] = (
        f"UPDATE feed_content SET content = replace(content, '\"count\":1', '\"count\":2') WHERE position = {place}"
    )
    statements["in the bytes and beside them"] = (
        f"UPDATE feed_proposal SET count = 2 WHERE position = {place};"
        f"UPDATE feed_content SET content = replace(content, '\"count\":1', '\"count\":2') WHERE position = {place};"
        "UPDATE feed_entry AS f SET entry = overlay(f.entry placing canonical_hash(c.content) from 17 for 64)"
        f" FROM feed_content AS c WHERE c.position = f.position AND f.position = {place}"
    )
    missed = []
    for name, statement in statements.items():
        transaction = owner.transaction()
        await transaction.start()
        await changed(owner, statement)
        try:
            await verify_stored(owner, SIGNER.key)
            missed.append(name)
        except Unproven:
            pass
        finally:
            await transaction.rollback()
    assert missed == []
    columns = await owner.fetch(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'feed_proposal'"
    )
    assert {row["column_name"] for row in columns} == CHANGES.keys()


async def test_it_goes_with_its_content_and_otherwise_stays(
    database: Database, owner: Owner, people: People
) -> None:
    person = await people.person("RDC")
    await people.record(person, MISSED, FIRST["RDC"])
    await sequenced(database)
    place = (await people.told(person))[0]["place"]
    for statement in (
        "UPDATE feed_proposal SET count = 9",
        "DELETE FROM feed_proposal",
        "TRUNCATE feed_proposal",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await owner.execute(statement)
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
            await database.write.execute(statement)
    agency = await owner.fetchval("SELECT code FROM agency ORDER BY code LIMIT 1")
    await erase(owner, place, agency_code=agency, operator="dpo", reason="Another person was meant")
    assert await owner.fetchval("SELECT count(*) FROM feed_proposal WHERE position = $1", place) == 0
    await people.record(person, MISSED, FIRST["RDC"] + timedelta(days=1))
    assert await sequenced(database) == 2
    assert await people.proposed(person) == [("CONVOCATION", 1, "REDUCED", 1)], (
        "what was erased counts for nobody"
    )
    async with owner.transaction(isolation="repeatable_read"):
        assert (await verify_stored(owner, None)).erased == 1


async def test_what_waits_is_read_by_indexes(planner: Planner) -> None:
    reads = await planner.reads(waiting_statement().text)
    assert not {one.table for one in reads if one.index is None} & planner.large
