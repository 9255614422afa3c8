# SPDX-License-Identifier: EUPL-1.2
"""Who lives in the small world, what is recorded about them, and what lies across its borders."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import count, cycle, islice
from typing import Any
from uuid import UUID

import asyncpg

from hub.ledger.sequencer import sequence
from hub.store.reference.demo import demo_key
from hub.store.vocabulary import (
    ActivityKind,
    ActivityStatus,
    ConditionalityEventType,
    ConvocationChannel,
    ConvocationOutcome,
    ConvocationReason,
    CourseMode,
    EmploymentStatus,
    Obligation,
    OpportunityStatus,
    PucAssignmentStatus,
    PucField,
    PucPot,
)
from tests.api.world import (
    AWKWARD,
    EAST,
    LATINA,
    LATINA_CENTRE,
    MILANO,
    NORTH,
    REGION_OF,
    ROMA,
    TORINO,
    TORINO_CENTRE,
    Builder,
    World,
    moment,
)


async def build_world(connection: asyncpg.Connection[asyncpg.Record]) -> World:
    """Fill a database that holds the demo's reference data."""
    b = Builder(connection)
    async with connection.transaction():
        await _people(b)
        await _pacts(b)
        await _paths(b)
        await _opportunities(b)
        await _events(b)
    # What was queued is in the feed; the three events that were not wait for ever, as if no sequencer ran.
    await sequence(connection)
    async with connection.transaction():
        await _deliveries(b)
        await _origins(b)
    return b.world


async def add_border_cases(connection: asyncpg.Connection[asyncpg.Record], world: World) -> None:
    """What lies across borders in every way: one part of a rule, and no other, says who sees it."""
    b = Builder(connection)
    b.world, b.numbers, b.codes = world, count(5_000), islice(b.codes, 300, None)
    async with connection.transaction():
        # Of a household far away, only a member is near; and with the member, the household's own pact.
        await b.household("milano", MILANO, "ADI", manager=None, ends=None)
        await b.person("milano-in-rome", "milano", ROMA, NORTH, ("Ada", "Longhi"))
        await b.applicant("milano", "milano-in-rome")
        await b.pact("inclusion-milano", "milano", None, "INCLUSION", 6)
        # Somebody in a course of an agency that sees nobody.
        await b.add(
            "activity",
            beneficiary_id=world.people["north"].id,
            training_course_id=await connection.fetchval(
                "SELECT id FROM training_course WHERE external_id = 'c3'"
            ),
            kind="TRAINING",
            status="STARTED",
            title="Presso altri",
            starts_on=date(2026, 4, 3),
        )
        # An event and an activity under a pact of somebody of another centre.
        await b.event("east", "PACT_SIGNED", moment(11), pact="work", note=None, queued=False)
        # In the feed of the household's region, and of a person of another.
        await b.household("roma-away", ROMA, "ADI", manager=None, ends=None)
        await b.person("away-in-milano", "roma-away", MILANO, None, ("Ivo", "Neri"))
        await b.event("away-in-milano", "PACT_SIGNED", moment(12), pact=None, note=None, queued=True)
        # Recorded by agencies of every reach, of a person that has left them all.
        for day, recorder in enumerate(
            ("east", "two-centres", "comune-h501", "two-towns", "regione-12", "two-regions"), 13
        ):
            await b.event(
                "away-in-milano",
                "PACT_SIGNED",
                moment(day),
                pact=None,
                note=None,
                queued=False,
                recorder=recorder,
            )
        await b.add(
            "activity",
            beneficiary_id=world.people["east"].id,
            pact_id=world.pacts["work"],
            kind="ORIENTATION",
            status="STARTED",
            title="Altrove",
            starts_on=date(2026, 4, 3),
        )
        # A withdrawal of what was erased: who sees the one sees nothing of the other.
        erased = await b.event("east", "PACT_SIGNED", moment(13), pact=None, note=None, queued=True)
        await b.event(
            "east", "EVENT_WITHDRAWN", moment(14), pact=None, note="x", queued=True, withdraws=erased
        )
    await sequence(connection)
    async with connection.transaction():
        await _deliver(b, "WHERE e.id = $1", erased)
    await connection.execute(
        "SELECT erase_feed_content((SELECT position FROM feed_entry WHERE event_id = $1), $2, 'dpo', 'x')",
        erased,
        demo_key("agency", "inps"),
    )
    await sequence(connection)


