# SPDX-License-Identifier: EUPL-1.2
"""Declarations from a file: one JSON object a line, as docs/reference/declarations.md has it.

No agency publishes a flow of these facts: names are the hub's own, and unverified. A line lands whole or not at all; one that was taken
before, by its agency and number, is passed over; one that is refused is named by its line and fields, never by what they hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from json import JSONDecodeError
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from sqlalchemy import Text, any_, bindparam, cast, insert, select
from sqlalchemy.dialects.postgresql import ARRAY, DATEMULTIRANGE
from sqlalchemy.dialects.postgresql import insert as upsert

from connectors.progress import Steps, unwatched_steps
from connectors.strict_json import strict_json
from hub.access.granted import UnknownAgency
from hub.errors import InvalidInput
from hub.store.base import Base, table_of
from hub.store.fiscal_code import parse_fiscal_code
from hub.store.statement import Connection, Statement
from hub.store.tables import (
    Agency,
    Beneficiary,
    DeclaredMember,
    DeclaredVehicle,
    Household,
    HouseholdDeclaration,
)
from hub.store.vocabulary import Disability, StayTitle, VehicleKind

LONGEST_LINE = 100_000
"""Characters of one declaration: more than anybody's."""
TOLD_EVERY = 100
"""Lines between two words of how far it has come."""
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)

Day = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]
Euro = Annotated[Decimal, Field(ge=0, le=1_000_000_000, decimal_places=2)]


def _fiscal_code(text: str) -> str:
    try:
        return parse_fiscal_code(text)
    except InvalidInput:
        raise ValueError("no fiscal code") from None


class _Told(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)


class ToldStay(_Told):
    """A period on a register of residents; `until`: the first day it was over."""

    since: Day
    until: Day | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> ToldStay:
        if self.until is not None and self.until <= self.since:
            raise ValueError("a stay ends after it begins")
        return self


class ToldVehicle(_Told):
    """As a column of `declared_vehicle`."""

    kind: VehicleKind
    displacement: int = Field(ge=0, le=100_000)
    first_registered: Day
    disability_relief: bool = False


class ToldMember(_Told):
    """As the columns of `declared_member`; what is left out is not known."""

    fiscal_code: Annotated[str, AfterValidator(_fiscal_code)]
    applicant: bool = False
    disability: Disability | None = None
    disadvantaged: bool | None = None
    in_child_allowance: bool | None = None
    in_public_structure: bool | None = None
    cares_for_minors: bool | None = None
    caring_for_severely_disabled: bool | None = None
    employed: bool | None = None
    self_employed: bool | None = None
    work_income: Euro | None = None
    regular_studies: bool | None = None
    compulsory_schooling: bool | None = None
    direct_pension: bool | None = None
    disabled: bool | None = None
    grave_illness: bool | None = None
    protected_from_violence: bool | None = None
    parental_responsibility: bool | None = None
    volunteers: bool = False
    exonerated: bool = False


class ToldDeclaration(_Told):
    """As the columns of `household_declaration`; no vehicles or stays: not known; an empty list of vehicles: none."""

    external_id: str = Field(pattern=r"^[!-~]{1,64}$")
    inps_protocol: str = Field(min_length=1, max_length=40)
    as_of: Day
    starts_on: Day
    ends_on: Day | None = None
    isee: Euro | None = None
    family_income: Euro | None = None
    home_value: Euro | None = None
    other_real_estate: Euro | None = None
    movable_assets: Euro | None = None
    annual_rent: Euro | None = None
    annual_mortgage: Euro | None = None
    boats_and_aircraft: int | None = Field(default=None, ge=0, le=100)
    vehicles: tuple[ToldVehicle, ...] | None = Field(default=None, max_length=100)
    stay_title: StayTitle | None = None
    stays: tuple[ToldStay, ...] | None = Field(default=None, min_length=1, max_length=100)
    pension_of_citizenship: bool | None = None
    members: tuple[ToldMember, ...] = Field(min_length=1, max_length=100)

    @model_validator(mode="after")
    def _can_be(self) -> ToldDeclaration:
        if self.ends_on is not None and self.ends_on < self.starts_on:
            raise ValueError("a declaration ends on the day it begins, or after")
        if sum(member.applicant for member in self.members) > 1:
            raise ValueError("one member applies, at most")
        if len({member.fiscal_code for member in self.members}) < len(self.members):
            raise ValueError("a member is told twice")
        return self


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line that did not land, and why, in words that hold nothing of it."""

    number: int
    why: str


@dataclass(frozen=True, slots=True)
class DeclarationsReport:
    """What became of a file's lines: those that landed, those that had before, those refused."""

    landed: int
    known: int
    refused: tuple[RefusedLine, ...]


