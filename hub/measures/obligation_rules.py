# SPDX-License-Identifier: EUPL-1.2
"""Who is bound, as each measure's law has it: data, read from top to bottom; the first rule that holds decides.

The end of each list binds whom no rule above it lets go. A rule that can be asked away (`volunteers`) frees from the duty and not from
the path: who asks to take part takes part (collocamento mirato, L. 68/1999).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from hub.measures.checked import DateInFuture
from hub.measures.days import age
from hub.measures.kleene import both, either, known, not_
from hub.measures.measure import Measure
from hub.measures.obligation import Obligation
from hub.measures.parameters import Confidence
from hub.measures.reasons import Value
from hub.measures.sources import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """What is known of a member of the household on the day that is asked about; None: it is not known.

    `caring_for`: the dates of birth of the children in its care (empty: none). `work_income`: gross euro a year, expected.
    """

    born_on: date | None = None
    employed: bool | None = None
    self_employed: bool | None = None
    work_income: Decimal | None = None
    regular_studies: bool | None = None
    """Upper secondary, IeFP, IFTS, university, doctorate (MLPS note 187/2020)."""
    compulsory_schooling: bool | None = None
    """Whether compulsory schooling was completed."""
    direct_pension: bool | None = None
    pension_of_citizenship: bool | None = None
    """Whether the household has the Pensione di cittadinanza in place of the RdC."""
    disabled: bool | None = None
    """In the sense of L. 68/1999."""
    grave_illness: bool | None = None
    """Chronic or oncological."""
    caring_for: tuple[date, ...] | None = None
    caring_for_severely_disabled: bool | None = None
    protected_from_violence: bool | None = None
    """On a path of protection from gender violence."""
    parental_responsibility: bool | None = None
    volunteers: bool = False
    """Whether it asked to take part although it need not."""
    exonerated: bool = False
    """Whether the services let it off, where they may."""


Test = Callable[[Member, date], "bool | None"]
Seen = Callable[[Member, date], Value]


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the law. `reads`: the facts it needs; `value`, `limit`: what was compared, for the reason."""

    code: str
    bound: Obligation
    sentence: str
    source: Source
    holds: Test
    reads: tuple[str, ...] = ()
    value: Seen | None = None
    limit: Value = None


_M, _L = Confidence.M, Confidence.L

CHILD_UNDER = 3
MINOR_UNDER = 18
MINORS_IN_CARE = 3
COMPULSORY_SCHOOL_UNDER = 16
LOW_INCOME_EMPLOYEE = Decimal(8145)
LOW_INCOME_SELF_EMPLOYED = Decimal(4000)


def _always(_member: Member, _on: date) -> bool | None:
    return True


def _fact(name: str) -> Test:
    def holds(member: Member, _on: date) -> bool | None:
        found: bool | None = getattr(member, name)
        return found

    return holds


def _age(member: Member, on: date) -> Value:
    return known_age(member, on)


def known_age(member: Member, on: date) -> int | None:
    """Whole years of age, where the date of birth is known.

    Raises:
        DateInFuture: born after that day.

    """
    return None if member.born_on is None else _age_of(member.born_on, on, "bornOn")


def _age_of(born_on: date, on: date, *path: str | int) -> int:
    if born_on > on:
        raise DateInFuture(path=list(path))
    return age(born_on, on)


def _younger(years: int) -> Test:
    return lambda member, on: known(known_age(member, on), lambda found: found < years)


def _at_least(years: int) -> Test:
    return lambda member, on: known(known_age(member, on), lambda found: found >= years)


def _past(years: int) -> Test:
    # NOTE: "over 60" begins on the day after the birthday; "60 or over" on the birthday itself.
    return lambda member, on: known(member.born_on, lambda born: age(born, on - timedelta(days=1)) >= years)


def children_in_care(member: Member, on: date, under: int) -> int | None:
    """How many of the children in a member's care have not reached an age."""
    if member.caring_for is None:
        return None
    ages = [_age_of(born, on, "caringFor", place) for place, born in enumerate(member.caring_for)]
    return sum(years < under for years in ages)


def _small_child(member: Member, on: date) -> bool | None:
    return known(children_in_care(member, on, CHILD_UNDER), lambda count: count > 0)


def _three_minors(member: Member, on: date) -> bool | None:
    return known(children_in_care(member, on, MINOR_UNDER), lambda count: count >= MINORS_IN_CARE)


def _minor_at_school(member: Member, on: date) -> bool | None:
    years = known_age(member, on)
    return either(
        known(years, lambda found: found < COMPULSORY_SCHOOL_UNDER),
        both(known(years, lambda found: found < MINOR_UNDER), not_(member.compulsory_schooling)),
    )