async def _deliveries(b: Builder) -> None:
    """On their way to a region that is told nothing of what comes later: some of every state."""
    await b.add(
        "destination",
        agency_id=demo_key("agency", "regione-12"),
        channel="REGION",
        types=["HIRED"],
        areas=[],
        drawn_up_to=0,
        ended_at=moment(20),
    )
    made = await _deliver(b, "ORDER BY f.position")
    b.world.nodes.append(f"dlv_{made[0].hex}")


async def _origins(b: Builder) -> None:
    """Of what regions told: landed by a run, by one that was cut off, before that was kept; the rest was recorded at the hub."""
    region = demo_key("agency", "regione-12")
    runs = [
        await b.add("inbound_run", agency_id=region, flow=flow, started_at=moment(23), finished_at=ended)
        for flow, ended in (("pacts", moment(23, 10)), ("worker-records", None))
    ]
    ways = cycle(((moment(23, 5), runs[0]), (moment(23, 6), runs[1]), (moment(23, 7), None), (None, None)))
    told: list[tuple[str, UUID]] = [
        ("pact", b.world.pacts[name])
        for name in ("work", "inclusion", "digital", "service", "inclusion-torino", "crowd-1")
    ]
    for table in ("activity", "job_offer", "training_course"):
        rows = await b.connection.fetch(f"SELECT id FROM {table} ORDER BY id")
        told += [(table, row["id"]) for row in rows[::2]]
    for number, (table, key) in enumerate(told):
        landed_at, run = next(ways)
        await b.connection.execute(
            f"UPDATE {table} SET source_agency_id = coalesce(source_agency_id, $2), external_id = coalesce(external_id, $3),"
            " landed_at = $4, inbound_run_id = $5 WHERE id = $1",
            key,
            region,
            f'Nr. {number} "\\',
            landed_at,
            run,
        )


async def _deliver(b: Builder, which: str, *values: Any) -> list[UUID]:
    """Deliveries of entries of the feed that are about somebody."""
    rows = await b.connection.fetch(
        f"SELECT f.position, e.*, d.id AS destination, d.agency_id AS recipient FROM feed_entry f"
        f" JOIN conditionality_event e ON e.id = f.event_id CROSS JOIN destination d {which}",
        *values,
    )
    states, made = cycle(("WAITING", "ACCEPTED", "REFUSED", "EXHAUSTED")), list[UUID]()
    for number, row in enumerate(rows):
        state = next(states)
        made.append(
            await b.add(
                "delivery",
                destination_id=row["destination"],
                position=row["position"],
                event_id=row["id"],
                agency_id=row["recipient"],
                beneficiary_id=row["beneficiary_id"],
                pact_id=row["pact_id"],
                type=row["type"],
                waiting_since=row["recorded_at"],
                state=state,
                attempt_count=number % 3,
                not_before=moment(21),
                settled_at=None if state == "WAITING" else moment(22),
                code="SOGGETTO_SCONOSCIUTO" if state == "REFUSED" else None,
            )
        )
        for ordinal in range(number % 3, 0, -1):
            ended = ordinal < 2
            await b.connection.execute(
                "INSERT INTO delivery_attempt (delivery_id, ordinal, started_at, ended_at, outcome, code)"
                " VALUES ($1, $2, $3, $4, $5, $6)",
                made[-1],
                ordinal,
                moment(20 + ordinal),
                moment(20 + ordinal, 10) if ended else None,
                "UNAVAILABLE" if ended else None,
                "HTTP 503" if ended else None,
            )
    return made


