# SPDX-License-Identifier: EUPL-1.2
"""Hires that were communicated: each finds its beneficiary and becomes one event, or is forgotten (docs/adr/0035).

    not of a beneficiary in reach with a benefit on the day     nothing is kept but the communication's code
    begins on a later day                                       waits for it (`hub.ledger.hires_due`)
    of a person and day of whom a hire is recorded              nothing, as of nobody's
    follows an accepted suitable offer under a running pact     HIRED_THROUGH_SUITABLE_OFFER, once for each acceptance while it stands
    any other                                                   HIRED

A hire is an event of the day it begins, at midnight in Italy. It is recorded as any event is (`hub.ledger.record`): by the same rules,
under the agency that sent it. One that corrects an earlier communication takes its place first, and an annulment does only that
(`hub.ledger.replacements`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hub.ledger import hire_statements as statements
from hub.ledger.append import Everyone
from hub.ledger.communications import (
    EARLIEST,
    Annulment,
    Hire,
    HireTerms,
    Taken,
    Told,
    beginning_of,
    day_in_italy,
    refuse_communication,
)
from hub.ledger.record import Recorded, Recorder, RecordEvent, record_event, refuse_form, why_not
from hub.ledger.refusals import FOUND, Refusal, RefusalCode
from hub.ledger.replacements import ALREADY_REPLACED, replace_earlier
from hub.store.fiscal_code import parse_fiscal_code
from hub.store.statement import Connection
from hub.store.vocabulary import CommunicationState, ConditionalityEventType

OFFER_LEADS_TO_HIRE = timedelta(days=90)
"""How long after an offer was accepted a hire is taken for its fruit. No rule says (unverified): a notice period, and some."""

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
_CHANGED = Refusal(
    RefusalCode.COMMUNICATION_CHANGED,
    "A communication of this code came before and said something else: what corrects it has a code of its own.",
    ("communicationCode",),
)


class _Undone(Exception):
    """What was begun for a communication is taken back, since it is refused in the end."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.code)


async def take_communication(
    connection: Connection, recorder: Recorder, told: Told, *, now: datetime, terms: HireTerms
) -> Taken | Refusal:
    """Take one communication in the open transaction of `connection`, wholly or not at all.

    One that came before gives what became of it then; one that came to nothing is judged anew, since nothing of it was kept. Whether the
    sender may send at all is the caller's to have checked.

    Raises:
        Unavailable: as `record_event` does.

    """
    # NOTE the sender before anybody is looked for: whoever may send no hires learns nothing of who is in reach, and none waits in vain.
    refusal = refuse_communication(told) or _refuse_sender(recorder, told)
    if refusal is not None:
        return refusal
    # NOTE in one order: of two that name each other's codes neither waits for the other.
    for code in sorted({told.code, told.replaces or told.code}):
        await statements.lock().execute(connection, of=code)
    person: UUID | None = await statements.in_reach(recorder.reach).fetchval(
        connection, fiscal_code=told.fiscal_code, **recorder.reach_values
    )
    earlier = await statements.earlier().fetchrow(connection, code=told.code)
    if earlier is not None and _is_another(earlier, told):
        return _CHANGED
    try:
        async with connection.transaction():  # a savepoint
            taken: Taken | Refusal
            if isinstance(told, Annulment):
                taken = await _annul(connection, recorder, told, person, earlier, now=now, terms=terms)
            else:
                taken = await _take_hire(connection, recorder, told, person, earlier, now=now, terms=terms)
            if isinstance(taken, Refusal):
                raise _Undone(taken)
    except _Undone as undone:
        return undone.refusal
    return taken


def _refuse_sender(recorder: Recorder, told: Told) -> Refusal | None:
    """Whether agencies of this kind send hires at all, whatever the day."""
    day = beginning_of(EARLIEST)
    command = RecordEvent(_key(told), told.fiscal_code, ConditionalityEventType.HIRED, day, None, None)
    refusal = refuse_form(recorder, command, day)
    return None if refusal is None else replace(refusal, path=())


async def _take_hire(
    connection: Connection,
    recorder: Recorder,
    hire: Hire,
    person: UUID | None,
    earlier: Any,
    *,
    now: datetime,
    terms: HireTerms,
) -> Taken | Refusal:
    hire = replace(hire, employer_code=parse_fiscal_code(hire.employer_code))
    is_ahead = hire.starts_on > day_in_italy(now)
    if earlier is not None and _stands(earlier):
        before = _as_before(earlier, hire, person)
        if is_ahead or isinstance(before, Refusal) or before.state is not CommunicationState.WAITING:
            return before
        # Its day has come since, and nobody has recorded it yet.
        return await record_hire(connection, recorder, hire, person, now=now, tolerance=terms.tolerance)
    if hire.replaces is not None:
        replaced = await replace_earlier(connection, recorder, hire, person, now=now, terms=terms)
        if isinstance(replaced, Refusal):
            return replaced
        if replaced.is_erased:
            return Taken(CommunicationState.ERASED, replaced.event_id, again=True)
        if replaced.person is not None:
            # NOTE what an agency sent it may correct wherever its worker lives by now.
            recorder, person = replace(recorder, reach=Everyone(), reach_values={}), replaced.person
        if replaced.event_id is not None and person is not None:
            row = statements.row_of(recorder, hire, CommunicationState.RECORDED, person)
            kept = {"event_id": replaced.event_id, "acceptance_event_id": replaced.acceptance_event_id}
            await statements.put().execute(connection, **row | kept)
            return Taken(CommunicationState.RECORDED, replaced.event_id, person)
    if person is not None and is_ahead:
        return await _wait(connection, recorder, hire, person)
    return await record_hire(connection, recorder, hire, person, now=now, tolerance=terms.tolerance)


