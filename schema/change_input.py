# SPDX-License-Identifier: EUPL-1.2
"""What happens to a household while a measure is paid, as it is told for a calendar: nothing stored is meant, and nothing is kept."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import strawberry

from hub.measures.changes import (
    AllowanceGranted,
    BusinessStarted,
    Change,
    EmploymentStarted,
    MemberJoined,
    MemberLeft,
    NewDeclaration,
    SelfEmploymentStarted,
)
from hub.measures.checked_changes import NotAQuarter, Path
from schema.assessment_input import HouseholdMemberInput

UNTIL = "The first day it is over; null: it goes on."


@strawberry.input(
    description="A member begins to work for another (avvio di lavoro dipendente), or another job begins."
)
class EmploymentStartedInput:
    on: datetime.date
    gross_a_year: decimal.Decimal = strawberry.field(description="Euro.")
    until: datetime.date | None = strawberry.field(default=None, description=UNTIL)

    def change(self) -> Change:
        return EmploymentStarted(self.on, self.gross_a_year, self.until)


@strawberry.input(
    description="A member is paid for taking part in an active policy (indennità di partecipazione a politiche attive)."
)
class AllowanceGrantedInput:
    on: datetime.date
    gross_a_year: decimal.Decimal = strawberry.field(description="Euro.")
    until: datetime.date | None = strawberry.field(default=None, description=UNTIL)

    def change(self) -> Change:
        return AllowanceGranted(self.on, self.gross_a_year, self.until)


@strawberry.input(description="What a calendar quarter brought (trimestre solare).")
class QuarterIncomeInput:
    first: datetime.date = strawberry.field(description="Its first day.")
    income: decimal.Decimal = strawberry.field(
        description="Receipts less expenses, in euro; below zero: a loss."
    )


@strawberry.input(
    description="A member begins to work for themself (avvio di lavoro autonomo). A quarter that is left out is not known."
)
class SelfEmploymentStartedInput:
    on: datetime.date
    quarters: list[QuarterIncomeInput] = strawberry.field(default_factory=list)
    until: datetime.date | None = strawberry.field(default=None, description=UNTIL)

    def change(self) -> Change:
        return SelfEmploymentStarted(self.on, {one.first: one.income for one in self.quarters}, self.until)


@strawberry.input(
    description="Someone comes into the household (ingresso nel nucleo): born, married, taken in."
)
class MemberJoinedInput:
    on: datetime.date
    member: HouseholdMemberInput

    def change(self) -> Change:
        return MemberJoined(self.on, self.member.member())


@strawberry.input(description="Someone other than the applicant leaves it, or dies (uscita dal nucleo).")
class MemberLeftInput:
    on: datetime.date
    key: str

    def change(self) -> Change:
        return MemberLeft(self.on, self.key)


@strawberry.input(
    description="A new declaration (nuova DSU): income from work that began before it is in what it says."
)
class NewDeclarationInput:
    on: datetime.date
    isee: decimal.Decimal
    family_income: decimal.Decimal = strawberry.field(description="Reddito familiare, a year.")

    def change(self) -> Change:
        return NewDeclaration(self.on, self.isee, self.family_income)


_Told: TypeAlias = (
    EmploymentStartedInput
    | AllowanceGrantedInput
    | SelfEmploymentStartedInput
    | MemberJoinedInput
    | MemberLeftInput
    | NewDeclarationInput
)


@strawberry.input(
    description="What happens to a household (variazioni); each counts from the month after it happened."
)
class HouseholdChangesInput:
    employments: list[EmploymentStartedInput] = strawberry.field(default_factory=list)
    allowances: list[AllowanceGrantedInput] = strawberry.field(default_factory=list)
    self_employments: list[SelfEmploymentStartedInput] = strawberry.field(default_factory=list)
    businesses: list[datetime.date] = strawberry.field(
        default_factory=list,
        description="The days on which members start a business (avvio di un'attività d'impresa).",
    )
    joined: list[MemberJoinedInput] = strawberry.field(default_factory=list)
    left: list[MemberLeftInput] = strawberry.field(default_factory=list)
    declarations: list[NewDeclarationInput] = strawberry.field(default_factory=list)

    def changes(self) -> Sequence[tuple[Change, Path]]:
        """All of them, each with the way to it.

        Raises:
            NotAQuarter: one is told twice.

        """
        for place, work in enumerate(self.self_employments):
            firsts = [one.first for one in work.quarters]
            for number, first in enumerate(firsts):
                if first in firsts[:number]:
                    raise NotAQuarter(path=["changes", "selfEmployments", place, "quarters", number, "first"])
        return [*self._told()]

    def _told(self) -> Iterator[tuple[Change, Path]]:
        lists: tuple[tuple[str, Sequence[_Told]], ...] = (
            ("employments", self.employments),
            ("allowances", self.allowances),
            ("selfEmployments", self.self_employments),
            ("joined", self.joined),
            ("left", self.left),
            ("declarations", self.declarations),
        )
        for name, told in lists:
            for place, one in enumerate(told):
                yield one.change(), ["changes", name, place]
        for place, day in enumerate(self.businesses):
            yield BusinessStarted(day), ["changes", "businesses", place]
