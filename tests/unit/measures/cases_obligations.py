# SPDX-License-Identifier: EUPL-1.2
"""Who is bound: the lines of each measure's law, and their edges."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from hub.measures.measure import Measure
from hub.measures.obligation_rules import Member
from hub.measures.obligations import duty
from tests.unit.measures.asked import Asked, Case, changes, table
from tests.unit.measures.cases import Page

ON = {
    Measure.RDC: date(2022, 5, 10),
    Measure.ADI: date(2025, 5, 10),
    Measure.SFL: date(2025, 5, 10),
    Measure.MIA: date(2024, 5, 10),
}
USUAL = Member(
    born_on=date(1985, 3, 2),
    employed=False,
    self_employed=False,
    work_income=Decimal(0),
    regular_studies=False,
    compulsory_schooling=True,
    direct_pension=False,
    pension_of_citizenship=False,
    disabled=False,
    grave_illness=False,
    caring_for=(),
    caring_for_severely_disabled=False,
    protected_from_violence=False,
    parental_responsibility=True,
)


def answer(measure: Measure, member: Member, on: date) -> Asked:
    found = duty(measure, member, on)
    if found.bound is None:
        return f"undetermined; needs {', '.join(found.missing)}", found.reasons
    reasons = list(found.reasons)
    words = f"{found.bound}, {reasons[0].code}"
    if found.schooling is not None:
        reasons.append(found.schooling.reason)
        words += f"; ADULT_EDUCATION{'' if found.schooling.reason.value and member.compulsory_schooling is False else '?'}"
    return words, reasons


def case(measure: Measure, label: str, expected: str, **given: Any) -> Case:
    on = ON[measure]
    member = replace(USUAL, **given)
    return Case(label, changes(member, USUAL) or "as usual", expected, lambda: answer(measure, member, on))


def on(measure: Measure, years: int, days: int = 0) -> date:
    """The birth date of who has so many years on the day of the table, and so many days since the birthday."""
    day = ON[measure]
    return date(day.year - years, day.month, day.day - days)


RDC, ADI, SFL, MIA = Measure.RDC, Measure.ADI, Measure.SFL, Measure.MIA

_RDC_CASES = (
    case(RDC, "an adult whom nothing frees", "OBLIGED, OBLIGED"),
    case(RDC, "18 today", "OBLIGED, OBLIGED", born_on=on(RDC, 18)),
    case(RDC, "18 tomorrow", "EXCLUDED, MINOR", born_on=on(RDC, 18, -1)),
    case(RDC, "65 tomorrow", "OBLIGED, OBLIGED", born_on=on(RDC, 65, -1)),
    case(RDC, "65 today", "EXCLUDED, AGE_65", born_on=on(RDC, 65)),
    case(RDC, "Pensione di cittadinanza", "EXCLUDED, PENSION_OF_CITIZENSHIP", pension_of_citizenship=True),
    case(RDC, "direct pension", "EXCLUDED, DIRECT_PENSION", direct_pension=True),
    case(RDC, "disabled", "EXCLUDED, DISABLED", disabled=True),
    case(RDC, "disabled, asks to take part", "VOLUNTARY, DISABLED_VOLUNTEER", disabled=True, volunteers=True),
    case(RDC, "asks to take part, bound anyway", "OBLIGED, OBLIGED", volunteers=True),
    case(RDC, "regular studies", "EXCLUDED, REGULAR_STUDIES", regular_studies=True),
    case(
        RDC,
        "employee at the limit of low income",
        "OBLIGED, OBLIGED",
        employed=True,
        work_income=Decimal(8145),
    ),
    case(
        RDC,
        "employee one cent over it",
        "EXCLUDED, EMPLOYED",
        employed=True,
        work_income=Decimal("8145.01"),
    ),
    case(
        RDC,
        "employee of low income whom the services let off",
        "EXEMPT, LOW_INCOME_WORK",
        employed=True,
        work_income=Decimal(8145),
        exonerated=True,
    ),
    case(
        RDC,
        "self-employed at the limit",
        "OBLIGED, OBLIGED",
        employed=True,
        self_employed=True,
        work_income=Decimal(4000),
    ),
    case(
        RDC,
        "self-employed one cent over it",
        "EXCLUDED, EMPLOYED",
        employed=True,
        self_employed=True,
        work_income=Decimal("4000.01"),
    ),
    case(
        RDC,
        "between the two limits, kind of work not known",
        "undetermined; needs self_employed",
        employed=True,
        self_employed=None,
        work_income=Decimal(6000),
    ),
    case(
        RDC,
        "over both limits, kind of work not known",
        "EXCLUDED, EMPLOYED",
        employed=True,
        self_employed=None,
        work_income=Decimal(9000),
    ),
    case(
        RDC, "employed, income not known", "undetermined; needs work_income", employed=True, work_income=None
    ),
    case(RDC, "a child of two in care", "EXEMPT, CHILD_UNDER_THREE", caring_for=(date(2019, 5, 11),)),
    case(RDC, "a child of three today", "OBLIGED, OBLIGED", caring_for=(date(2019, 5, 10),)),
    case(
        RDC,
        "a severely disabled person in care",
        "EXEMPT, SEVERE_DISABILITY_IN_CARE",
        caring_for_severely_disabled=True,
    ),
    case(RDC, "a pension is not known", "undetermined; needs direct_pension", direct_pension=None),
    case(
        RDC,
        "a pension is not known, but regular studies are",
        "EXCLUDED, REGULAR_STUDIES",
        direct_pension=None,
        regular_studies=True,
    ),
    case(
        RDC,
        "a minor of whom nothing else is known",
        "EXCLUDED, MINOR",
        born_on=on(RDC, 10),
        disabled=None,
        direct_pension=None,
        employed=None,
    ),
)

_ADI_CASES = (
    case(ADI, "an adult with parental responsibility whom nothing frees", "OBLIGED, OBLIGED"),
    case(ADI, "18 tomorrow", "EXCLUDED, MINOR", born_on=on(ADI, 18, -1)),
    case(ADI, "60 tomorrow", "OBLIGED, OBLIGED", born_on=on(ADI, 60, -1)),
    case(ADI, "60 today", "EXCLUDED, AGE_60", born_on=on(ADI, 60)),
    case(ADI, "direct pension", "EXCLUDED, DIRECT_PENSION", direct_pension=True),
    case(ADI, "disabled", "EXCLUDED, DISABLED", disabled=True),
    case(ADI, "disabled, asks to take part", "VOLUNTARY, DISABLED_VOLUNTEER", disabled=True, volunteers=True),
    case(ADI, "oncological illness", "EXCLUDED, GRAVE_ILLNESS", grave_illness=True),
    case(ADI, "a child of two in care", "EXCLUDED, CHILD_UNDER_THREE", caring_for=(date(2022, 5, 11),)),
    case(
        ADI,
        "three minors in care, the eldest 18 tomorrow",
        "EXCLUDED, THREE_MINORS_IN_CARE",
        caring_for=(date(2007, 5, 11), date(2012, 1, 1), date(2015, 1, 1)),
    ),
    case(
        ADI,
        "the eldest of the three is 18 today",
        "OBLIGED, OBLIGED",
        caring_for=(date(2007, 5, 10), date(2012, 1, 1), date(2015, 1, 1)),
    ),
    case(
        ADI,
        "a severely disabled person in care",
        "EXCLUDED, SEVERE_DISABILITY_IN_CARE",
        caring_for_severely_disabled=True,
    ),
    case(ADI, "protected from violence", "EXCLUDED, PROTECTED_FROM_VIOLENCE", protected_from_violence=True),
    case(ADI, "employed", "EXCLUDED, EMPLOYED", employed=True),
    case(ADI, "regular studies", "EXCLUDED, REGULAR_STUDIES", regular_studies=True),
    case(
        ADI,
        "an adult without parental responsibility",
        "EXCLUDED, NO_PARENTAL_RESPONSIBILITY",
        parental_responsibility=False,
    ),
    case(
        ADI,
        "parental responsibility not known",
        "undetermined; needs parental_responsibility",
        parental_responsibility=None,
    ),
    case(
        ADI,
        "two facts not known",
        "undetermined; needs direct_pension, caring_for",
        direct_pension=None,
        caring_for=None,
    ),
    case(ADI, "age not known", "undetermined; needs born_on", born_on=None),
    case(ADI, "age not known, but employed", "EXCLUDED, EMPLOYED", born_on=None, employed=True),
    case(
        ADI,
        "of age 29, compulsory schooling not completed",
        "OBLIGED, OBLIGED; ADULT_EDUCATION",
        born_on=on(ADI, 29),
        compulsory_schooling=False,
    ),
    case(
        ADI,
        "of age 30, compulsory schooling not completed",
        "OBLIGED, OBLIGED",
        born_on=on(ADI, 30),
        compulsory_schooling=False,
    ),
    case(
        ADI,
        "of age 18, schooling not known",
        "OBLIGED, OBLIGED; ADULT_EDUCATION?",
        born_on=on(ADI, 18),
        compulsory_schooling=None,
    ),
)

_SFL_CASES = (
    case(SFL, "who has the support", "OBLIGED, OBLIGED"),
    case(SFL, "18 tomorrow", "EXCLUDED, MINOR", born_on=on(SFL, 18, -1)),
    case(SFL, "18 today", "OBLIGED, OBLIGED", born_on=on(SFL, 18)),
    case(SFL, "60 tomorrow", "OBLIGED, OBLIGED", born_on=on(SFL, 60, -1)),
    case(SFL, "60 today", "EXCLUDED, AGE_60", born_on=on(SFL, 60)),
    case(SFL, "without parental responsibility", "OBLIGED, OBLIGED", parental_responsibility=False),
    case(
        SFL,
        "of age 18, compulsory schooling not completed",
        "OBLIGED, OBLIGED; ADULT_EDUCATION",
        born_on=on(SFL, 18),
        compulsory_schooling=False,
    ),
    case(SFL, "age not known", "undetermined; needs born_on", born_on=None),
)

_MIA_CASES = (
    case(MIA, "an adult whom nothing frees", "OBLIGED, OBLIGED"),
    case(MIA, "16 tomorrow", "EXCLUDED, COMPULSORY_SCHOOL", born_on=on(MIA, 16, -1)),
    case(MIA, "16 today, past compulsory schooling", "OBLIGED, OBLIGED", born_on=on(MIA, 16)),
    case(
        MIA,
        "17, compulsory schooling not completed",
        "EXCLUDED, COMPULSORY_SCHOOL",
        born_on=on(MIA, 17),
        compulsory_schooling=False,
    ),
    case(
        MIA,
        "17, schooling not known",
        "undetermined; needs compulsory_schooling",
        born_on=on(MIA, 17),
        compulsory_schooling=None,
    ),
    case(
        MIA,
        "18 today, schooling not completed",
        "OBLIGED, OBLIGED",
        born_on=on(MIA, 18),
        compulsory_schooling=False,
    ),
    case(MIA, "60 today: not over 60 yet", "OBLIGED, OBLIGED", born_on=on(MIA, 60)),
    case(MIA, "60 since yesterday", "EXCLUDED, OVER_60", born_on=on(MIA, 60, 1)),
    case(MIA, "direct pension", "EXCLUDED, DIRECT_PENSION", direct_pension=True),
    case(MIA, "disabled, asks to take part", "VOLUNTARY, DISABLED_VOLUNTEER", disabled=True, volunteers=True),
    case(MIA, "a child of two in care", "EXCLUDED, CHILD_UNDER_THREE", caring_for=(date(2021, 5, 11),)),
    case(
        MIA,
        "a severely disabled person in care",
        "EXCLUDED, SEVERE_DISABILITY_IN_CARE",
        caring_for_severely_disabled=True,
    ),
    case(MIA, "employed", "EXCLUDED, EMPLOYED", employed=True),
    case(MIA, "regular studies", "EXCLUDED, REGULAR_STUDIES", regular_studies=True),
)

PAGE = Page(
    "obligations.md",
    "Who is bound",
    """Per member: OBLIGED (tenuto), EXEMPT (esonerato), EXCLUDED (escluso), VOLUNTARY (takes part though not bound), or undetermined, with what must
be known first. The rules are read in the order of the law (`hub/measures/obligation_rules.py`), and the first that holds decides; a
fact that is not known matters only where it could change the answer. Each case below is a test. An asterisk marks a source that was not
read in the law itself, or that can be read in two ways: check it in the Gazzetta Ufficiale before you rely on it.""",
    tuple(
        table(
            f"{measure}, on {ON[measure]}",
            "An adult born 1985-03-02 with parental responsibility and compulsory schooling, of whom nothing else is the case, unless the case says so.",
            cases,
        )
        for measure, cases in ((RDC, _RDC_CASES), (ADI, _ADI_CASES), (SFL, _SFL_CASES), (MIA, _MIA_CASES))
    ),
)