async def _annul(
    connection: Connection,
    recorder: Recorder,
    told: Annulment,
    person: UUID | None,
    earlier: Any,
    *,
    now: datetime,
    terms: HireTerms,
) -> Taken | Refusal:
    replaced = await replace_earlier(connection, recorder, told, person, now=now, terms=terms)
    if isinstance(replaced, Refusal):
        return replaced
    state = CommunicationState.ANNULMENT
    if earlier is None:
        await statements.put().execute(connection, **statements.bare_row(recorder, told, state))
    return Taken(state, replaced.withdrawal_id, replaced.person, again=earlier is not None)


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
            row = statements.row_of(recorder, hire, CommunicationState.RECORDED, person)
            kept = {"event_id": recorded.event_id, "acceptance_event_id": followed}
            await statements.put().execute(connection, **row | kept)
            return Taken(CommunicationState.RECORDED, recorded.event_id, person)
        if recorded.code in _NO_BENEFIT or recorded.code is RefusalCode.ALREADY_RECORDED:
            return await _forget(connection, recorder, hire, recorded)
        refusal = recorded
    return refusal


def _key(told: Told) -> str:
    return f"communication {told.code}"


def _command(hire: Hire, kind: ConditionalityEventType, pact_id: UUID | None) -> RecordEvent:
    return RecordEvent(
        idempotency_key=_key(hire),
        fiscal_code=hire.fiscal_code,
        type=kind,
        occurred_at=beginning_of(hire.starts_on),
        # NOTE a plain one: the driver's own kind has no JSON form, which the input's hash is made of.
        pact_id=None if pact_id is None else UUID(int=pact_id.int),
        note=None,
    )


def _stands(earlier: Any) -> bool:
    """Whether something of it is kept, and so it is not judged anew."""
    return earlier["state"] not in (CommunicationState.NO_BENEFICIARY, CommunicationState.ALREADY_RECORDED)


def _is_another(earlier: Any, told: Told) -> bool:
    """Whether it corrects or annuls another, or does the other of both: that is kept of all, and tells of no worker."""
    was_annulment = earlier["state"] == CommunicationState.ANNULMENT
    return (earlier["replaces_code"], was_annulment) != (told.replaces, isinstance(told, Annulment))


def _as_before(earlier: Any, hire: Hire, person: UUID | None) -> Taken | Refusal:
    """The answer to a communication that came before, and stands."""
    state = CommunicationState(earlier["state"])
    if state is CommunicationState.REPLACED:
        return Taken(state, why=ALREADY_REPLACED, again=True)
    if person is None:
        # To whom the person is nobody, a communication about them is about nobody, whether or not it is known.
        return Taken(CommunicationState.NO_BENEFICIARY, why=FOUND[RefusalCode.PERSON_NOT_FOUND], again=True)
    told = (person, hire.kind, hire.starts_on, hire.ends_on, hire.employer_code, hire.contract_type)
    kept = ("beneficiary_id", "kind", "starts_on", "ends_on", "employer_code", "contract_type")
    if state is not CommunicationState.ERASED and told != tuple(earlier[name] for name in kept):
        return replace(_CHANGED, tells_of=person)
    return Taken(state, earlier["event_id"], person, again=True)


async def _wait(connection: Connection, recorder: Recorder, hire: Hire, person: UUID) -> Taken:
    """Keep a hire for its day, if its household has a benefit then, as far as is known now."""
    [verdict] = await why_not(connection, recorder, [_command(hire, ConditionalityEventType.HIRED, None)])
    if isinstance(verdict, Refusal) and verdict.code in _NO_BENEFIT:
        return await _forget(connection, recorder, hire, verdict)
    row = statements.row_of(recorder, hire, CommunicationState.WAITING, person)
    await statements.put().execute(connection, **row)
    return Taken(CommunicationState.WAITING, person=person)


async def _forget(connection: Connection, recorder: Recorder, hire: Hire, why: Refusal) -> Taken:
    """Keep that the communication came, and nothing else."""
    # NOTE nothing of the worker, the employer or the day: most workers receive no benefit, and are none of the hub's concern.
    state = (
        CommunicationState.ALREADY_RECORDED
        if why.code is RefusalCode.ALREADY_RECORDED
        else CommunicationState.NO_BENEFICIARY
    )
    await statements.put().execute(connection, **statements.bare_row(recorder, hire, state))
    return Taken(state, why=why)
