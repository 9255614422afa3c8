# SPDX-License-Identifier: EUPL-1.2
"""Consequences: the steps of each kind of breach, what does not count, and what the next would bring."""

from __future__ import annotations

from datetime import date, timedelta

from hub.measures.consequence_rules import Effect, Step
from hub.measures.consequences import Circumstances, Proposal, proposals
from hub.measures.facts import Fact
from hub.measures.measure import Measure
from hub.measures.renewal import NEVER, Renewal
from hub.measures.renewal import UNTOLD as NOT_TOLD
from hub.measures.standing import standing
from tests.unit.measures.asked import Asked, Case, table
from tests.unit.measures.cases import Page
from tests.unit.measures.ledgers import fact, ledger, told
from tests.unit.measures.terms_and_absences import TERMS_AND_ABSENCES

RDC, ADI, SFL, MIA = Measure.RDC, Measure.ADI, Measure.SFL, Measure.MIA
LATE = date(2026, 6, 1)
FIRST = Circumstances(renewal=Renewal())
"""Of a benefit that was not renewed; minors and disabled people are not known."""
UNTOLD = Circumstances()


def step_words(step: Step | Proposal) -> str:
    effect = step.effect
    if effect is None:
        return "undetermined"
    if effect is Effect.REDUCED:
        return f"−{step.months}" if step.months else f"−{step.cut} €/month"
    if effect is Effect.NONE:
        return "counted"
    if step.at_most is not None:
        return f"{effect}, {step.at_most} months at most"
    return effect


def proposal_words(proposal: Proposal) -> str:
    words = step_words(proposal)
    if proposal.again is not None:
        least, most = proposal.again.least, proposal.again.most
        words += f" (again after {least})" if least == most else f" (again after {least} or {most})"
    return words


def case(
    measure: Measure,
    label: str,
    expected: str,
    facts: tuple[Fact, ...],
    circumstances: Circumstances = FIRST,
    on: date = LATE,
) -> Case:
    def ask() -> Asked:
        found = proposals(measure, facts, on, circumstances)
        reasons = [one.reason for one in found]
        reasons += [one.again.reason for one in found if one.again is not None]
        return "; ".join(map(proposal_words, found)) or "nothing", reasons

    given = told(facts, measure)
    if circumstances.renewal == NOT_TOLD:
        given += "; not known whether renewed"
    elif circumstances.renewal.renewed_on != NEVER:
        given += f"; renewed on {circumstances.renewal.renewed_on}"
    if circumstances.protected is not None:
        given += (
            "; minors or disabled in the household"
            if circumstances.protected
            else "; neither minors nor disabled"
        )
    return Case(label, given, expected, ask)


MISSED = "CONVOCATION_MISSED"
REFUSED = "SUITABLE_OFFER_REFUSED"
D19, D21, D22, D23, D24 = (
    date(2019, 9, 2),
    date(2021, 12, 1),
    date(2022, 2, 1),
    date(2023, 2, 1),
    date(2024, 3, 1),
)
LOST = "FORFEITED (again after 6 or 18)"
LOST_6 = "FORFEITED (again after 6)"


def alone(measure: Measure, word: str, expected: str) -> Case:
    return case(
        measure,
        word.replace("_", " ").lower(),
        expected,
        ledger(measure, D23 if measure is RDC else D24, word),
    )