async def land_declarations(
    connection: Connection,
    agency_code: str,
    lines: Iterable[str],
    *,
    total: int | None = None,
    steps: Steps = unwatched_steps,
) -> DeclarationsReport:
    """Take declarations, one a line, as told by an agency; empty lines are passed over.

    `total`: of lines, where it is known. `steps`: told of lines that were dealt with.

    Raises:
        UnknownAgency: no agency has this code.

    """
    agency_id = await _AGENCY.fetchval(connection, code=agency_code)
    if agency_id is None:
        raise UnknownAgency
    landed, known, refused = 0, 0, list[RefusedLine]()
    number = 0
    for number, line in enumerate(lines, 1):
        if number % TOLD_EVERY == 0:
            steps(number - 1, total)
        if not line.strip():
            continue
        try:
            if len(line) > LONGEST_LINE:
                raise _Refused(f"longer than {LONGEST_LINE:,} characters")
            async with connection.transaction():
                is_new = await _land(connection, agency_id, _read(line))
        except _Refused as why:
            refused.append(RefusedLine(number, str(why)))
        else:
            landed, known = landed + is_new, known + (not is_new)
    steps(number, number)
    return DeclarationsReport(landed, known, tuple(refused))


class _Refused(Exception):
    """Why one line is."""


def _read(line: str) -> ToldDeclaration:
    try:
        strict_json(line.encode())
        return ToldDeclaration.model_validate_json(line)
    except ValidationError as error:
        # Of a message of pydantic's own, which may quote what was given, the kind alone is said.
        raise _Refused("; ".join(sorted(_said(one) for one in _innermost(error)))) from None
    except (JSONDecodeError, UnicodeError):  # their messages may quote the line
        raise _Refused("the declaration: json invalid") from None
    except ValueError as error:
        raise _Refused(f"the declaration: {error}") from None


def _innermost(error: ValidationError) -> list[Mapping[str, Any]]:
    """The faults, without those of a list that are its items'."""
    found = error.errors()
    places = [one["loc"] for one in found]
    return [
        one
        for one in found
        if not any(
            len(place) > len(one["loc"]) and place[: len(one["loc"])] == one["loc"] for place in places
        )
    ]


def _said(error: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in error["loc"]) or "the declaration"
    own = error["type"] == "value_error" and not error["loc"]
    return f"{where}: {error['ctx']['error'] if own else error['type'].replace('_', ' ')}"


async def _land(connection: Connection, agency_id: UUID, told: ToldDeclaration) -> bool:
    """Whether it is new."""
    household_id = await _HOUSEHOLD.fetchval(connection, protocol=told.inps_protocol)
    if household_id is None:
        raise _Refused("inpsProtocol: the hub knows no such household")
    rows = await _PEOPLE.fetch(
        connection, household=household_id, codes=[member.fiscal_code for member in told.members]
    )
    people = {row["fiscal_code"]: row["id"] for row in rows}
    for place, member in enumerate(told.members):
        if member.fiscal_code not in people:
            raise _Refused(f"members.{place}.fiscalCode: nobody of the household")
    own = told.model_dump(exclude={"inps_protocol", "members", "vehicles", "stays"})
    key = await _DECLARATION.fetchval(
        connection,
        household_id=household_id,
        source_agency_id=agency_id,
        vehicles_known=told.vehicles is not None,
        stays=None if told.stays is None else _multirange(told.stays),
        **own,
    )
    if key is None:
        return False
    for member in told.members:
        of_member = member.model_dump(exclude={"fiscal_code"})
        await _MEMBER.execute(
            connection, declaration_id=key, beneficiary_id=people[member.fiscal_code], **of_member
        )
    for number, vehicle in enumerate(told.vehicles or (), 1):
        await _VEHICLE.execute(connection, declaration_id=key, number=number, **vehicle.model_dump())
    return True


def _multirange(stays: Iterable[ToldStay]) -> str:
    """The stays as PostgreSQL writes a multirange."""
    return "{" + ",".join(f"[{stay.since},{stay.until or ''})" for stay in stays) + "}"


def _bound(model: type[Base], *apart: str) -> dict[str, Any]:
    """A parameter for each column, but for those apart."""
    columns = (column for column in table_of(model).c if column.name not in apart)
    return {column.name: bindparam(column.name, type_=column.type) for column in columns}


_AGENCY = Statement(select(Agency.id).where(Agency.code == bindparam("code", type_=Text)))
_HOUSEHOLD = Statement(
    select(Household.id).where(Household.inps_protocol == bindparam("protocol", type_=Text))
)
_PEOPLE = Statement(
    select(Beneficiary.id, Beneficiary.fiscal_code).where(
        Beneficiary.household_id == bindparam("household"),
        Beneficiary.fiscal_code == any_(bindparam("codes", type_=ARRAY(Text))),
    )
)
_DECLARATION = Statement(
    upsert(table_of(HouseholdDeclaration))
    .values(
        {
            **_bound(HouseholdDeclaration, "id", "recorded_at", "stays"),
            "stays": cast(bindparam("stays", type_=Text), DATEMULTIRANGE),
        }
    )
    .on_conflict_do_nothing(index_elements=["source_agency_id", "external_id"])
    .returning(HouseholdDeclaration.id)
)
_MEMBER = Statement(insert(table_of(DeclaredMember)).values(_bound(DeclaredMember)))
_VEHICLE = Statement(insert(table_of(DeclaredVehicle)).values(_bound(DeclaredVehicle, "vehicles_known")))
