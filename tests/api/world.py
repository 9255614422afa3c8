# SPDX-License-Identifier: EUPL-1.2
"""A small world made by hand: two centres of Rome, Latina and Torino, people whose names hold whatever a name may hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count, islice
from typing import Any
from uuid import UUID

import asyncpg
from asyncpg import Range

from hub.store.fiscal_code import check_digit, check_letter, omocodia
from hub.store.reference.demo import demo_key

ROMA, LATINA, TORINO, MILANO = "H501", "E472", "L219", "F205"
REGION_OF = {ROMA: "12", LATINA: "12", TORINO: "01", MILANO: "03"}
NORTH, EAST, LATINA_CENTRE, TORINO_CENTRE = "H501C900031", "H501C900032", "E472C900034", "L219C900001"

AWKWARD = (
    ('Anna "la Rossa"', "D'Angelo"),
    ("Back\\slash\\n", "È Àccènti"),
    ("Emoji 🦊", "Þórðarson"),
    ("Riga\ndue", "Tab\tqui\r"),
    ("</script><script>alert(1)</script>", "\x01\x1f\x7f"),
    ("  ", "'; DROP TABLE beneficiary; --"),
    ("%s %(p0)s :p0 $1 {0}", "\u2028\u2029\ufeff"),
    ("", "De Luca"),
)
"""Given and family names."""


def moment(day: int, hour: int = 9, micros: int = 0) -> datetime:
    """A moment of September 2026."""
    return datetime(2026, 9, day, hour, tzinfo=UTC) + timedelta(microseconds=micros)


@dataclass(frozen=True)
class Person:
    """A row of beneficiary, as far as tests name it."""

    id: UUID
    fiscal_code: str
    household_id: UUID

    @property
    def node(self) -> str:
        return f"ben_{self.id.hex}"


@dataclass(repr=False)
class World:
    """What tests name: people by a word, and the keys of what else there is."""

    people: dict[str, Person]
    households: dict[str, UUID]
    pacts: dict[str, UUID]
    events: list[UUID]
    nodes: list[str]
    """An id of every kind there is."""

    def __repr__(self) -> str:
        return "World()"


def codes() -> Iterator[str]:
    """The fiscal codes of the world's people, in the order they are made."""
    for number in count(10):
        if number == 13:
            yield "1234567890" + check_digit("1234567890")
        first = f"RSSMRA80A{number % 60 + 1:02}H{number:03}"
        plain = first + check_letter(first)
        yield omocodia(plain, 3) if number == 14 else plain


CODES = tuple(islice(codes(), 40))
NORTH_CODE, EAST_CODE, CROWD_CODE = CODES[0], CODES[1], CODES[10]
"""Of `north` and `east`, who are of one household, and of `crowd-0`, whose household is large."""
UNKNOWN_CODE = CODES[-1]
"""Of nobody."""


class Builder:
    def __init__(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self.connection = connection
        self.numbers = count(1)
        self.world = World({}, {}, {}, [], [])
        self.codes = codes()

    def key(self) -> UUID:
        """Keys that lie in another order than they are made in."""
        number = next(self.numbers)
        return UUID(int=(7 << 76) | (2 << 62) | ((number * 7919) % 100_003) << 80 | number)

    async def add(self, table: str, **values: Any) -> UUID:
        values = {"id": self.key(), **values}
        columns = ", ".join(values)
        places = ", ".join(f"${index}" for index in range(1, len(values) + 1))
        await self.connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({places})", *values.values())
        key: UUID = values["id"]
        return key

    async def household(
        self, name: str, place: str, measure: str, *, manager: str | None, ends: date | None
    ) -> UUID:
        benefit = self.key()
        key = await self.add(
            "household",
            inps_protocol=f"INPS-{measure}-2026-{name}",
            measure=measure,
            municipality_id=demo_key("municipality", place),
            region_code=REGION_OF[place],
            benefit_id=benefit,
            case_manager=manager,
        )
        await self.add(
            "benefit",
            id=benefit,
            household_id=key,
            measure=measure,
            period=Range(date(2026, 1, 1), ends),
            status="ACTIVE" if ends is None else "ENDED",
            monthly_amount=Decimal("780.50") if measure == "RDC" else Decimal("350.00"),
        )
        self.world.households[name] = key
        return key

    async def person(
        self, name: str, household: str, place: str, centre: str | None, names: tuple[str, str], **more: Any
    ) -> UUID:
        code = next(self.codes)
        values: dict[str, Any] = {
            "fiscal_code": code,
            "given_name": names[0],
            "family_name": names[1],
            "birth_date": date(1980, 1, 15),
            "sex": "F",
            "household_id": self.world.households[household],
            "municipality_id": demo_key("municipality", place),
            "region_code": REGION_OF[place],
            "employment_centre_id": None if centre is None else demo_key("employment_centre", centre),
            "employment_status": "UNEMPLOYED",
            "obligation": "OBLIGED",
        }
        key = await self.add("beneficiary", **{**values, **more})
        self.world.people[name] = Person(key, code, self.world.households[household])
        return key

    async def applicant(self, household: str, person: str) -> None:
        """Who applied for a household, of its people."""
        await self.connection.execute(
            "UPDATE household SET applicant_id = $2 WHERE id = $1",
            self.world.households[household],
            self.world.people[person].id,
        )

    async def pact(
        self,
        name: str,
        household: str,
        person: str | None,
        kind: str,
        day: int,
        *,
        signed: bool = True,
        **more: Any,
    ) -> UUID:
        values: dict[str, Any] = {
            "kind": kind,
            "status": "ACTIVE" if signed else "PROPOSED",
            "household_id": self.world.households[household],
            "beneficiary_id": None if person is None else self.world.people[person].id,
            "created_on": date(2026, 3, day),
            "signed_on": date(2026, 3, day) if signed else None,
            "period": Range(date(2026, 3, day), None),
        }
        key = await self.add("pact", **{**values, **more})
        self.world.pacts[name] = key
        return key

    async def event(
        self,
        person: str,
        kind: str,
        at: datetime,
        *,
        pact: str | None,
        note: str | None,
        queued: bool,
        withdraws: UUID | None = None,
        recorder: str = "cpi-" + NORTH.lower(),
    ) -> UUID:
        who = self.world.people[person]
        protocol, measure = await self.connection.fetchrow(  # type: ignore[misc]
            "SELECT inps_protocol, measure FROM household WHERE id = $1", who.household_id
        )
        key = await self.add(
            "conditionality_event",
            type=kind,
            occurred_at=at,
            recorded_at=at + timedelta(days=1, milliseconds=7),
            agency_id=await self.connection.fetchval("SELECT id FROM agency WHERE code = $1", recorder),
            beneficiary_id=who.id,
            household_id=who.household_id,
            fiscal_code=who.fiscal_code,
            inps_protocol=protocol,
            measure=measure,
            pact_id=None if pact is None else self.world.pacts[pact],
            note=note,
            withdraws_event_id=withdraws,
            justified_reason="COURT_SUMMONS" if kind == "ABSENCE_JUSTIFIED" and note is not None else None,
        )
        if queued:
            await self.connection.execute(
                "INSERT INTO outbox_message (topic, subject_id) VALUES ('feed', $1)", key
            )
        self.world.events.append(key)
        return key