_RDC_CASES = (
    case(RDC, "nothing recorded", "nothing", ()),
    case(RDC, "first absence", "−1", ledger(RDC, D19, MISSED)),
    case(RDC, "second absence", "−1; −2", ledger(RDC, D19, MISSED, MISSED)),
    case(RDC, "third absence", f"−1; −2; {LOST}", ledger(RDC, D19, MISSED, MISSED, MISSED)),
    case(RDC, "fourth absence", f"−1; −2; {LOST}; {LOST}", ledger(RDC, D19, MISSED, MISSED, MISSED, MISSED)),
    case(
        RDC,
        "three members absent on one day",
        f"−1; −2; {LOST}",
        tuple(fact(number, MISSED, D19) for number in range(3)),
    ),
    case(
        RDC,
        "forfeited, with minors in the household",
        f"−1; −2; {LOST_6}",
        ledger(RDC, D19, MISSED, MISSED, MISSED),
        Circumstances(renewal=Renewal(), protected=True),
    ),
    case(
        RDC,
        "forfeited, nobody protected",
        "−1; −2; FORFEITED (again after 18)",
        ledger(RDC, D19, MISSED, MISSED, MISSED),
        Circumstances(renewal=Renewal(), protected=False),
    ),
    case(RDC, "the first was withdrawn", "−1", ledger(RDC, D19, f"~{MISSED}", MISSED)),
    case(RDC, "the first was justified", "−1", ledger(RDC, D19, f"?{MISSED}", MISSED)),
    case(
        RDC,
        "appeared in between: the count stays",
        "−1; −2",
        ledger(RDC, D19, MISSED, "CONVOCATION_ATTENDED", MISSED),
    ),
    case(RDC, "a justified absence is no breach", "nothing", ledger(RDC, D19, "ABSENCE_JUSTIFIED")),
    case(
        RDC,
        "an absence of another measure does not count",
        "−1",
        (fact(0, MISSED, D24, ADI), fact(1, MISSED, D23)),
    ),
    case(RDC, "a fact of the day that is asked about counts", "−1", ledger(RDC, D19, MISSED), on=D19),
    case(
        RDC,
        "a fact of the day after does not yet",
        "nothing",
        ledger(RDC, D19, MISSED),
        on=D19 - timedelta(days=1),
    ),
    case(RDC, "orientation, first", "−2", ledger(RDC, D19, "ORIENTATION_NOT_ATTENDED")),
    case(
        RDC,
        "orientation, second",
        f"−2; {LOST}",
        ledger(RDC, D19, "ORIENTATION_NOT_ATTENDED", "ORIENTATION_NOT_ATTENDED"),
    ),
    case(
        RDC,
        "each kind has a count of its own",
        "−1; −2; −2",
        ledger(RDC, D19, MISSED, "ORIENTATION_NOT_ATTENDED", MISSED),
    ),
    case(
        RDC,
        "commitments of the inclusion pact, four times",
        f"−2; −3; −6; {LOST}",
        ledger(RDC, D19, *["INCLUSION_COMMITMENT_BREACHED"] * 4),
    ),
    alone(RDC, "AVAILABILITY_NOT_DECLARED", LOST),
    alone(RDC, "PACT_NOT_SIGNED", LOST),
    alone(RDC, "ACTIVITY_NOT_ATTENDED", LOST),
    alone(RDC, "PUC_NOT_JOINED", LOST),
    alone(RDC, "WORK_NOT_COMMUNICATED", LOST),
    alone(RDC, "HOUSEHOLD_CHANGE_NOT_DECLARED", LOST),
    alone(RDC, "UNDECLARED_WORK_FOUND", LOST),
    alone(RDC, "VARIATION_NOT_COMMUNICATED", "REVOKED"),
    alone(RDC, "SCHOOLING_NOT_ATTENDED", "undetermined"),
    case(RDC, "first and second refusal, 2019", "counted; counted", ledger(RDC, D19, REFUSED, REFUSED)),
    case(
        RDC, "third refusal, 2019", f"counted; counted; {LOST}", ledger(RDC, D19, REFUSED, REFUSED, REFUSED)
    ),
    case(
        RDC,
        "first refusal after renewal",
        LOST,
        ledger(RDC, D21, REFUSED),
        Circumstances(renewal=Renewal(D21)),
    ),
    case(
        RDC,
        "a refusal on the day before renewal",
        "counted",
        ledger(RDC, D21, REFUSED),
        Circumstances(renewal=Renewal(D21 + timedelta(days=1))),
    ),
    case(
        RDC,
        "first refusal, 2021, not known whether after renewal",
        "undetermined",
        ledger(RDC, D21, REFUSED),
        UNTOLD,
    ),
    case(
        RDC,
        "the third, not known whether after renewal",
        f"undetermined; undetermined; {LOST}",
        ledger(RDC, D19, REFUSED, REFUSED, REFUSED),
        UNTOLD,
    ),
    case(
        RDC,
        "first refusal, 2023, not known whether after renewal",
        LOST,
        ledger(RDC, D23, REFUSED),
        UNTOLD,
    ),
    case(RDC, "first refusal, last day of 2021", "counted", ledger(RDC, date(2021, 12, 31), REFUSED)),
    case(RDC, "first refusal, first day of 2022", "−5 €/month", ledger(RDC, date(2022, 1, 1), REFUSED)),
    case(RDC, "second refusal, 2022", f"−5 €/month; {LOST}", ledger(RDC, D22, REFUSED, REFUSED)),
    case(
        RDC,
        "one in 2021, one in 2022: the second by the law of its day",
        f"counted; {LOST}",
        (fact(0, REFUSED, D21), fact(1, REFUSED, D22)),
    ),
    case(RDC, "first refusal, last day of 2022", "−5 €/month", ledger(RDC, date(2022, 12, 31), REFUSED)),
    case(RDC, "first refusal, first day of 2023", LOST, ledger(RDC, date(2023, 1, 1), REFUSED)),
)

