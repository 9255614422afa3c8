# SPDX-License-Identifier: EUPL-1.2
"""The whole answer for one household on one day: the right, each requirement, the scale, the amount, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from hub.measures.checked import check_household
from hub.measures.eligibility import requirements
from hub.measures.entitlement import Duration, Entitlement, duration, entitlement
from hub.measures.household import Household
from hub.measures.measure import Measure
from hub.measures.parameters import parameters
from hub.measures.reasons import Finding, Verdict, together
from hub.measures.worlds import Scale, scale_of, worlds


@dataclass(frozen=True, slots=True)
class Application:
    """A household that asks for a measure."""

    measure: Measure
    household: Household


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the law says of an application on a day.

    `entitlement` and `duration` are None unless the right is there. `unverified`: something it rests on was not read in the law.
    """

    measure: Measure
    on: date
    law: str
    verdict: Verdict
    requirements: tuple[Finding, ...]
    scale: Scale
    entitlement: Entitlement | None
    duration: Duration | None

    @property
    def unverified(self) -> bool:
        """Whether a requirement, the scale or the amount says so of itself."""
        return (
            any(finding.reason.unverified for finding in self.requirements)
            or self.scale.unverified
            or (self.entitlement is not None and self.entitlement.unverified)
            or (self.duration is not None and self.duration.unverified)
        )


def assess(application: Application, on: date) -> Assessment:
    """Decide an application by the law of a day. Nothing is read, stored or remembered.

    Raises:
        BeforeTheLaw, AfterTheLaw: the measure was not in force on that day.
        NegativeAmount, AmountOutOfRange, TooManyTold, DateInFuture, InvalidPeriod, OneApplicant, SamePersonTwice,
        SpousesDisagree: the household cannot be; `path` names the field.

    """
    p = parameters(application.measure, on)
    household = application.household
    check_household(household, on)
    possible = worlds(household, p, on)
    found = requirements(household, p, on, possible)
    verdict = together([finding.verdict for finding in found])
    due = entitlement(household, p, on, possible) if verdict is Verdict.SATISFIED else None
    lasts = None if due is None or due.reduced is None else duration(p, reduced=due.reduced)
    return Assessment(application.measure, on, p.law, verdict, found, scale_of(possible), due, lasts)