async def _people(b: Builder) -> None:
    await b.household("mixed", ROMA, "ADI", manager='Case "manager" \\ 🦊', ends=None)
    await b.household("scattered", ROMA, "ADI", manager=None, ends=None)
    await b.household("latina", LATINA, "SFL", manager="Bianchi", ends=date(2026, 12, 31))
    await b.household("torino", TORINO, "RDC", manager=None, ends=None)
    await b.household("torino-only", TORINO, "MIA", manager=None, ends=None)
    await b.household("empty", ROMA, "ADI", manager="", ends=None)
    await b.household("crowd", ROMA, "RDC", manager=None, ends=date(2026, 6, 30))

    await b.person("north", "mixed", ROMA, NORTH, AWKWARD[0], birth_date=date(1970, 5, 1))
    await b.person("east", "mixed", ROMA, EAST, AWKWARD[1], birth_date=date(1971, 5, 1))
    await b.person(
        "child",
        "mixed",
        ROMA,
        None,
        AWKWARD[2],
        birth_date=date(2019, 5, 1),
        obligation="EXCLUDED",
        employment_status="OTHER",
    )
    await b.person("scattered-rome", "scattered", ROMA, NORTH, AWKWARD[3], sex="M")
    await b.person("scattered-torino", "scattered", TORINO, TORINO_CENTRE, AWKWARD[4], sex="M")
    await b.person("latina", "latina", LATINA, LATINA_CENTRE, AWKWARD[5])
    await b.person("latina-of-rome", "latina", LATINA, EAST, AWKWARD[6])
    await b.person("torino", "torino", TORINO, TORINO_CENTRE, AWKWARD[7])
    await b.person("torino-in-rome", "torino", ROMA, NORTH, ("Ugo", "De Luca"), sex="M")
    await b.person("torino-only", "torino-only", TORINO, TORINO_CENTRE, ("Ugo", "De Luca"), sex="M")
    # Many who differ in little, so that an order is decided by its last column.
    obligations, statuses = cycle(Obligation), cycle(EmploymentStatus)
    for number in range(14):
        await b.person(
            f"crowd-{number}",
            "crowd",
            ROMA,
            (NORTH, NORTH, EAST)[number % 3],
            (("Ada", "Ida", "Ada")[number % 3], ("Rossi", "rossi")[number % 2]),
            birth_date=date(1990, 1, 1 + number % 4),
            obligation=next(obligations).value,
            employment_status=next(statuses).value,
        )
    # Of the others nobody knows; of these some callers see the household and not who applied.
    for household, person in (("mixed", "north"), ("scattered", "scattered-torino"), ("latina", "latina-of-rome"), ("torino", "torino")):  # fmt: skip
        await b.applicant(household, person)


async def _pacts(b: Builder) -> None:
    await b.pact("inclusion", "mixed", None, "INCLUSION", 1, professions=["9"])
    await b.pact("inclusion-empty", "empty", None, "INCLUSION", 1)
    await b.pact("inclusion-torino", "torino-only", None, "INCLUSION", 2)
    await b.pact("inclusion-latina", "latina", None, "INCLUSION", 2, signed=False)
    await b.pact("work", "mixed", "north", "WORK", 3, professions=["5.2.2.1.0", "4.1"])
    await b.pact("digital", "mixed", "east", "DIGITAL_ACTIVATION", 3, professions=[])
    await b.pact("service", "scattered", "scattered-rome", "SERVICE", 3, signed=False)
    await b.pact("service-torino", "torino-only", "torino-only", "SERVICE", 4, professions=["8"])
    for number in range(5):
        await b.pact(f"crowd-{number}", "crowd", "crowd-0", "WORK", 5, signed=False)
    statuses = cycle(("PLANNED", "IN_PROGRESS", "ACHIEVED", "ABANDONED"))
    for name, goals in (("inclusion", 3), ("work", 2), ("crowd-1", 1)):
        for ordinal in range(goals, 0, -1):
            await b.add(
                "pact_goal",
                pact_id=b.world.pacts[name],
                ordinal=ordinal,
                description=f'Obiettivo «{ordinal}» \\ "x"\n',
                status=next(statuses),
                due_on=date(2026, 12, ordinal) if ordinal % 2 else None,
            )


