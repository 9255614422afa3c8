# SPDX-License-Identifier: EUPL-1.2
"""Suitable offers: each criterion of each measure, by date, and its edges."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from hub.measures.measure import Measure
from hub.measures.reasons import Verdict
from hub.measures.suitable_offer import Contract, Offer, Seeker, suitability
from tests.unit.measures.asked import Asked, Case, changes, failing, table
from tests.unit.measures.cases import Page

RDC, ADI, SFL, MIA = Measure.RDC, Measure.ADI, Measure.SFL, Measure.MIA
P, F, A, OTHER = Contract.PERMANENT, Contract.FIXED_TERM, Contract.AGENCY, Contract.OTHER

OFFER = Offer(
    offered_on=date(2025, 5, 10),
    contract=P,
    weekly_hours=Decimal(40),
    full_time_hours=Decimal(40),
    monthly_pay=Decimal("1500.00"),
    collective_minimum=Decimal("1500.00"),
    kilometres=Decimal(10),
    minutes=20,
    profession="5.2.2.1.0",
    number=1,
)
SEEKER = Seeker(
    professions=frozenset({"5.2.2"}),
    children_born_on=(),
    awarded_on=date(2020, 1, 15),
    renewed=False,
)


def answer(measure: Measure, offer: Offer, seeker: Seeker) -> Asked:
    found = suitability(measure, offer, seeker)
    deciding = failing(found.criteria)
    reasons = [one.reason for one in deciding] + list(found.notes)
    if found.verdict is Verdict.SATISFIED:
        words = "suitable"
    else:
        word = "not suitable" if found.verdict is Verdict.NOT_SATISFIED else "undetermined"
        words = f"{word}: {', '.join(one.reason.code for one in deciding)}"
    return "; ".join((words, *(note.code for note in found.notes))), reasons


def case(
    measure: Measure, label: str, expected: str, offer: Offer, seeker: Seeker = SEEKER, **given: Any
) -> Case:
    """`given`: of the offer, and of the seeker."""
    ours = {name: given.pop(name) for name in tuple(given) if name in Seeker.__dataclass_fields__}
    made, who = replace(offer, **given), replace(seeker, **ours)
    facts = "; ".join(part for part in (changes(made, offer), changes(who, seeker)) if part)
    return Case(label, facts or "as usual", expected, lambda: answer(measure, made, who))


def adi(label: str, expected: str, **given: Any) -> Case:
    return case(ADI, label, expected, OFFER, **given)


def rdc(day: date, label: str, expected: str, **given: Any) -> Case:
    far = replace(OFFER, offered_on=day)
    return case(RDC, label, expected, far, **given)


FIRST, SECOND_YEAR = date(2020, 6, 1), date(2021, 2, 1)
REFORMED, LAST_YEAR = date(2022, 6, 1), date(2023, 2, 1)
FAR: dict[str, Any] = {"kilometres": Decimal(900), "minutes": 600}

_ADI_CASES = (
    adi("permanent, full time, near", "suitable"),
    adi("permanent, at the other end of Italy", "suitable", **FAR),
    adi("permanent, distance not known", "suitable", kilometres=None, minutes=None),
    adi(
        "fixed term, at least 80 km",
        "undetermined: WORKPLACE",
        contract=F,
        kilometres=None,
        kilometres_at_least=Decimal(80),
        minutes=None,
    ),
    adi(
        "fixed term, at least 81 km, time not known",
        "undetermined: WORKPLACE",
        contract=F,
        kilometres=None,
        kilometres_at_least=Decimal(81),
        minutes=None,
    ),
    adi(
        "fixed term, at least 81 km and 121 minutes",
        "not suitable: WORKPLACE",
        contract=F,
        kilometres=None,
        kilometres_at_least=Decimal(81),
        minutes=121,
    ),
    adi(
        "fixed term, at least 81 km, 120 minutes",
        "suitable",
        contract=F,
        kilometres=None,
        kilometres_at_least=Decimal(81),
        minutes=120,
    ),
    adi(
        "fixed term, 80 km by road, whatever is said at least",
        "suitable",
        contract=F,
        kilometres=Decimal(80),
        kilometres_at_least=Decimal(81),
        minutes=None,
    ),
    adi(
        "permanent and far, a child of 13",
        "not suitable: WORKPLACE",
        children_born_on=(date(2011, 5, 11),),
        **FAR,
    ),
    adi("permanent and far, the child is 14 today", "suitable", children_born_on=(date(2011, 5, 10),), **FAR),
    adi(
        "permanent, a child of 13, 80 km",
        "suitable",
        children_born_on=(date(2011, 5, 11),),
        kilometres=Decimal(80),
        minutes=500,
    ),
    adi("permanent and far, children not known", "undetermined: WORKPLACE", children_born_on=None, **FAR),
    adi("permanent and near, children not known", "suitable", children_born_on=None),
    adi("fixed term, 80 km", "suitable", contract=F, kilometres=Decimal(80), minutes=500),
    adi(
        "fixed term, a metre over, 121 minutes",
        "not suitable: WORKPLACE",
        contract=F,
        kilometres=Decimal("80.001"),
        minutes=121,
    ),
    adi("fixed term, 300 km but 120 minutes", "suitable", contract=F, kilometres=Decimal(300), minutes=120),
    adi("agency work, far", "not suitable: WORKPLACE", contract=A, **FAR),
    adi("agency work, near", "suitable", contract=A),
    adi(
        "fixed term, far by road, minutes not known",
        "undetermined: WORKPLACE",
        contract=F,
        kilometres=Decimal(81),
        minutes=None,
    ),
    adi(
        "fixed term, near by road, minutes not known",
        "suitable",
        contract=F,
        kilometres=Decimal(79),
        minutes=None,
    ),
    adi("contract not known, near", "undetermined: CONTRACT", contract=None),
    adi("contract not known, far", "undetermined: CONTRACT, WORKPLACE", contract=None, **FAR),
    adi("a placement (tirocinio)", "not suitable: CONTRACT", contract=OTHER),
    adi("60 % of full time", "suitable", weekly_hours=Decimal(24)),
    adi("a hundredth of an hour under", "not suitable: HOURS", weekly_hours=Decimal("23.99")),
    adi("60 % of 38 hours", "suitable", weekly_hours=Decimal("22.8"), full_time_hours=Decimal(38)),
    adi("hours not known", "undetermined: HOURS", weekly_hours=None),
    adi("pay at the minimum", "suitable", monthly_pay=Decimal("1500.00")),
    adi("pay a cent under", "not suitable: PAY", monthly_pay=Decimal("1499.99")),
    adi("the agreement's minimum not known", "undetermined: PAY", collective_minimum=None),
    adi(
        "pay too low and hours not known: no",
        "not suitable: PAY",
        monthly_pay=Decimal(900),
        weekly_hours=None,
    ),
    adi("not coherent with the pact: no criterion here", "suitable", profession="2.1.1"),
    adi("fixed term of one month", "suitable; PAUSED_WHILE_EMPLOYED", contract=F, months=1),
    adi("fixed term of six months", "suitable; PAUSED_WHILE_EMPLOYED", contract=F, months=6),
    adi("fixed term of seven months", "suitable", contract=F, months=7),
)

_SFL_CASES = (
    case(SFL, "permanent, anywhere", "suitable", OFFER, **FAR),
    case(SFL, "fixed term, far", "not suitable: WORKPLACE", OFFER, contract=F, **FAR),
)


def way(km: str, minutes: int) -> dict[str, Any]:
    return {"kilometres": Decimal(km), "minutes": minutes}


_RDC_CASES = (
    rdc(FIRST, "first year, first offer, 100 km", "suitable", **way("100", 300)),
    rdc(FIRST, "over 100 km, 100 minutes", "suitable", **way("100.1", 100)),
    rdc(FIRST, "over 100 km, 101 minutes", "not suitable: WORKPLACE", **way("100.1", 101)),
    rdc(FIRST, "first year, second offer, 250 km", "suitable", number=2, **way("250", 300)),
    rdc(
        FIRST,
        "second offer, over 250 km though 90 minutes",
        "not suitable: WORKPLACE",
        number=2,
        **way("250.1", 90),
    ),
    rdc(FIRST, "third offer, anywhere", "suitable", number=3, **FAR),
    rdc(FIRST, "fourth offer, anywhere", "suitable", number=4, **FAR),
    rdc(
        date(2021, 1, 14), "last day of the first year, 101 km", "not suitable: WORKPLACE", **way("101", 300)
    ),
    rdc(date(2021, 1, 15), "first day of the second year, 101 km", "suitable", **way("101", 300)),
    rdc(SECOND_YEAR, "second year, first offer, 250 km", "suitable", **way("250", 300)),
    rdc(SECOND_YEAR, "second year, first offer, over 250 km", "not suitable: WORKPLACE", **way("250.1", 90)),
    rdc(SECOND_YEAR, "second year, third offer, anywhere", "suitable", number=3, **FAR),
    rdc(SECOND_YEAR, "after renewal, first offer, anywhere", "suitable", renewed=True, **FAR),
    rdc(FIRST, "renewal not known, far", "undetermined: WORKPLACE", renewed=None, **FAR),
    rdc(FIRST, "renewal not known, near", "suitable", renewed=None),
    rdc(
        FIRST,
        "the offer's number not known, 200 km",
        "undetermined: WORKPLACE",
        number=None,
        **way("200", 300),
    ),
    rdc(FIRST, "number not known, near whichever it is", "suitable", number=None),
    rdc(FIRST, "award not known, 200 km", "undetermined: WORKPLACE", awarded_on=None, **way("200", 300)),
    rdc(date(2021, 12, 31), "last day of the old limits, 240 km", "suitable", **way("240", 300)),
    rdc(
        date(2022, 1, 1), "first day of the new limits, 240 km", "not suitable: WORKPLACE", **way("240", 300)
    ),
    rdc(REFORMED, "2022, first offer, 80 km", "suitable", **way("80", 300)),
    rdc(REFORMED, "2022, over 80 km, 100 minutes", "suitable", **way("80.1", 100)),
    rdc(REFORMED, "2022, over 80 km, 101 minutes", "not suitable: WORKPLACE", **way("80.1", 101)),
    rdc(REFORMED, "2022, second offer, anywhere", "suitable", number=2, **FAR),
    rdc(REFORMED, "2022, after renewal, anywhere", "suitable", renewed=True, **FAR),
    rdc(LAST_YEAR, "2023, first offer, anywhere", "suitable", **FAR),
    rdc(REFORMED, "2022, not coherent with the pact", "not suitable: COHERENCE", profession="2.1.1"),
    rdc(LAST_YEAR, "2023, not coherent: `congrua` is gone", "suitable", profession="2.1.1"),
    rdc(REFORMED, "half time", "not suitable: HOURS", weekly_hours=Decimal(20)),
)

_MIA_DAY = replace(OFFER, offered_on=date(2024, 5, 10))
_MIA_CASES = (
    case(MIA, "coherent, paid by the agreement", "suitable", _MIA_DAY),
    case(
        MIA,
        "the pact names exactly this profession",
        "suitable",
        _MIA_DAY,
        professions=frozenset({"5.2.2.1.0"}),
    ),
    case(
        MIA, "another profession of a like number", "not suitable: COHERENCE", _MIA_DAY, profession="5.2.21"
    ),
    case(MIA, "profession not known", "undetermined: COHERENCE", _MIA_DAY, profession=None),
    case(MIA, "the pact names none", "undetermined: COHERENCE", _MIA_DAY, professions=frozenset()),
    case(
        MIA,
        "another pact may name others, not among those known",
        "undetermined: COHERENCE",
        _MIA_DAY,
        profession="2.1.1",
        may_name_others=True,
    ),
    case(MIA, "another pact may name others, among those known", "suitable", _MIA_DAY, may_name_others=True),
    case(MIA, "pay a cent under", "not suitable: PAY", _MIA_DAY, monthly_pay=Decimal("1499.99")),
    case(
        MIA,
        "far, few hours: the draft has no such criterion",
        "suitable",
        _MIA_DAY,
        weekly_hours=Decimal(8),
        **FAR,
    ),
)

USUAL = (
    "A permanent contract of 40 hours of 40 for 1,500.00 euro, the agreement's minimum, 10 km and 20 minutes away, profession 5.2.2.1.0; the first "
    "offer to somebody without children, whose pact names 5.2.2"
)

PAGE = Page(
    "suitable-offer.md",
    "Suitable offers",
    """Whether an offer of work is suitable (offerta congrua): each criterion its measure has, with what was compared (`hub/measures/suitable_offer.py`). One
that is not met makes it not suitable; else one that cannot be told makes it undetermined. Distance is met by kilometres or by
minutes where the law gives both. Each case below is a test; the article is that of the criteria that decide. An asterisk marks a source
that was not read in the law itself, or that can be read in two ways.""",
    (
        table("ADI", f"{USUAL}. Offered on 2025-05-10.", _ADI_CASES),
        table("SFL", f"{USUAL}. Offered on 2025-05-10.", _SFL_CASES),
        table(
            "RdC, as it changed",
            f"{USUAL}; awarded on 2020-01-15 and not renewed. First year: offered on {FIRST}; second: {SECOND_YEAR}; 2022: {REFORMED}; 2023: {LAST_YEAR}.",
            _RDC_CASES,
        ),
        table("MIA, as drafted", f"{USUAL}. Offered on 2024-05-10.", _MIA_CASES),
    ),
)
