# SPDX-License-Identifier: EUPL-1.2
"""Hires that were communicated: each finds its beneficiary and becomes one event, or is forgotten (docs/adr/0035).

    not of a beneficiary in reach with a benefit on the day     nothing is kept but the communication's code
    begins on a later day                                       waits for it (`hub.ledger.hires_due`)
    of a person and day of whom a hire is recorded              nothing, as of nobody's
    follows an accepted suitable offer under a running pact     HIRED_THROUGH_SUITABLE_OFFER, once for each acceptance while it stands
    any other                                                   HIRED

A hire is an event of the day it begins, at midnight in Italy. It is recorded as any event is (`hub.ledger.record`): by the same rules,
under the agency that sent it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, FromClause, true

from hub.ledger import hire_statements as statements
from hub.ledger.expressions import ZONE
from hub.ledger.record import Recorded, Recorder, RecordEvent, record_event, refuse_form, why_not
from hub.ledger.refusals import FOUND, Refusal, RefusalCode
from hub.store.fiscal_code import InvalidFiscalCode, parse_fiscal_code
from hub.store.statement import Connection
from hub.store.vocabulary import CommunicationKind, CommunicationState, ConditionalityEventType

OFFER_LEADS_TO_HIRE = timedelta(days=90)
"""How long after an offer was accepted a hire is taken for its fruit. No rule says (unverified): a notice period, and some."""
EARLIEST = date(1950, 1, 1)

COMMUNICATION_CODE = re.compile(r"(?!0{16})[0-9A-Z]{16}", re.ASCII)
"""`codiceComunicazione`, as the labour system gave it; an employer's program writes zeros before."""
CODE_SAID = "A communication's code has 16 digits or capital letters; zeros alone are none, since it was not given one yet."
CONTRACT_TYPE = re.compile(r"[A-Z]\.[0-9]{2}\.[0-9]{2}", re.ASCII)
"""`TipologiaContrattuale`."""

_ROME = ZoneInfo(ZONE)

_NO_BENEFIT = frozenset(
    {
        RefusalCode.PERSON_NOT_FOUND,
        RefusalCode.NO_ACTIVE_BENEFIT,
        RefusalCode.BEFORE_BENEFIT,
        RefusalCode.AFTER_BENEFIT,
    }
)
"""What recording says of somebody who is no beneficiary on the day."""
_HIRED_ALREADY = Refusal(
    RefusalCode.ALREADY_RECORDED,
    "A hire of this person on this day is recorded, through a suitable offer or not.",
    ("startsOn",),
)


@dataclass(frozen=True)
class Everyone:
    """The reach of the hub itself, for what was sent before, and of who runs it."""

    def covers(self, _row: FromClause) -> ColumnElement[bool]:
        """See `Reach`."""
        return true()

    def covers_event(self, _row: FromClause) -> ColumnElement[bool]:
        """See `Reach`."""
        return true()


