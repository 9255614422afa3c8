# SPDX-License-Identifier: EUPL-1.2
"""Whether a household has the right: each requirement by itself, and what they come to.

Sources: DL 4/2019 art. 2; DL 48/2023 art. 2 and 12; the MIA draft. The requirements a measure does not have are not in its data file,
and give no finding.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from hub.measures.days import months_after
from hub.measures.economic_requirements import economic_requirements
from hub.measures.household import Disability, Household
from hub.measures.limits import Requirement
from hub.measures.measure import Measure
from hub.measures.parameters import Count, Parameters, law
from hub.measures.reasons import Finding, Verdict, together
from hub.measures.residence import (
    Residence,
    StayTitle,
    days_asked,
    days_lived,
    unbroken_since,
)
from hub.measures.worlds import Worlds, worlds

STAY = Requirement(
    "STAY",
    "The applicant's title to stay in Italy is one the law asks for.",
    "The applicant's title to stay in Italy is not one the law asks for.",
    "The applicant's title to stay in Italy is not known, or not known to suffice.",
)
RESIDENCE = Requirement(
    "RESIDENCE",
    "The applicant has been resident in Italy for the years the law asks for.",
    "The applicant has not been resident in Italy for the years the law asks for.",
    "The applicant's history of residence is not known.",
)
CONTINUOUS_RESIDENCE = Requirement(
    "CONTINUOUS_RESIDENCE",
    "The applicant has been resident in Italy for the last years without a break.",
    "The applicant has not been resident in Italy for the last years without a break.",
    "The applicant's history of residence is not known.",
)
HOUSEHOLD_GATE = Requirement(
    "HOUSEHOLD_GATE",
    "A member is disabled, a minor, of the age, or in a certified care programme.",
    "No member is disabled, a minor, of the age, or in a certified care programme.",
    "Whether a member is disabled, or in a certified care programme, is not known.",
)
MEASURE_IN_FULL = Requirement(
    "MEASURE_IN_FULL",
    "A member is disabled, a minor, or of the age: the measure in full.",
)
REDUCED_MEASURE = Requirement(
    "REDUCED_MEASURE",
    "No member is disabled, a minor, or of the age: the reduced measure.",
)
MEASURE_OR_REDUCED = Requirement(
    "MEASURE_OR_REDUCED",
    "Whether a member is disabled is not known: the measure in full, or reduced.",
)
APPLICANT_AGE = Requirement(
    "APPLICANT_AGE",
    "The applicant's age is within the law's.",
    "The applicant's age is not within the law's.",
)
NO_RIGHT_TO_ADI = Requirement(
    "NO_RIGHT_TO_ADI",
    "The household has no right to the assegno di inclusione.",
    "The household has a right to the assegno di inclusione, which comes first.",
    "Whether the household has a right to the assegno di inclusione is not known.",
)
_SUFFICIENT = (StayTitle.CITIZEN, StayTitle.FAMILY_OF_CITIZEN, StayTitle.LONG_TERM)


def requirements(household: Household, p: Parameters, on: date, possible: Worlds) -> tuple[Finding, ...]:
    """Each requirement of a measure, decided on a day."""
    return (
        *_residence(household.residence, p, on),
        *_who(household, p, on),
        *economic_requirements(household, p, on, possible),
    )


def is_protected(household: Household, p: Parameters, age: int, on: date) -> bool | None:
    """Whether a member is disabled, a minor, of an age, or, where the measure looks at that, in a certified care programme.

    None where it is not known.
    """
    programmes, open_ = p.gate_disadvantaged is not None, False
    for member in household.members:
        disadvantaged = member.disadvantaged if programmes else False
        if (
            member.disability not in (Disability.NONE, None)
            or disadvantaged
            or member.is_minor(on)
            or member.age(on) >= age
        ):
            return True
        open_ = open_ or member.disability is None or disadvantaged is None
    return None if open_ else False


def _residence(residence: Residence, p: Parameters, on: date) -> Iterator[Finding]:
    if p.stay_title is not None:
        yield _stay(residence.title, p.stay_title, p.stay_protection)
    if p.residence_years is not None:
        row = p.residence_years
        # In days: years lived in pieces are added up, and compared with the days of the years before.
        lived = None if residence.stays is None else days_lived(residence.stays, on)
        asked = days_asked(row.value, on)
        yield RESIDENCE.found(_enough(lived, asked), row.source, lived, asked, unverified=row.unverified)
    if p.continuous_years is not None:
        row = p.continuous_years
        by = months_after(on, -12 * row.value)
        since = None if residence.stays is None else unbroken_since(residence.stays, on)
        if residence.stays is None:
            verdict = Verdict.UNDETERMINED
        else:
            verdict = Verdict.SATISFIED if since and since <= by else Verdict.NOT_SATISFIED
        yield CONTINUOUS_RESIDENCE.found(verdict, row.source, since, by, unverified=row.unverified)


def _enough(value: int | None, asked: int) -> Verdict:
    if value is None:
        return Verdict.UNDETERMINED
    return Verdict.SATISFIED if value >= asked else Verdict.NOT_SATISFIED


def _stay(title: StayTitle | None, row: Count, protection: Count | None) -> Finding:
    if title is None:
        return STAY.found(Verdict.UNDETERMINED, row.source, unverified=row.unverified)
    if title in _SUFFICIENT:
        return STAY.found(Verdict.SATISFIED, row.source, title.value, unverified=row.unverified)
    if title is StayTitle.PROTECTION:
        if protection is None:  # whether the law of this measure lets it suffice was not established
            return STAY.found(Verdict.UNDETERMINED, row.source, title.value, unverified=True)
        return STAY.found(Verdict.SATISFIED, protection.source, title.value, unverified=protection.unverified)
    return STAY.found(Verdict.NOT_SATISFIED, row.source, title.value, unverified=row.unverified)


def _who(household: Household, p: Parameters, on: date) -> Iterator[Finding]:
    if p.gate_age is not None:
        yield _gate(is_protected(household, p, p.gate_age.value, on), p, p.gate_age)
    if p.applicant_age_from is not None and p.applicant_age_to is not None:
        yield _applicant_age(household.applicant.age(on), p.applicant_age_from, p.applicant_age_to)
    if p.measure is Measure.SFL:
        yield _no_right_to_adi(household, p, on)


def _applicant_age(years: int, since: Count, until: Count) -> Finding:
    row = since if years < since.value else until
    verdict = Verdict.SATISFIED if since.value <= years <= until.value else Verdict.NOT_SATISFIED
    return APPLICANT_AGE.found(verdict, row.source, years, row.value, unverified=row.unverified)


def _gate(protected: bool | None, p: Parameters, row: Count) -> Finding:
    verdict = {
        True: Verdict.SATISFIED,
        False: Verdict.NOT_SATISFIED,
        None: Verdict.UNDETERMINED,
    }[protected]
    if p.reduced_share is None:
        return HOUSEHOLD_GATE.found(verdict, row.source, limit=row.value, unverified=row.unverified)
    # NOTE: the gate of a measure that has a reduced form lets every household in; how much is the entitlement's matter.
    requirement = {True: MEASURE_IN_FULL, False: REDUCED_MEASURE, None: MEASURE_OR_REDUCED}[protected]
    return requirement.found(Verdict.SATISFIED, row.source, limit=row.value, unverified=row.unverified)


def _no_right_to_adi(household: Household, p: Parameters, on: date) -> Finding:
    assert p.applicant_age_from is not None
    article = p.applicant_age_from.source
    adi = law(Measure.ADI)
    if on < adi.first:
        return NO_RIGHT_TO_ADI.found(Verdict.SATISFIED, article, limit=adi.first)
    p = adi.at(on)
    # The gate first: most who ask are not behind it, and the rest need not be looked at.
    if p.gate_age is not None and is_protected(household, p, p.gate_age.value, on) is False:
        return NO_RIGHT_TO_ADI.found(
            Verdict.SATISFIED, article, limit=adi.first, unverified=p.gate_age.unverified
        )
    found = requirements(household, p, on, worlds(household, p, on))
    verdict = {
        Verdict.SATISFIED: Verdict.NOT_SATISFIED,
        Verdict.NOT_SATISFIED: Verdict.SATISFIED,
        Verdict.UNDETERMINED: Verdict.UNDETERMINED,
    }[together(finding.verdict for finding in found)]
    decisive = [f.reason for f in found if f.verdict is Verdict.NOT_SATISFIED]
    # What was found of the ADI counts as verified if one requirement that is, is not met.
    unverified = (
        all(reason.unverified for reason in decisive) if decisive else any(f.reason.unverified for f in found)
    )
    return NO_RIGHT_TO_ADI.found(verdict, article, unverified=unverified)
