# SPDX-License-Identifier: EUPL-1.2
"""Corrections (rettifiche) and annulments (annullamenti): what becomes of the communication that one names (docs/adr/0035).

    came to nothing                                     is not judged anew
    waits for its day                                   waits no more, and nothing is kept of it
    is an event, and the same person was hired that day the event stands
    is an event otherwise                               the event is withdrawn, as whoever recorded it may, within the days for it

By who sent the earlier one. What another agency sent is as if it were not there, unless its event is of the same person in reach.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.ledger import hire_statements as statements
from hub.ledger.append import Everyone
from hub.ledger.communications import Hire, HireTerms, Told
from hub.ledger.record import Recorder
from hub.ledger.refusals import Refusal, RefusalCode
from hub.ledger.withdraw import WithdrawEvent, withdraw_event
from hub.store.statement import Connection
from hub.store.vocabulary import CommunicationState

ALREADY_REPLACED = Refusal(
    RefusalCode.COMMUNICATION_REPLACED,
    "Another communication corrected or annulled this one: what is wrong now is corrected in that.",
    ("communicationCode",),
)
_AT = ("earlierCode",)
_UNKNOWN = Refusal(
    RefusalCode.COMMUNICATION_UNKNOWN,
    "No hire was handed over under the code that this communication corrects or annuls: hand that over first.",
    _AT,
)
_OF_ANOTHER_AGENCY = Refusal(
    RefusalCode.EVENT_OF_ANOTHER_AGENCY,
    "Another agency sent the communication of this hire: only who sent it can correct or annul it.",
    _AT,
)
_OF_ANOTHER_WORKER = Refusal(
    RefusalCode.COMMUNICATION_OF_ANOTHER_WORKER,
    "The communication that this one corrects or annuls is of another worker: annul that one, and communicate the hire anew.",
    _AT,
)


@dataclass(frozen=True, slots=True)
class Replaced:
    """What was in the place that is taken now.

    `person`: whose it was, where it stood. `event_id`: its event, where that stands on, and `acceptance_event_id` the acceptance it followed.
    `withdrawal_id`: of its event. `is_erased`: the content of the event was erased, and there is nothing to correct.
    """

    person: UUID | None = None
    event_id: UUID | None = None
    acceptance_event_id: UUID | None = None
    withdrawal_id: UUID | None = None
    is_erased: bool = False


async def replace_earlier(
    connection: Connection,
    recorder: Recorder,
    told: Told,
    person: UUID | None,
    *,
    now: datetime,
    terms: HireTerms,
) -> Replaced | Refusal:
    """Take the place of the communication that `told` names, in the open transaction of `connection`; a second time changes nothing.

    `person`: the worker, where within the recorder's reach.

    Raises:
        Unavailable: as `withdraw_event` does.

    """
    row = await statements.replaced().fetchrow(connection, code=told.replaces, agency=recorder.agency_id)
    if row is None or row["state"] == CommunicationState.ANNULMENT:
        return _UNKNOWN
    if row["replacing_code"] not in (None, told.code):
        return replace(ALREADY_REPLACED, path=_AT)
    stands = row["state"] in (CommunicationState.WAITING, CommunicationState.RECORDED)
    if row["agency_id"] != recorder.agency_id:
        if stands and row["beneficiary_id"] == person:
            return replace(_OF_ANOTHER_AGENCY, tells_of=person)
        return Replaced()
    if row["state"] == CommunicationState.ERASED:
        return Replaced(event_id=row["event_id"], is_erased=True)
    if stands and row["fiscal_code"] != told.fiscal_code:
        return replace(_OF_ANOTHER_WORKER, tells_of=row["beneficiary_id"])
    if row["state"] == CommunicationState.RECORDED:
        return await _take_back(connection, recorder, told, row, now, terms)
    if row["state"] != CommunicationState.REPLACED:
        await statements.drop().execute(connection, of=row["code"])
    return Replaced(person=row["beneficiary_id"])


async def _take_back(
    connection: Connection, recorder: Recorder, told: Told, row: Any, now: datetime, terms: HireTerms
) -> Replaced | Refusal:
    """Withdraw the event of a communication, where it is not withdrawn, and not the event of `told` as well."""
    person: UUID = row["beneficiary_id"]
    if row["withdrawal_id"] is not None:
        return Replaced(person, withdrawal_id=row["withdrawal_id"])
    if isinstance(told, Hire) and told.starts_on == row["starts_on"]:
        return Replaced(person, row["event_id"], row["acceptance_event_id"])
    done = "Corrected" if isinstance(told, Hire) else "Annulled"
    command = WithdrawEvent(
        f"communication {told.code}", UUID(int=row["event_id"].int), f"{done} by communication {told.code}."
    )
    # NOTE wherever its worker lives by now: it is the sender's own event.
    everywhere = replace(recorder, reach=Everyone(), reach_values={})
    outcome = await withdraw_event(connection, everywhere, command, now=now, days=terms.withdrawal_days)
    if isinstance(outcome, Refusal):
        return replace(outcome, path=_AT, tells_of=person)
    return Replaced(person, withdrawal_id=outcome.event_id)