@dataclass(frozen=True, slots=True)
class Hire:
    """A hire as a communication tells of it.

    `code`: `codiceComunicazione`. `employer_code`: who hires, the agency where the work is temporary. `contract_type`: `A.01.00`, or None
    where the communication does not say.
    """

    code: str
    kind: CommunicationKind
    fiscal_code: str
    employer_code: str
    starts_on: date
    ends_on: date | None
    contract_type: str | None


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a communication.

    `person`: whose it is, where something of it is kept. `why`: what recording said, where it came to nothing. `again`: it came before.
    """

    state: CommunicationState
    event_id: UUID | None = None
    person: UUID | None = None
    why: Refusal | None = None
    again: bool = False

    @property
    def is_erased(self) -> bool:
        """Whether the content of its event was erased."""
        return self.state is CommunicationState.ERASED


def day_in_italy(moment: datetime) -> date:
    """The day it is in Italy at an aware moment."""
    return moment.astimezone(_ROME).date()


def beginning_of(day: date) -> datetime:
    """The moment a day begins in Italy."""
    return datetime.combine(day, time(), _ROME)


def refuse_hire(hire: Hire) -> Refusal | None:
    """What is wrong with a hire whatever the tables hold."""
    if not COMMUNICATION_CODE.fullmatch(hire.code):
        return Refusal(RefusalCode.COMMUNICATION_CODE_INVALID, CODE_SAID, ("communicationCode",))
    try:
        parse_fiscal_code(hire.employer_code)
    except InvalidFiscalCode:
        return Refusal(
            RefusalCode.EMPLOYER_CODE_INVALID,
            "An employer's code is a fiscal code: 11 digits, or 16 characters, the last of which checks the others.",
            ("employerCode",),
        )
    if hire.contract_type is not None and not CONTRACT_TYPE.fullmatch(hire.contract_type):
        return Refusal(
            RefusalCode.CONTRACT_TYPE_INVALID,
            "A type of contract is a letter and two pairs of digits, as A.01.00.",
            ("contractType",),
        )
    if hire.starts_on < EARLIEST or (hire.ends_on is not None and hire.ends_on < hire.starts_on):
        return Refusal(
            RefusalCode.HIRE_PERIOD_INVALID,
            "A hire ends no sooner than it begins, and began within living memory.",
            ("endsOn",) if hire.starts_on >= EARLIEST else ("startsOn",),
        )
    return None


async def take_hire(
    connection: Connection, recorder: Recorder, hire: Hire, *, now: datetime, tolerance: timedelta
) -> Taken | Refusal:
    """Take one communication in the open transaction of `connection`.

    One that came before gives what became of it then; one that came to nothing is judged anew, since nothing of it was kept. `tolerance`
    as for any recording. Whether the sender may send at all is the caller's to have checked.

    Raises:
        Unavailable: as `record_event` does.

    """
    refusal = refuse_hire(hire)
    if refusal is not None:
        return refusal
    # NOTE before anybody is looked for: whoever may send no hires learns nothing of who is in reach, and nothing waits for its day.
    refusal = refuse_form(
        recorder, _command(hire, ConditionalityEventType.HIRED, None), beginning_of(hire.starts_on)
    )
    if refusal is not None:
        return replace(refusal, path=())
    hire = replace(hire, employer_code=parse_fiscal_code(hire.employer_code))
    await statements.lock().execute(connection, of=hire.code)
    person: UUID | None = await statements.in_reach(recorder.reach).fetchval(
        connection, fiscal_code=hire.fiscal_code, **recorder.reach_values
    )
    earlier = await statements.earlier().fetchrow(connection, code=hire.code)
    is_ahead = hire.starts_on > day_in_italy(now)
    if earlier is not None and _stands(earlier["state"]):
        before = _as_before(earlier, hire, person)
        if is_ahead or isinstance(before, Refusal) or before.state is not CommunicationState.WAITING:
            return before
        # Its day has come since, and nobody has recorded it yet.
    elif person is not None and is_ahead:
        return await _wait(connection, recorder, hire, person)
    return await record_hire(connection, recorder, hire, person, now=now, tolerance=tolerance)


async def record_hire(
    connection: Connection,
    recorder: Recorder,
    hire: Hire,
    person: UUID | None,
    *,
    now: datetime,
    tolerance: timedelta,
) -> Taken | Refusal:
    """Record a hire that has begun, in the open transaction of `connection`; `person`: whose it is, None for nobody in reach."""
    if person is None:
        return await _forget(connection, recorder, hire, FOUND[RefusalCode.PERSON_NOT_FOUND])
    # NOTE before what was recorded is looked at: of two hires of one person the second sees what became of the first.
    await statements.lock().execute(connection, of=str(person))
    if await statements.standing().fetchval(connection, person=person, at=beginning_of(hire.starts_on)):
        return await _forget(connection, recorder, hire, replace(_HIRED_ALREADY, tells_of=person))
    accepted = await statements.accepted().fetchrow(
        connection, person=person, starts_on=hire.starts_on, earliest=hire.starts_on - OFFER_LEADS_TO_HIRE
    )
    commands = [_command(hire, ConditionalityEventType.HIRED, None)]
    if accepted is not None:
        through = ConditionalityEventType.HIRED_THROUGH_SUITABLE_OFFER
        commands.insert(0, _command(hire, through, accepted["pact_id"]))
    for command in commands:
        recorded = await record_event(connection, recorder, command, now=now, tolerance=tolerance)
        if isinstance(recorded, Recorded):
            followed = None if command.pact_id is None or accepted is None else accepted["id"]
            await statements.put().execute(
                connection,
                **_row(recorder, hire, CommunicationState.RECORDED, person),
                event_id=recorded.event_id,
                acceptance_event_id=followed,
            )
            return Taken(CommunicationState.RECORDED, recorded.event_id, person)
        if recorded.code in _NO_BENEFIT or recorded.code is RefusalCode.ALREADY_RECORDED:
            return await _forget(connection, recorder, hire, recorded)
        refusal = recorded
    return refusal


def _command(hire: Hire, kind: ConditionalityEventType, pact_id: UUID | None) -> RecordEvent:
    return RecordEvent(
        idempotency_key=f"communication {hire.code}",
        fiscal_code=hire.fiscal_code,
        type=kind,
        occurred_at=beginning_of(hire.starts_on),
        # NOTE a plain one: the driver's own kind has no JSON form, which the input's hash is made of.
        pact_id=None if pact_id is None else UUID(int=pact_id.int),
        note=None,
    )


def _stands(state: str) -> bool:
    """Whether something of it is kept, and so it is not judged anew."""
    return state not in (CommunicationState.NO_BENEFICIARY, CommunicationState.ALREADY_RECORDED)


def _as_before(earlier: Any, hire: Hire, person: UUID | None) -> Taken | Refusal:
    """The answer to a communication that came before, and stands."""
    if person is None:
        # To whom the person is nobody, a communication about them is about nobody, whether or not it is known.
        return Taken(CommunicationState.NO_BENEFICIARY, why=FOUND[RefusalCode.PERSON_NOT_FOUND], again=True)
    state = CommunicationState(earlier["state"])
    told = (person, hire.kind, hire.starts_on, hire.ends_on, hire.employer_code, hire.contract_type)
    kept = ("beneficiary_id", "kind", "starts_on", "ends_on", "employer_code", "contract_type")
    if state is not CommunicationState.ERASED and told != tuple(earlier[name] for name in kept):
        return Refusal(
            RefusalCode.COMMUNICATION_CHANGED,
            "A communication of this code came before and said something else: what corrects it has a code of its own.",
            ("communicationCode",),
            tells_of=person,
        )
    return Taken(state, earlier["event_id"], person, again=True)


async def _wait(connection: Connection, recorder: Recorder, hire: Hire, person: UUID) -> Taken:
    """Keep a hire for its day, if its household has a benefit then, as far as is known now."""
    [verdict] = await why_not(connection, recorder, [_command(hire, ConditionalityEventType.HIRED, None)])
    if isinstance(verdict, Refusal) and verdict.code in _NO_BENEFIT:
        return await _forget(connection, recorder, hire, verdict)
    await statements.put().execute(
        connection,
        **_row(recorder, hire, CommunicationState.WAITING, person),
        event_id=None,
        acceptance_event_id=None,
    )
    return Taken(CommunicationState.WAITING, person=person)


async def _forget(connection: Connection, recorder: Recorder, hire: Hire, why: Refusal) -> Taken:
    """Keep that the communication came, and nothing else."""
    # NOTE nothing of the worker, the employer or the day: most workers receive no benefit, and are none of the hub's concern.
    state = (
        CommunicationState.ALREADY_RECORDED
        if why.code is RefusalCode.ALREADY_RECORDED
        else CommunicationState.NO_BENEFICIARY
    )
    await statements.put().execute(
        connection,
        **dict.fromkeys((*statements.SAID, "event_id", "acceptance_event_id")),
        code=hire.code,
        kind=hire.kind.value,
        state=state.value,
        agency_id=recorder.agency_id,
    )
    return Taken(state, why=why)


def _row(recorder: Recorder, hire: Hire, state: CommunicationState, person: UUID) -> dict[str, Any]:
    return {
        "code": hire.code,
        "kind": hire.kind.value,
        "state": state.value,
        "agency_id": recorder.agency_id,
        "client_id": recorder.client_id,
        "purpose_id": recorder.purpose_id,
        "operator": recorder.operator,
        "beneficiary_id": person,
        "starts_on": hire.starts_on,
        "ends_on": hire.ends_on,
        "employer_code": hire.employer_code,
        "contract_type": hire.contract_type,
    }