async def _paths(b: Builder) -> None:
    states = cycle(ActivityStatus)
    channels, reasons = cycle(ConvocationChannel), cycle(ConvocationReason)
    outcomes = cycle((None, *ConvocationOutcome))
    course = await b.add(
        "training_course",
        title='Corso "seguito"',
        provider_name="Ente",
        mode="MIXED",
        municipality_id=demo_key("municipality", ROMA),
        starts_on=date(2026, 4, 1),
        ends_on=date(2026, 5, 1),
        hours=40,
        places=20,
        enrolled=3,
        status="CLOSED",
        source_agency_id=demo_key("agency", "regione-12"),
        external_id="seguito",
    )
    # The pact of one activity is another person's: who sees the activity need not see it.
    paths: tuple[tuple[str, ActivityKind, str | None, UUID | None], ...] = (
        ("north", ActivityKind.ORIENTATION, "work", None),
        ("north", ActivityKind.TRAINING, "inclusion", course),
        ("north", ActivityKind.PLACEMENT, None, None),
        ("scattered-torino", ActivityKind.JOB_SEARCH, "service", None),
        ("latina", ActivityKind.SCHOOLING, None, None),
        ("crowd-1", ActivityKind.SOCIAL_SUPPORT, None, None),
        ("east", ActivityKind.TRAINING, "digital", course),
        ("torino", ActivityKind.TRAINING, None, course),
        ("crowd-1", ActivityKind.TRAINING, None, None),
    )
    for number, (name, kind, pact, followed) in enumerate(paths):
        who = b.world.people[name].id
        await b.add(
            "activity",
            beneficiary_id=who,
            pact_id=None if pact is None else b.world.pacts[pact],
            training_course_id=followed,
            kind=kind.value,
            status=next(states).value,
            title='Tirocinio "A\\B" 🧰',
            starts_on=date(2026, 4, 1 + number % 2),
            ends_on=date(2026, 5, 1) if name == "north" else None,
        )
        await b.add(
            "convocation",
            beneficiary_id=who,
            scheduled_at=moment(3, micros=next(b.numbers) * 10),
            channel=next(channels).value,
            reason=next(reasons).value,
            outcome=next(outcomes),
        )