_ADI_CASES = (
    alone(ADI, MISSED, LOST_6),
    alone(ADI, "PACT_NOT_SIGNED", "undetermined"),
    case(ADI, "the inclusion pact not signed", LOST_6, ledger(ADI, D24, "PACT_NOT_SIGNED/INCLUSION")),
    case(ADI, "the service pact not signed", LOST_6, ledger(ADI, D24, "PACT_NOT_SIGNED/SERVICE")),
    case(
        ADI,
        "the digital pact not signed",
        "undetermined",
        ledger(ADI, D24, "PACT_NOT_SIGNED/DIGITAL_ACTIVATION"),
    ),
    alone(ADI, "ACTIVITY_NOT_ATTENDED", LOST_6),
    alone(ADI, "INCLUSION_COMMITMENT_BREACHED", LOST_6),
    alone(ADI, "PUC_NOT_JOINED", LOST_6),
    alone(ADI, "SCHOOLING_NOT_ATTENDED", LOST_6),
    alone(ADI, REFUSED, LOST_6),
    alone(ADI, "WORK_NOT_COMMUNICATED", LOST_6),
    alone(ADI, "VARIATION_NOT_COMMUNICATED", LOST_6),
    alone(ADI, "HOUSEHOLD_CHANGE_NOT_DECLARED", LOST_6),
    alone(ADI, "UNDECLARED_WORK_FOUND", LOST_6),
    alone(ADI, "FIRST_APPOINTMENT_MISSED", "SUSPENDED"),
    alone(ADI, "POSITION_NOT_UPDATED", "SUSPENDED"),
    alone(ADI, "ORIENTATION_NOT_ATTENDED", "undetermined"),
    alone(ADI, "POSITION_UPDATED", "nothing"),
    case(ADI, "justified absence", "nothing", ledger(ADI, D24, f"?{MISSED}")),
)

_SFL_CASES = (
    case(
        SFL,
        "the digital pact not signed",
        "SUSPENDED",
        ledger(SFL, D24, "PACT_NOT_SIGNED/DIGITAL_ACTIVATION"),
    ),
    case(SFL, "the service pact not signed", LOST_6, ledger(SFL, D24, "PACT_NOT_SIGNED/SERVICE")),
    case(SFL, "a pact of no known kind not signed", "undetermined", ledger(SFL, D24, "PACT_NOT_SIGNED")),
    alone(SFL, "PARTICIPATION_NOT_CONFIRMED", "SUSPENDED"),
    alone(SFL, "WORK_NOT_COMMUNICATED", "SUSPENDED, 3 months at most"),
    alone(SFL, MISSED, LOST_6),
    alone(SFL, "ACTIVITY_NOT_ATTENDED", LOST_6),
    alone(SFL, REFUSED, LOST_6),
)

