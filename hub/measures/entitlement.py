# SPDX-License-Identifier: EUPL-1.2
"""How much a household with the right is due, and for how long.

The benefit times the scale, less the family income; the rent; an allowance for members who have one of their own; the minimum. All of
it exact, a year; a month is a twelfth, rounded once, half up, to the cent: no source states the rounding.
Sources: DL 4/2019 art. 3; DL 48/2023 art. 3 and art. 12 c. 7; the MIA draft.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from hub.measures.eligibility import is_protected
from hub.measures.household import Household
from hub.measures.parameters import Amount, Parameters
from hub.measures.reasons import Reason
from hub.measures.worlds import World, Worlds, unknown_of

CENT, ZERO, TWELVE = Decimal("0.01"), Decimal(0), Decimal(12)


@dataclass(frozen=True, slots=True)
class Entitlement:
    """Amounts in euro; None where a fact they depend on is not known, which a reason names.

    `annual` and its parts are exact to the cent; `monthly` is what is paid. `reduced` None: not known.
    `reasons` are the parts: the value, and the ceiling or base it was reckoned with.
    """

    annual: Decimal | None
    monthly: Decimal | None
    reduced: bool | None
    reasons: tuple[Reason, ...]

    @property
    def unverified(self) -> bool:
        """Whether a part rests on a number or a reading that was not read in the law."""
        return any(reason.unverified for reason in self.reasons)


@dataclass(frozen=True, slots=True)
class Duration:
    """For how long, in months; 0 where there is none. `wait` before a new application after a reduced measure."""

    months: int
    renewal: int
    stop: int
    extension: int
    wait: int
    articles: tuple[str, ...]
    unverified: bool


def to_the_cent(amount: Decimal) -> Decimal:
    """Rounded half up."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def entitlement(household: Household, p: Parameters, on: date, possible: Worlds) -> Entitlement:
    """What is due to a household that has the right."""
    if p.monthly_indemnity is not None:
        return _indemnity(p.monthly_indemnity)
    reduced = _is_reduced(household, p, on)
    missing = _missing(household, p, on, reduced=reduced)
    if not missing:
        found = [_reckoned(household, world, p, on, reduced=bool(reduced)) for world in possible]
        if found[0][0] == found[-1][0]:
            annual, reasons = found[0]
            return Entitlement(to_the_cent(annual), to_the_cent(annual / TWELVE), reduced, tuple(reasons))
        missing = _missing_of_members(household, p, on)
    return Entitlement(None, None, reduced, tuple(missing))


@lru_cache(maxsize=64)
def duration(p: Parameters, *, reduced: bool) -> Duration:
    """For how long it is paid, by the numbers of the day it begins or is renewed."""
    rows = (
        p.reduced_months if reduced else p.months,
        p.reduced_renewal_months if reduced else p.renewal_months,
        None if reduced else p.stop_months,
        p.extension_months,
        p.reduced_wait_months if reduced else None,
    )
    used = [row for row in rows if row is not None]
    months, renewal, stop, extension, wait = (row.value if row is not None else 0 for row in rows)
    articles = tuple(dict.fromkeys(row.source for row in used))
    return Duration(months, renewal, stop, extension, wait, articles, any(row.unverified for row in used))


def _indemnity(row: Amount) -> Entitlement:
    reason = Reason(
        "INDEMNITY",
        row.source,
        "A fixed monthly indemnity, while the activity goes on.",
        row.value,
        row.value,
        row.unverified,
    )
    return Entitlement(to_the_cent(row.value * TWELVE), to_the_cent(row.value), False, (reason,))


def _is_reduced(household: Household, p: Parameters, on: date) -> bool | None:
    if p.reduced_share is None or p.gate_age is None:
        return False
    protected = is_protected(household, p, p.gate_age.value, on)
    return None if protected is None else not protected


def _missing(household: Household, p: Parameters, on: date, *, reduced: bool | None) -> list[Reason]:
    """What the amount depends on and is not known."""
    found = []
    if household.family_income is None:
        found.append(_not_known("FAMILY_INCOME", p.law, "The family income is not known."))
    if p.rent_ceiling is not None and household.annual_rent is None:
        found.append(_not_known("RENT", p.rent_ceiling.source, "The rent of the home is not known."))
    elif p.mortgage_ceiling is not None and not household.annual_rent and household.annual_mortgage is None:
        found.append(
            _not_known(
                "MORTGAGE", p.mortgage_ceiling.source, "The instalments of the home's mortgage are not known."
            )
        )
    if p.child_allowance_monthly is not None and any(
        member.child_allowance(on) is None for member in household.members
    ):
        found.append(
            _not_known(
                "CHILD_ALLOWANCE",
                p.child_allowance_monthly.source,
                "Whether a member is in the assegno unico universale is not known.",
            )
        )
    if reduced is None and p.reduced_share is not None:
        found.append(
            _not_known(
                "REDUCED_MEASURE", p.reduced_share.source, "Whether the measure is reduced is not known."
            )
        )
    return found