async def _opportunities(b: Builder) -> None:
    states, modes, fields = cycle(OpportunityStatus), cycle(CourseMode), cycle(PucField)
    pots, assigned = cycle(PucPot), cycle(PucAssignmentStatus)
    people = [b.world.people[name].id for name in ("north", "east", "torino", "crowd-2")]
    own = await b.connection.fetchval("SELECT id FROM agency WHERE code = 'soggetto-accreditato'")
    for number, place in zip(range(9), cycle((ROMA, LATINA, TORINO)), strict=False):
        where, source = demo_key("municipality", place), demo_key("agency", f"regione-{REGION_OF[place]}")
        if number % 4 == 3:  # those of an accredited subject, where it is registered
            source = own or source
        state = next(states).value
        offer = await b.add(
            "job_offer",
            title=f'Offerta {number} "\\',
            employer_name="</script>",
            profession_code=None if number % 2 else "5.2.1",
            contract_type=None if number % 3 else "A.02",
            weekly_hours=Decimal("37.5"),
            monthly_pay=None if number % 2 else Decimal("1234.50"),
            places=number + 1,
            municipality_id=where,
            # Some on the day of some projects: of one day, the kind decides.
            published_on=date(2026, 7 + number % 2, 1 + number // 3),
            expires_on=None if number % 2 else date(2026, 12, 1),
            status=state,
            source_agency_id=source,
            external_id=f"o{number}",
        )
        course = await b.add(
            "training_course",
            title=f"Corso {number}\n",
            provider_name="Ente 🦊",
            mode=next(modes).value,
            municipality_id=where,
            starts_on=date(2026, 8, 1 + number % 3),
            ends_on=date(2026, 10, 30),
            hours=40,
            places=20,
            enrolled=number,
            status=state,
            source_agency_id=source,
            external_id=f"c{number}",
        )
        project = await b.add(
            "puc_project",
            title=f"PUC {number}",
            description="Cura del verde\t«bene comune»",
            field=next(fields).value,
            municipality_id=where,
            site=None if number % 2 else "Via Roma \\ 1",
            partner="Coop" if number % 2 else None,
            weekly_hours=8,
            places_municipality=1,
            places_centre=2,
            places_volunteer=3,
            starts_on=date(2026, 8, 1 + number % 2),
            ends_on=date(2026, 12, 1),
            status=state,
        )
        await b.add(
            "puc_assignment",
            puc_project_id=project,
            beneficiary_id=people[number % 4],
            status=next(assigned).value,
            pot=next(pots).value,
            weekly_hours=8 + number % 8,
            starts_on=date(2026, 8, 2),
            ends_on=None if number % 2 else date(2026, 11, 1),
        )
        if number < 1:
            b.world.nodes += [f"job_{offer.hex}", f"crs_{course.hex}", f"puc_{project.hex}"]


async def _events(b: Builder) -> None:
    # NOTE an erasure is about nobody, and a withdrawal about another event: neither is one of these.
    kinds = cycle(
        kind
        for kind in ConditionalityEventType
        if kind not in (ConditionalityEventType.CONTENT_ERASED, ConditionalityEventType.EVENT_WITHDRAWN)
    )
    rows: tuple[tuple[str, str | None, str | None], ...] = (
        ("north", "work", 'Nota "x" \\ \n\t 🦊 </script>'),
        ("north", "inclusion", None),
        ("east", "digital", ""),
        ("scattered-torino", None, "T"),
        ("latina", "inclusion-latina", None),
        ("torino-only", "service-torino", None),
        ("torino-in-rome", None, "fuori"),
    )
    for number, (person, pact, note) in enumerate(rows):
        await b.event(
            person,
            next(kinds).value,
            moment(1 + number),
            pact=pact,
            note=note,
            queued=number not in (1, 5, 6),
        )
    for number in range(12):  # some at one moment: the key decides
        await b.event(
            f"crowd-{number % 3}",
            next(kinds).value,
            moment(10, micros=100_000 * (number % 3)),
            pact=None,
            note=None,
            queued=True,
        )
    world = b.world
    for number, (of, person) in enumerate(((3, "scattered-torino"), (7, "crowd-0"))):
        await b.event(
            person,
            "EVENT_WITHDRAWN",
            moment(15 + number),
            pact=None,
            note="Per un'altra persona",
            queued=True,
            withdraws=world.events[of],
        )
    # As if it had been recorded with its event.
    await b.connection.execute("ALTER TABLE event_evidence DISABLE TRIGGER event_evidence_with_event")
    await b.connection.executemany(
        "INSERT INTO event_evidence (event_id, ordinal, sha256, media_type, reference, title) VALUES ($1, $2, $3, $4, $5, $6)",
        [
            (world.events[0], 1, bytes(range(32)), "application/pdf", "https://docs.example/1?a=b", None),
            (world.events[0], 2, bytes(32), "image/png", 'prot. 7/2026 "\\ 🦊', 'Certificato "x"'),
            (world.events[3], 1, bytes(range(32)), "application/pdf", "urn:x:1", "T"),
        ],
    )
    await b.connection.execute("ALTER TABLE event_evidence ENABLE TRIGGER event_evidence_with_event")
    for number, outcome in enumerate(("SUSPENDED", "NONE", "FORFEITED")):
        await b.add(
            "event_outcome",
            event_id=world.events[(0, 0, 3)[number]],
            agency_id=demo_key("agency", "inps"),
            outcome=outcome,
            reference='Pratica "7" \\ 🦊',
            decided_on=date(2026, 10, 1),
            months=2 if outcome == "SUSPENDED" else None,
            reported_at=moment(20 + number),
        )
    world.nodes += [
        world.people["north"].node,
        f"hsh_{world.households['mixed'].hex}",
        f"pct_{world.pacts['work'].hex}",
        f"pct_{world.pacts['inclusion'].hex}",
        f"evt_{world.events[0].hex}",
        f"evt_{world.events[5].hex}",
    ]
