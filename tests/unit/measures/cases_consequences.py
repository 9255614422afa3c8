# SPDX-License-Identifier: EUPL-1.2
"""Consequences: the steps of each kind of breach, what does not count, and what the next would bring."""

from __future__ import annotations

from datetime import date, timedelta

from hub.measures.clocks import clocks
from hub.measures.consequence_rules import Effect, Step
from hub.measures.consequences import NEVER, Circumstances, Proposal, proposals
from hub.measures.facts import Fact
from hub.measures.justified_reasons import Absence, JustifiedReason, justification, missed_months
from hub.measures.measure import Measure
from hub.measures.reasons import Reason, Verdict
from hub.measures.standing import standing
from tests.unit.measures.asked import WORDS, Asked, Case, table
from tests.unit.measures.cases import Page

RDC, ADI, SFL, MIA = Measure.RDC, Measure.ADI, Measure.SFL, Measure.MIA
LATE = date(2026, 6, 1)
FIRST = Circumstances(renewed_on=NEVER)
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


def fact(number: int, word: str, day: date, measure: Measure = RDC, **more: object) -> Fact:
    return Fact(f"{number:03}", word, day, measure, **more)  # type: ignore[arg-type]


def ledger(measure: Measure, first: date, *words: str) -> tuple[Fact, ...]:
    """Facts a week apart. `~` before a word: withdrawn; `?`: justified; after a slash: the kind of pact."""
    found = []
    for number, word in enumerate(words):
        name, _, pact = word.lstrip("~?").partition("/")
        found.append(
            fact(
                number,
                name,
                first + timedelta(weeks=number),
                measure,
                withdrawn=word.startswith("~"),
                justified=word.startswith("?"),
                pact=pact or None,
            )
        )
    return tuple(found)


