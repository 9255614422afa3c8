# SPDX-License-Identifier: EUPL-1.2
"""Households in a lawyer's words: "40; 38 carer; 10; 5 disabled" are an applicant of 40 and three others."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from hub.measures.days import months_after
from hub.measures.household import Disability, Household, Member
from hub.measures.residence import Residence, Stay, StayTitle

CONDITIONS: dict[str, dict[str, Any]] = {
    "disabled": {"disability": Disability.DISABLED},
    "severe": {"disability": Disability.SEVERE},
    "disability unknown": {"disability": None},
    "carer": {"carer": True},
    "care unknown": {"carer": None},
    "disadvantaged": {"disadvantaged": True},
    "disadvantage unknown": {"disadvantaged": None},
    "in AUU": {"in_child_allowance": True},
    "not in AUU": {"in_child_allowance": False},
    "AUU unknown": {"in_child_allowance": None},
    "in a structure": {"in_public_structure": True},
    "structure unknown": {"in_public_structure": None},
}
BORN_LONG_AGO = date(1960, 1, 1)


def members(told: str, on: date) -> tuple[Member, ...]:
    """Members by their ages on a day, which is their birthday; the first applies. Minors are in the AUU unless it is told."""
    found = []
    for place, one in enumerate(told.split("; ")):
        years, _, rest = one.partition(" ")
        member = Member(
            key=str(place),
            birth_date=months_after(on, -12 * int(years)),
            applicant=place == 0,
            in_child_allowance=int(years) < 18,
        )
        for condition in rest.split(" and ") if rest else ():
            member = replace(member, **CONDITIONS[condition])
        found.append(member)
    return tuple(found)


def household(told: str, on: date, **known: Any) -> Household:
    """A household that meets every requirement that does not hang on its members, with what is told otherwise."""
    facts: dict[str, Any] = {
        "residence": Residence(StayTitle.CITIZEN, (Stay(BORN_LONG_AGO),)),
        "isee": Decimal(0),
        "family_income": Decimal(0),
        "home_value": Decimal(0),
        "other_real_estate": Decimal(0),
        "movable_assets": Decimal(0),
        "vehicles": (),
        "boats_and_aircraft": 0,
        "annual_rent": Decimal(0),
        "annual_mortgage": Decimal(0),
    }
    return Household(members=members(told, on), **(facts | known))


def amount(told: str) -> Decimal | None:
    """Euro; "unknown" is None."""
    return None if told == "unknown" else Decimal(told)
