# SPDX-License-Identifier: EUPL-1.2
"""The terms that run, the reasons that justify an absence, and when absences make a breach: tables of the page of consequences."""

from __future__ import annotations

from datetime import date, timedelta

from hub.measures.clocks import clocks
from hub.measures.facts import Fact
from hub.measures.justified_reasons import Absence, JustifiedReason, justification, missed_months
from hub.measures.measure import Measure
from hub.measures.reasons import Reason, Verdict
from tests.unit.measures.asked import WORDS, Asked, Case, table
from tests.unit.measures.ledgers import fact, told

RDC, ADI, SFL = Measure.RDC, Measure.ADI, Measure.SFL
D22, D23, D24 = date(2022, 2, 1), date(2023, 2, 1), date(2024, 3, 1)


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
    proof_case(
        "asked on the day, it comes the day after",
        "undetermined",
        JustifiedReason.ILLNESS,
        date(2024, 3, 5),
        date(2024, 3, 4),
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

TERMS_AND_ABSENCES = (
    table(
        "Terms",
        "The last day is in time. A suspension is proposed from the month after it.",
        _CLOCK_CASES,
    ),
    table("Justified reasons", "Whether the proof is in time: by the day, or the day after.", _PROOF_CASES),
    table(
        "Two days a month",
        "Whether absences from an activity are a failure to take part (mancata partecipazione).",
        _MONTH_CASES,
    ),
)