_MIA_CASES = (
    alone(MIA, MISSED, "undetermined"),
    alone(MIA, REFUSED, "undetermined"),
    alone(MIA, "CONVOCATION_ATTENDED", "nothing"),
)


def next_case(
    measure: Measure,
    label: str,
    breach: str,
    expected: str,
    facts: tuple[Fact, ...],
    on: date,
    circumstances: Circumstances = FIRST,
) -> Case:
    def ask() -> Asked:
        rungs = standing(measure, facts, on, circumstances).rungs
        found = next(rung for rung in rungs if rung.breach == breach)
        following = "undetermined" if found.next is None else step_words(found.next)
        return f"{found.count}; next: {following}", [found.reason]

    untold = "; not known whether renewed" if circumstances.renewal == NOT_TOLD else ""
    return Case(label, f"{told(facts, measure)}; asked on {on}{untold}", expected, ask)


_STANDING_CASES = (
    next_case(RDC, "no absence yet", "CONVOCATION", "0; next: −1", (), D23),
    next_case(RDC, "one absence", "CONVOCATION", "1; next: −2", ledger(RDC, D19, MISSED), D23),
    next_case(
        RDC, "two absences", "CONVOCATION", "2; next: FORFEITED", ledger(RDC, D19, MISSED, MISSED), D23
    ),
    next_case(
        RDC, "one withdrawn", "CONVOCATION", "1; next: −2", ledger(RDC, D19, f"~{MISSED}", MISSED), D23
    ),
    next_case(RDC, "one refusal, asked in 2021", "OFFER", "1; next: counted", ledger(RDC, D19, REFUSED), D21),
    next_case(RDC, "the same, asked in 2022", "OFFER", "1; next: FORFEITED", ledger(RDC, D19, REFUSED), D22),
    next_case(
        RDC,
        "asked in 2021, not known whether renewed",
        "OFFER",
        "1; next: undetermined",
        ledger(RDC, D19, REFUSED),
        D21,
        UNTOLD,
    ),
    next_case(
        RDC, "asked in 2023, not known whether renewed", "OFFER", "0; next: FORFEITED", (), D23, UNTOLD
    ),
    next_case(ADI, "no absence yet", "CONVOCATION", "0; next: FORFEITED", (), D24),
    next_case(ADI, "first appointment", "FIRST_APPOINTMENT", "0; next: SUSPENDED", (), D24),
)


PAGE = Page(
    "consequences.md",
    "What follows from a breach",
    """From the facts of one application's ledger to what the law attaches to each. It is a proposal: **INPS decides**. `−1` is one monthly payment less
(decurtazione); SUSPENDED sospensione, FORFEITED decadenza, REVOKED revoca; "again after" the months before a new application, both numbers where it
is not known whether minors or disabled people are in the household. What was withdrawn, is justified, or is of another measure counts as
never recorded; facts are read by day, those of one day by their id. Where a measure's text attaches nothing to a type, what follows is
undetermined: that is the draft of the MIA for all of them. Each case below is a test. An asterisk marks a source that was not read in the law
itself, or that can be read in two ways.""",
    (
        table("RdC", "Facts of one application.", _RDC_CASES),
        table("ADI", "Facts of one application.", _ADI_CASES),
        table("SFL", "Facts of one application.", _SFL_CASES),
        table("MIA, as drafted", "Facts of one application.", _MIA_CASES),
        table("Standing", "How many count, and what the next of its kind would bring.", _STANDING_CASES),
        *TERMS_AND_ABSENCES,
    ),
)