def _low_income(member: Member) -> bool | None:
    if member.work_income is None:
        return None
    kinds = (False, True) if member.self_employed is None else (member.self_employed,)
    within = {
        member.work_income <= (LOW_INCOME_SELF_EMPLOYED if alone else LOW_INCOME_EMPLOYEE) for alone in kinds
    }
    return within.pop() if len(within) == 1 else None


def _lives_of_work(member: Member, _on: date) -> bool | None:
    return both(member.employed, not_(_low_income(member)))


def _low_income_let_off(member: Member, _on: date) -> bool | None:
    return both(member.exonerated, member.employed, _low_income(member))


def _disabled_volunteer(member: Member, _on: date) -> bool | None:
    return both(member.volunteers, member.disabled)


def _minor(source: Source) -> Rule:
    return Rule(
        "MINOR",
        Obligation.EXCLUDED,
        "A minor is not bound: the obligations are for adults.",
        source,
        _younger(MINOR_UNDER),
        ("born_on",),
        _age,
        MINOR_UNDER,
    )


def _from_age(years: int, source: Source, sentence: str | None = None) -> Rule:
    return Rule(
        f"AGE_{years}",
        Obligation.EXCLUDED,
        sentence or f"Who is {years} or over is not bound.",
        source,
        _at_least(years),
        ("born_on",),
        _age,
        years,
    )


def _pension(source: Source) -> Rule:
    return Rule(
        "DIRECT_PENSION",
        Obligation.EXCLUDED,
        "Who has a direct pension (titolare di pensione diretta) is not bound.",
        source,
        _fact("direct_pension"),
        ("direct_pension",),
    )


def _disabled(source: Source) -> tuple[Rule, Rule]:
    return (
        Rule(
            "DISABLED_VOLUNTEER",
            Obligation.VOLUNTARY,
            "A disabled person (L. 68/1999) is not bound, and takes part because it asked to.",
            source,
            _disabled_volunteer,
            ("disabled",),
        ),
        Rule(
            "DISABLED",
            Obligation.EXCLUDED,
            "A disabled person (L. 68/1999) is not bound; it may ask to take part.",
            source,
            _fact("disabled"),
            ("disabled",),
        ),
    )


def _small_children(bound: Obligation, source: Source) -> Rule:
    return Rule(
        "CHILD_UNDER_THREE",
        bound,
        "Who cares for a child under three is not bound.",
        source,
        _small_child,
        ("caring_for",),
        lambda member, on: children_in_care(member, on, CHILD_UNDER),
        1,
    )


def _severe_disability(bound: Obligation, source: Source) -> Rule:
    return Rule(
        "SEVERE_DISABILITY_IN_CARE",
        bound,
        "Who cares for a severely disabled person is not bound.",
        source,
        _fact("caring_for_severely_disabled"),
        ("caring_for_severely_disabled",),
    )


def _employed(source: Source) -> Rule:
    return Rule(
        "EMPLOYED",
        Obligation.EXCLUDED,
        "Who is employed already is not bound.",
        source,
        _fact("employed"),
        ("employed",),
    )


def _studies(source: Source) -> Rule:
    return Rule(
        "REGULAR_STUDIES",
        Obligation.EXCLUDED,
        "Who is in regular studies is not bound.",
        source,
        _fact("regular_studies"),
        ("regular_studies",),
    )


def _obliged(sentence: str, source: Source) -> Rule:
    return Rule("OBLIGED", Obligation.OBLIGED, sentence, source, _always)


_RDC = Source("DL 4/2019 art. 4 c. 2")
_RDC_CARE = Source("DL 4/2019 art. 4 c. 3")
_RDC_WORK = Source(
    "DL 4/2019 art. 4 c. 3 and c. 15-quater; the limit of the self-employed is read as 4,000 or 4,800",
    _M,
    True,
)
_ADI = Source("DL 48/2023 art. 6 c. 4")
_ADI_OUT = Source("DL 48/2023 art. 6 c. 5", _M)
_SFL = Source("DL 48/2023 art. 12")
_MIA = Source("MIA, draft of March 2023")

