# SPDX-License-Identifier: EUPL-1.2
"""A household as it is told for an assessment. What is left out, or null, is not known."""

from __future__ import annotations

import datetime
import decimal

import strawberry

from hub.measures.assessment import Application
from hub.measures.household import Disability, Household, Member, Vehicle, VehicleKind
from hub.measures.residence import Residence, Stay, StayTitle
from hub.store.vocabulary import Measure

strawberry.enum(
    Disability, description="As the DSU has it; SEVERE: disabilità grave, or non autosufficienza."
)
strawberry.enum(
    StayTitle,
    description="CITIZEN of Italy or the Union; FAMILY_OF_CITIZEN with the right of residence; LONG_TERM permesso UE per soggiornanti "
    "di lungo periodo; PROTECTION protezione internazionale.",
)
strawberry.enum(VehicleKind, description="Autoveicolo, motoveicolo.")


@strawberry.input(description="One person of the household (componente del nucleo).")
class HouseholdMemberInput:
    key: str = strawberry.field(
        description="Tells the person from the others, in your words: no name, no fiscal code."
    )
    birth_date: datetime.date
    applicant: bool = strawberry.field(default=False, description="Richiedente: exactly one is.")
    spouse: str | None = strawberry.field(default=None, description="The key of the spouse.")
    disability: Disability | None = None
    carer: bool | None = strawberry.field(default=None, description="Has care duties (carichi di cura).")
    disadvantaged: bool | None = strawberry.field(
        default=None, description="In a care programme certified by a public body."
    )
    in_child_allowance: bool | None = strawberry.field(
        default=None, description="In the assegno unico universale."
    )
    in_public_structure: bool | None = strawberry.field(
        default=None, description="Lives where the state pays for everything."
    )

    def member(self) -> Member:
        return Member(
            key=self.key,
            birth_date=self.birth_date,
            applicant=self.applicant,
            spouse=self.spouse,
            disability=self.disability,
            carer=self.carer,
            disadvantaged=self.disadvantaged,
            in_child_allowance=self.in_child_allowance,
            in_public_structure=self.in_public_structure,
        )


@strawberry.input(description="A period on a register of residents (periodo di residenza).")
class StayInput:
    since: datetime.date
    until: datetime.date | None = strawberry.field(
        default=None, description="The first day it was over; null: still."
    )


@strawberry.input(description="The applicant's title to stay, and history of residence.")
class ResidenceInput:
    title: StayTitle | None = None
    stays: list[StayInput] | None = None

    def residence(self) -> Residence:
        if self.stays is None:
            return Residence(self.title)
        return Residence(self.title, tuple(Stay(one.since, one.until) for one in self.stays))


@strawberry.input(description="A vehicle in the name of a member (veicolo).")
class VehicleInput:
    kind: VehicleKind
    displacement: int = strawberry.field(description="Cilindrata, in cc; 0 if electric.")
    first_registered: datetime.date
    disability_relief: bool = strawberry.field(
        default=False, description="Taxed lower for a disability (agevolazione fiscale)."
    )

    def vehicle(self) -> Vehicle:
        return Vehicle(self.kind, self.displacement, self.first_registered, self.disability_relief)


@strawberry.input(
    description="A household, and the measure and day it is assessed for. Euro; what is left out is not known, which is not zero."
)
class AssessmentInput:
    measure: Measure
    on: datetime.date
    members: list[HouseholdMemberInput]
    residence: ResidenceInput | None = None
    isee: decimal.Decimal | None = None
    family_income: decimal.Decimal | None = strawberry.field(
        default=None, description="Reddito familiare, a year."
    )
    home_value: decimal.Decimal | None = strawberry.field(
        default=None, description="Of the home it owns, for IMU; 0 if it owns none."
    )
    other_real_estate: decimal.Decimal | None = None
    movable_assets: decimal.Decimal | None = strawberry.field(
        default=None, description="Patrimonio mobiliare."
    )
    vehicles: list[VehicleInput] | None = None
    boats_and_aircraft: int | None = None
    annual_rent: decimal.Decimal | None = strawberry.field(
        default=None, description="By a registered contract for the home; 0 if it rents none."
    )
    annual_mortgage: decimal.Decimal | None = None

    def application(self) -> Application:
        """The same in the words of the law's rooms."""
        vehicles = None if self.vehicles is None else tuple(one.vehicle() for one in self.vehicles)
        return Application(
            self.measure,
            Household(
                members=tuple(one.member() for one in self.members),
                residence=Residence() if self.residence is None else self.residence.residence(),
                isee=self.isee,
                family_income=self.family_income,
                home_value=self.home_value,
                other_real_estate=self.other_real_estate,
                movable_assets=self.movable_assets,
                vehicles=vehicles,
                boats_and_aircraft=self.boats_and_aircraft,
                annual_rent=self.annual_rent,
                annual_mortgage=self.annual_mortgage,
            ),
        )