def told(facts: tuple[Fact, ...], measure: Measure) -> str:
    """Facts in words."""
    parts = []
    for one in facts:
        also = [f"{one.day}"]
        also += [f"under {one.pact}"] if one.pact else []
        also += [f"recorded by {one.recorder}"] if one.recorder else []
        also += ["withdrawn"] if one.withdrawn else []
        also += ["justified"] if one.justified else []
        also += [f"of {one.measure}"] if one.measure is not measure else []
        parts.append(f"`{one.type}` {', '.join(also)}")
    return "; ".join(parts) or "no fact"


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
    if circumstances.renewed_on is not None:
        given += "" if circumstances.renewed_on == NEVER else f"; renewed on {circumstances.renewed_on}"
    else:
        given += "; not known whether renewed"
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
        Circumstances(renewed_on=NEVER, protected=True),
    ),
    case(
        RDC,
        "forfeited, nobody protected",
        "−1; −2; FORFEITED (again after 18)",
        ledger(RDC, D19, MISSED, MISSED, MISSED),
        Circumstances(renewed_on=NEVER, protected=False),
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
        Circumstances(renewed_on=D21),
    ),
    case(
        RDC,
        "a refusal on the day before renewal",
        "counted",
        ledger(RDC, D21, REFUSED),
        Circumstances(renewed_on=D21 + timedelta(days=1)),
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

    untold = "" if circumstances.renewed_on else "; not known whether renewed"
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


def clock_case(measure: Measure, label: str, expected: str, facts: tuple[Fact, ...], on: date) -> Case:
    def ask() -> Asked:
        found = clocks(measure, facts, on)
        words = [
            f"{one.term.code} to {one.last_day}: {one.state}"
            + (f", suspended from {one.suspended_from}" if one.suspended_from else "")
            for one in found
        ]
        return "; ".join(words) or "none runs", [one.reason for one in found]

    return Case(label, f"{told(facts, measure)}; asked on {on}", expected, ask)


PAD = fact(0, "PACT_SIGNED", date(2024, 1, 10), ADI, pact="DIGITAL_ACTIVATION")
CAME = fact(1, "CONVOCATION_ATTENDED", date(2024, 5, 9), ADI, recorder="MUNICIPALITY")
UPDATED = fact(2, "POSITION_UPDATED", date(2024, 8, 7), ADI)
PSP = fact(0, "PACT_SIGNED", date(2024, 1, 10), SFL, pact="SERVICE")
CONFIRMED = fact(1, "PARTICIPATION_CONFIRMED", date(2024, 4, 9), SFL)

_CLOCK_CASES = (
    clock_case(ADI, "before any pact", "none runs", (), D24),
    clock_case(ADI, "running", "FIRST_APPOINTMENT to 2024-05-09: RUNNING", (PAD,), D24),
    clock_case(ADI, "the 120th day", "FIRST_APPOINTMENT to 2024-05-09: RUNNING", (PAD,), date(2024, 5, 9)),
    clock_case(
        ADI,
        "the 121st day",
        "FIRST_APPOINTMENT to 2024-05-09: MISSED, suspended from 2024-06-01",
        (PAD,),
        date(2024, 5, 10),
    ),
    clock_case(
        ADI,
        "came on the 120th day: the 90 days begin",
        "FIRST_APPOINTMENT to 2024-05-09: MET; POSITION to 2024-08-07: RUNNING",
        (PAD, CAME),
        date(2024, 5, 20),
    ),
    clock_case(
        ADI,
        "came a day late: suspended until then",
        "FIRST_APPOINTMENT to 2024-05-09: MISSED, suspended from 2024-06-01; POSITION to 2024-08-08: RUNNING",
        (PAD, fact(1, "CONVOCATION_ATTENDED", date(2024, 5, 10), ADI, recorder="MUNICIPALITY")),
        date(2024, 5, 20),
    ),
    clock_case(
        ADI,
        "updated on the 90th day: they begin again",
        "FIRST_APPOINTMENT to 2024-05-09: MET; POSITION to 2024-08-07: MET; POSITION to 2024-11-05: RUNNING",
        (PAD, CAME, UPDATED),
        date(2024, 9, 1),
    ),
    clock_case(
        ADI,
        "the 91st day without an update",
        "FIRST_APPOINTMENT to 2024-05-09: MET; POSITION to 2024-08-07: MISSED, suspended from 2024-09-01",
        (PAD, CAME),
        date(2024, 8, 8),
    ),
    clock_case(
        ADI,
        "an appointment at the employment centre is none at social services",
        "FIRST_APPOINTMENT to 2024-05-09: MISSED, suspended from 2024-06-01",
        (PAD, fact(1, "CONVOCATION_ATTENDED", date(2024, 2, 1), ADI, recorder="EMPLOYMENT_CENTRE")),
        date(2024, 5, 10),
    ),
    clock_case(
        ADI,
        "it is not known where the person came",
        "FIRST_APPOINTMENT to 2024-05-09: MET; POSITION to 2024-05-01: RUNNING",
        (PAD, fact(1, "CONVOCATION_ATTENDED", date(2024, 2, 1), ADI)),
        date(2024, 3, 1),
    ),
    clock_case(
        ADI,
        "a service pact starts no 120 days",
        "none runs",
        (fact(0, "PACT_SIGNED", D24, ADI, pact="SERVICE"),),
        D24,
    ),
    clock_case(SFL, "running", "PARTICIPATION to 2024-04-09: RUNNING", (PSP,), D24),
    clock_case(
        SFL,
        "confirmed on the 90th day",
        "PARTICIPATION to 2024-04-09: MET; PARTICIPATION to 2024-07-08: RUNNING",
        (PSP, CONFIRMED),
        date(2024, 5, 1),
    ),
    clock_case(
        SFL,
        "not confirmed by the 90th",
        "PARTICIPATION to 2024-04-09: MISSED, suspended from 2024-05-01",
        (PSP,),
        date(2024, 4, 10),
    ),
    clock_case(
        RDC, "the RdC has none of them", "none runs", (fact(0, "PACT_SIGNED", D22, RDC, pact="WORK"),), D23
    ),
)


def proof_case(label: str, expected: str, reason: JustifiedReason, proof: date | None, on: date) -> Case:
    absent = date(2024, 3, 4)

    def ask() -> Asked:
        found = justification(reason, absent, proof, on)
        return WORDS[found.verdict], [found.reason]

    given = f"absent on {absent}; {reason}; proof {proof or 'not here'}; asked on {on}"
    return Case(label, given, expected, ask)


_PROOF_CASES = (
    proof_case("on the day", "yes", JustifiedReason.ILLNESS, date(2024, 3, 4), D24 + timedelta(days=9)),
    proof_case("on the day after", "yes", JustifiedReason.SERVICE, date(2024, 3, 5), D24 + timedelta(days=9)),
    proof_case("before it", "yes", JustifiedReason.SUMMONS, date(2024, 2, 20), D24 + timedelta(days=9)),
    proof_case("two days after", "no", JustifiedReason.FAMILY, date(2024, 3, 6), D24 + timedelta(days=9)),
    proof_case(
        "not here, on the day after", "undetermined", JustifiedReason.PREGNANCY, None, date(2024, 3, 5)
    ),
    proof_case("not here, two days after", "no", JustifiedReason.MOBILITY_LIMITED, None, date(2024, 3, 6)),
    proof_case(
        "force majeure, on the day", "yes", JustifiedReason.IMPEDIMENT, date(2024, 3, 4), date(2024, 3, 4)
    ),
)


def month_case(measure: Measure, label: str, expected: str, *absences: Absence) -> Case:
    def ask() -> Asked:
        found = missed_months(measure, absences)
        words = [
            f"{one.activity}, {one.month:%Y-%m}: {'breach' if one.finding.verdict is Verdict.NOT_SATISFIED else 'none'}"
            for one in found
        ]
        reasons: list[Reason] = [one.finding.reason for one in found]
        return "; ".join(words) or "nothing", reasons

    given = "; ".join(f"{one.activity} {one.day}{', justified' if one.justified else ''}" for one in absences)
    return Case(label, given, expected, ask)


def _absent(day: str, activity: str = "course", justified: bool = False) -> Absence:
    return Absence(activity, date.fromisoformat(day), justified)


_MONTH_CASES = (
    month_case(RDC, "one day", "course, 2022-09: none", _absent("2022-09-01")),
    month_case(
        RDC, "two days of a month", "course, 2022-09: breach", _absent("2022-09-01"), _absent("2022-09-30")
    ),
    month_case(
        RDC,
        "a day in each of two months",
        "course, 2022-09: none; course, 2022-10: none",
        _absent("2022-09-30"),
        _absent("2022-10-01"),
    ),
    month_case(
        RDC,
        "one of two was justified",
        "course, 2022-09: none",
        _absent("2022-09-01"),
        _absent("2022-09-02", justified=True),
    ),
    month_case(
        RDC, "one day told twice", "course, 2022-09: none", _absent("2022-09-01"), _absent("2022-09-01")
    ),
    month_case(
        RDC,
        "told twice, once as justified",
        "nothing",
        _absent("2022-09-01"),
        _absent("2022-09-01", justified=True),
    ),
    month_case(
        RDC,
        "a day of each of two activities",
        "course, 2022-09: none; lab, 2022-09: none",
        _absent("2022-09-01"),
        _absent("2022-09-02", "lab"),
    ),
    month_case(
        ADI, "ADI, by analogy", "course, 2024-09: breach", _absent("2024-09-01"), _absent("2024-09-02")
    ),
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
        table(
            "Terms",
            "The last day is in time. A suspension is proposed from the month after it.",
            _CLOCK_CASES,
        ),
        table(
            "Justified reasons", "Whether the proof is in time: by the day, or the day after.", _PROOF_CASES
        ),
        table(
            "Two days a month",
            "Whether absences from an activity are a failure to take part (mancata partecipazione).",
            _MONTH_CASES,
        ),
    ),
)