OBLIGATION_RULES: Mapping[Measure, tuple[Rule, ...]] = {
    Measure.RDC: (
        _minor(_RDC),
        Rule(
            "PENSION_OF_CITIZENSHIP",
            Obligation.EXCLUDED,
            "Who receives the Pensione di cittadinanza is not bound.",
            _RDC,
            _fact("pension_of_citizenship"),
            ("pension_of_citizenship",),
        ),
        _pension(_RDC),
        _from_age(65, _RDC),
        *_disabled(_RDC),
        Rule(
            "EMPLOYED",
            Obligation.EXCLUDED,
            "Who is employed already is not bound, unless what it earns leaves it in unemployment.",
            _RDC_WORK,
            _lives_of_work,
            ("employed", "work_income", "self_employed"),
            lambda member, _on: member.work_income,
            LOW_INCOME_EMPLOYEE,
        ),
        _studies(_RDC),
        _small_children(Obligation.EXEMPT, _RDC_CARE),
        _severe_disability(Obligation.EXEMPT, _RDC_CARE),
        Rule(
            "LOW_INCOME_WORK",
            Obligation.EXEMPT,
            "A worker of low income stays bound; the services let this one off.",
            _RDC_WORK,
            _low_income_let_off,
            ("employed", "work_income", "self_employed"),
            lambda member, _on: member.work_income,
            LOW_INCOME_EMPLOYEE,
        ),
        _obliged("An adult whom nothing frees declares availability and follows a path (DID, patto).", _RDC),
    ),
    Measure.ADI: (
        _minor(_ADI),
        _from_age(60, _ADI_OUT),
        _pension(_ADI_OUT),
        *_disabled(_ADI_OUT),
        Rule(
            "GRAVE_ILLNESS",
            Obligation.EXCLUDED,
            "Who has a chronic or oncological illness is not bound.",
            _ADI_OUT,
            _fact("grave_illness"),
            ("grave_illness",),
        ),
        _small_children(Obligation.EXCLUDED, _ADI_OUT),
        Rule(
            "THREE_MINORS_IN_CARE",
            Obligation.EXCLUDED,
            "Who cares for three or more minors is not bound.",
            _ADI_OUT,
            _three_minors,
            ("caring_for",),
            lambda member, on: children_in_care(member, on, MINOR_UNDER),
            MINORS_IN_CARE,
        ),
        _severe_disability(Obligation.EXCLUDED, _ADI_OUT),
        Rule(
            "PROTECTED_FROM_VIOLENCE",
            Obligation.EXCLUDED,
            "Who is on a path of protection from gender violence is not bound.",
            _ADI_OUT,
            _fact("protected_from_violence"),
            ("protected_from_violence",),
        ),
        _employed(_ADI),
        _studies(_ADI),
        Rule(
            "NO_PARENTAL_RESPONSIBILITY",
            Obligation.EXCLUDED,
            "Who does not exercise parental responsibility is not bound.",
            _ADI,
            lambda member, _on: not_(member.parental_responsibility),
            ("parental_responsibility",),
        ),
        _obliged(
            "An adult with parental responsibility whom nothing frees takes part in all activities of the household's path.",
            _ADI,
        ),
    ),
    Measure.SFL: (
        _minor(_SFL),
        _from_age(60, _SFL, "The support is for people from 18 to 59: who is 60 or over is not bound."),
        _obliged(
            "Who has the support signs the pacts and takes part: it is paid only while this one attends.",
            Source("DM 8-8-2023 arts 3 and 4"),
        ),
    ),
    Measure.MIA: (
        Rule(
            "COMPULSORY_SCHOOL",
            Obligation.EXCLUDED,
            "A minor who has not completed compulsory schooling is not bound.",
            Source(
                "MIA, draft of March 2023; compulsory schooling ends at 16 (L. 296/2006 art. 1 c. 622)", _L
            ),
            _minor_at_school,
            ("born_on", "compulsory_schooling"),
            _age,
            COMPULSORY_SCHOOL_UNDER,
        ),
        Rule(
            "OVER_60",
            Obligation.EXCLUDED,
            "Who is over 60, from the day after the birthday, is not bound.",
            Source("MIA, draft of March 2023", ambiguous=True),
            _past(60),
            ("born_on",),
            _age,
            60,
        ),
        _pension(_MIA),
        *_disabled(_MIA),
        _small_children(Obligation.EXCLUDED, _MIA),
        _severe_disability(Obligation.EXCLUDED, _MIA),
        _employed(_MIA),
        _studies(_MIA),
        _obliged("Whom nothing frees takes part, from the digital pact on.", _MIA),
    ),
}

ADULT_EDUCATION = Source("DL 48/2023 art. 8 c. 6 lett. d")
ADULT_EDUCATION_AGES = range(18, 30)
ADULT_EDUCATION_MEASURES = frozenset({Measure.ADI, Measure.SFL})
