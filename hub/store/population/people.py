# SPDX-License-Identifier: EUPL-1.2
"""The people of a household: who lives together at what age, and what each is bound to.

Sources: DL 4/2019 art. 4 and DL 48/2023 art. 6 for who is bound; domain.md section 6.6 for the occupational statuses.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from random import Random

from hub.store.population.chance import Draw
from hub.store.population.places import Centre
from hub.store.vocabulary import EmploymentStatus, Measure, Obligation, Sex


class Role(Enum):
    """What a member is to the household, as far as age and duties follow from it."""

    ELDER = "elder"
    ADULT = "adult"
    CHILD = "child"


@dataclass(slots=True)
class Person:
    """A member; `born_on` is an ordinal, `age` in completed years today, `centre` None when nobody has taken the person on."""

    fiscal_code: str
    given_name: str
    family_name: str
    born_on: int
    age: int
    sex: Sex
    obligation: Obligation
    employment: EmploymentStatus
    centre: Centre | None
    born_abroad: bool

    @property
    def may_be_activated(self) -> bool:
        """Whether the active-inclusion path concerns the person at all."""
        return self.obligation in (Obligation.OBLIGED, Obligation.VOLUNTARY)


def roles(measure: Measure, size: int, chance: Random) -> list[Role]:
    """Who makes up a household of that size; ADI needs a minor, an elder or a disability, SFL has none of the first two alone."""
    if size == 1:
        alone = Role.ADULT if measure is Measure.SFL or chance.random() < 0.45 else Role.ELDER
        return [alone]
    if measure is not Measure.SFL and size == 2 and chance.random() < 0.35:
        return [Role.ELDER, Role.ELDER]
    adults = 1 if size == 2 and chance.random() < 0.55 else 2
    if size > 4 and chance.random() < 0.4:
        adults += 1
    if measure is Measure.SFL and chance.random() < 0.5:
        adults = size
    return [Role.ADULT] * min(adults, size) + [Role.CHILD] * (size - adults)


def age_of(role: Role, ordinal: int, head_age: int, chance: Random) -> int:
    """Completed years; children at least 18 years younger than the first member, partners near their age."""
    if role is Role.ELDER:
        return 60 + int(chance.random() * chance.random() * 34)
    if role is Role.CHILD:
        oldest = max(1, min(27, head_age - 18))
        return int(chance.random() * oldest)
    if ordinal == 1 and head_age < 60:
        return min(59, max(18, head_age - 6 + int(chance.random() * 13)))
    return 19 + int(chance.random() * 41)


def birthday(age: int, today: int, chance: Random) -> int:
    """A day on which someone was born who has completed `age` years today."""
    now = date.fromordinal(today)
    latest = _years_before(now, age)
    earliest = _years_before(now, age + 1) + 1
    return earliest + int(chance.random() * (latest - earliest + 1))


def _years_before(day: date, years: int) -> int:
    try:
        return day.replace(year=day.year - years).toordinal()
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28).toordinal()


_ADULT_OBLIGATION = Draw(
    [
        (Obligation.OBLIGED, 62),
        (Obligation.EXEMPT, 20),
        (Obligation.EXCLUDED, 11),
        (Obligation.VOLUNTARY, 7),
    ]
)
_SFL_OBLIGATION = Draw([(Obligation.OBLIGED, 88), (Obligation.EXEMPT, 8), (Obligation.VOLUNTARY, 4)])


def obligation_of(age: int, measure: Measure, chance: Random) -> Obligation:
    """Minors and those of 60 and more are outside; adults are bound, exempted (care, study, work) or outside (disability)."""
    if age < 18 or age >= 60:
        return Obligation.EXCLUDED
    if age < 22 and chance.random() < 0.6:
        return Obligation.EXEMPT
    return (_SFL_OBLIGATION if measure is Measure.SFL else _ADULT_OBLIGATION)(chance)


_BOUND_EMPLOYMENT = Draw(
    [
        (EmploymentStatus.UNEMPLOYED, 66),
        (EmploymentStatus.NEVER_EMPLOYED, 22),
        (EmploymentStatus.EMPLOYED_SEEKING, 12),
    ]
)
_OTHER_EMPLOYMENT = Draw(
    [
        (EmploymentStatus.EMPLOYED, 40),
        (EmploymentStatus.OTHER, 35),
        (EmploymentStatus.UNEMPLOYED, 15),
        (EmploymentStatus.NEVER_EMPLOYED, 10),
    ]
)


def employment_of(age: int, obligation: Obligation, chance: Random) -> EmploymentStatus:
    """Children have no other status than OTHER, pensioners neither; who is bound looks for work."""
    if age < 16 or age >= 67:
        return EmploymentStatus.OTHER
    if age < 18:
        return EmploymentStatus.NEVER_EMPLOYED
    if obligation in (Obligation.OBLIGED, Obligation.VOLUNTARY):
        return _BOUND_EMPLOYMENT(chance)
    return _OTHER_EMPLOYMENT(chance)