_OF_MEMBERS = {
    "disability": ("DISABILITY", "A member's disability, on which the amount depends, is not known."),
    "carer": (
        "CARE_DUTIES",
        "Whether a member has care duties, on which the amount depends, is not known.",
    ),
    "disadvantaged": (
        "DISADVANTAGE",
        "Whether a member is in a certified care programme, on which the amount depends, is not known.",
    ),
    "in_public_structure": (
        "PUBLIC_STRUCTURE",
        "Whether a member lives where the state pays for everything, on which the amount depends, is not known.",
    ),
}
"""What the scale asks of a member. The child allowance is not among them: it is missed whatever the scale comes to."""


def _missing_of_members(household: Household, p: Parameters, on: date) -> list[Reason]:
    unknown = {name for member in household.members for name in unknown_of(member, p, on)}
    return [_not_known(code, p.law, says) for name, (code, says) in _OF_MEMBERS.items() if name in unknown]


def _not_known(code: str, article: str, sentence: str) -> Reason:
    return Reason(code, article, sentence)


def _reckoned(
    household: Household, world: World, p: Parameters, on: date, *, reduced: bool
) -> tuple[Decimal, list[Reason]]:
    """What is due a year, exact, and its parts."""
    assert p.annual_benefit is not None
    assert household.family_income is not None
    income = household.family_income
    base = (p.annual_benefit_elderly if world.elderly else None) or p.annual_benefit
    full = base.value * world.scale
    total = max(ZERO, full - income)
    reasons = [
        Reason(
            "BENEFIT",
            base.source,
            "The benefit times the equivalence scale, less the family income.",
            total,
            full,
            base.unverified or world.unverified,
        )
    ]
    housing = _housing(household, p, elderly=world.elderly)
    if housing is not None:
        reasons.append(housing)
        assert isinstance(housing.value, Decimal)
        total += housing.value
    total = _capped(total, world.scale, household, p, reasons)
    allowance = p.child_allowance_monthly
    if allowance is not None:
        children = sum(member.child_allowance(on) or False for member in world.members)
        if children:
            added = allowance.value * TWELVE * children
            total += added
            reasons.append(
                Reason(
                    "CHILD_ALLOWANCE",
                    allowance.source,
                    "So much a month for each member in the assegno unico universale.",
                    added,
                    allowance.value,
                    allowance.unverified,
                )
            )
    if p.annual_minimum is not None and total < p.annual_minimum.value:
        total = p.annual_minimum.value
        reasons.append(
            Reason(
                "MINIMUM",
                p.annual_minimum.source,
                "Whoever has the right is due at least so much a year.",
                total,
                p.annual_minimum.value,
                p.annual_minimum.unverified,
            )
        )
    if reduced and p.reduced_share is not None:
        total *= p.reduced_share.value
        reasons.append(
            Reason(
                "REDUCED_MEASURE",
                p.reduced_share.source,
                f"No member is disabled, a minor, or of the age: {p.reduced_share.reading}.",
                total,
                p.reduced_share.value,
                p.reduced_share.unverified,
            )
        )
    return total, reasons


def _housing(household: Household, p: Parameters, *, elderly: bool) -> Reason | None:
    if household.annual_rent:
        row = (p.rent_ceiling_elderly if elderly else None) or p.rent_ceiling
        if row is not None:
            return Reason(
                "RENT",
                row.source,
                "The rent of the home, up to the ceiling.",
                min(household.annual_rent, row.value),
                row.value,
                row.unverified,
            )
    elif household.annual_mortgage and (row := p.mortgage_ceiling) is not None:
        return Reason(
            "MORTGAGE",
            row.source,
            "The instalments of the home's mortgage, up to the ceiling.",
            min(household.annual_mortgage, row.value),
            row.value,
            row.unverified,
        )
    return None


def _capped(
    total: Decimal, scale_value: Decimal, household: Household, p: Parameters, reasons: list[Reason]
) -> Decimal:
    """Tenants whose income lies above the common threshold: benefit and rent together reach the tenants' threshold, no further."""
    row = p.income_threshold_renting
    if row is None or not household.annual_rent or household.family_income is None:
        return total
    ceiling = max(ZERO, row.value * scale_value - household.family_income)
    if total <= ceiling:
        return total
    reasons.append(
        Reason(
            "TENANTS_CEILING",
            row.source,
            "Benefit, rent and family income together do not go beyond the tenants' threshold.",
            ceiling,
            row.value * scale_value,
            row.unverified,
        )
    )
    return ceiling
