# SPDX-License-Identifier: EUPL-1.2
"""Recording a hire that was communicated, or that it was annulled, by a desk that has the communication before it."""

from __future__ import annotations

import datetime
from typing import Any, cast

import strawberry

from hub.ledger.communications import Annulment, Hire, HireTerms, Taken, Told, day_in_italy
from hub.ledger.hires import take_communication
from hub.ledger.refusals import Refusal, RefusalCode
from hub.plan.commands import Asking, Command, Outcome
from hub.plan.declare import stands_on
from hub.plan.recorder import recorder_of
from hub.store.vocabulary import Capability, CommunicationKind
from schema.commands import called, input_reader, read_back
from schema.context import Info, Means
from schema.cost import about, costs
from schema.event_commands import UserError, user_error
from schema.ledger import ConditionalityEvent
from schema.recording import LEFT
from schema.scalars import FiscalCode
from schema.sensitivity import PERSONAL, public


@strawberry.input(
    description="A hire, as a mandatory communication (comunicazione obbligatoria) tells of it."
)
class RecordHireInput:
    communication_code: str = strawberry.field(
        description="`codiceComunicazione`, 16 characters: the same code and content gives the first answer again."
    )
    kind: CommunicationKind
    fiscal_code: FiscalCode = strawberry.field(description="The worker's.")
    employer_code: str = strawberry.field(
        description="The employer's fiscal code; of a UniSomm the agency's (agenzia di somministrazione)."
    )
    starts_on: datetime.date = strawberry.field(description="When the work begins; not a day to come.")
    ends_on: datetime.date | None = strawberry.field(
        default=strawberry.UNSET, description="The last day of a fixed term (tempo determinato)."
    )
    contract_type: str | None = strawberry.field(
        default=strawberry.UNSET, description="`TipologiaContrattuale`, as `A.01.00`."
    )
    earlier_code: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Of a correction (rettifica): the code of the communication it corrects, whose place it takes.",
    )


@public
@strawberry.type(description="The hire as it was recorded, or why it was not.")
class RecordHirePayload:
    event: ConditionalityEvent | None = strawberry.field(directives=[PERSONAL])
    user_errors: list[UserError] = strawberry.field(directives=[about(1)])


@strawberry.input(
    description="That a hire communicated before was none, as a mandatory communication tells of it (annullamento)."
)
class AnnulHireInput:
    communication_code: str = strawberry.field(
        description="`codiceComunicazione` of the annulment itself, 16 characters: the same code gives the first answer again."
    )
    kind: CommunicationKind
    fiscal_code: FiscalCode = strawberry.field(description="The worker's.")
    earlier_code: str = strawberry.field(description="The code of the communication that is annulled.")


@public
@strawberry.type(
    description="The withdrawal of the event the hire had become: none where it had become none, or waited for its day."
)
class AnnulHirePayload:
    withdrawal: ConditionalityEvent | None = strawberry.field(
        description="An event of its own, of type EVENT_WITHDRAWN.", directives=[PERSONAL]
    )
    user_errors: list[UserError] = strawberry.field(directives=[about(1)])


_AHEAD = Refusal(
    RefusalCode.OCCURRED_IN_FUTURE,
    "A hire is recorded once the work has begun: startsOn is a day to come. The communication itself may be handed over before, and waits.",
    ("startsOn",),
)
_ERASED = Refusal(
    RefusalCode.ALREADY_RECORDED,
    "This communication was recorded, and its content was erased since.",
    ("communicationCode",),
)


async def _record(means: Means, asking: Asking, given: RecordHireInput) -> Outcome:
    asking.caller.require(Capability.RECORD_EVENTS)
    hire = _hire(given)
    if hire.starts_on > day_in_italy(means.now()):
        return Outcome(None, [user_error(_AHEAD)])
    return await _taken(means, asking, hire)


async def _annul(means: Means, asking: Asking, given: AnnulHireInput) -> Outcome:
    asking.caller.require(Capability.RECORD_EVENTS)
    told = Annulment(given.communication_code, given.kind, given.fiscal_code, given.earlier_code)
    return await _taken(means, asking, told)


async def _taken(means: Means, asking: Asking, told: Told) -> Outcome:
    account = asking.account
    await account.foresee(means.database.write)
    async with means.database.write.acquire() as connection, connection.transaction():
        taken = await take_communication(
            connection,
            recorder_of(asking.caller, asking.operator),
            told,
            now=means.now(),
            terms=HireTerms(means.event_clock_tolerance, means.withdrawal_days),
        )
        if isinstance(taken, Refusal) or taken.event_id is None:
            why = taken if isinstance(taken, Refusal) else taken.why
            if why is not None and why.tells_of is not None:
                account.shows([why.tells_of])
            return Outcome(None, [] if why is None else [user_error(why)])
        rows = await read_back(connection, asking, taken.event_id)
        if taken.person is not None:
            account.shows([taken.person])
        await account.answered_within(connection)
    if b"null" in rows.values():
        return Outcome(None, [user_error(_unseen(taken))], is_logged=True)
    return Outcome(rows, is_logged=True)


def _unseen(taken: Taken) -> Refusal:
    """Why what was recorded is not shown: its person has left the territory since, or its content is gone."""
    return _ERASED if taken.is_erased else LEFT


def _hire(given: RecordHireInput) -> Hire:
    return Hire(
        given.communication_code,
        given.kind,
        given.fiscal_code,
        given.employer_code,
        given.starts_on,
        given.ends_on or None,
        given.contract_type or None,
        given.earlier_code or None,
    )


RECORD_HIRE = Command(_record, input_reader(RecordHireInput), reads_back="event")
ANNUL_HIRE = Command(_annul, input_reader(AnnulHireInput), reads_back="withdrawal")


@strawberry.type
class HireMutation:
    @strawberry.mutation(
        description="Record that a person of the caller's territory was hired, as a mandatory communication says: through the suitable offer "
        "they accepted under a pact that runs (HIRED_THROUGH_SUITABLE_OFFER), or otherwise (HIRED).",
        directives=[costs(200)],
        metadata=stands_on(RECORD_HIRE),
    )
    async def record_hire(
        self,
        info: Info,
        input: RecordHireInput,  # noqa: A002
    ) -> RecordHirePayload:
        outcome, event = await called(info, RECORD_HIRE, input)
        return RecordHirePayload(event=cast("Any", event), user_errors=cast("Any", outcome.user_errors))

    @strawberry.mutation(
        description="Annul a hire that your agency communicated, as a mandatory communication says (annullamento): one that waited for its day "
        "is dropped, and the event of one that was recorded is withdrawn, within the days for it.",
        directives=[PERSONAL, costs(200)],
        metadata=stands_on(ANNUL_HIRE),
    )
    async def annul_hire(
        self,
        info: Info,
        input: AnnulHireInput,  # noqa: A002
    ) -> AnnulHirePayload:
        outcome, event = await called(info, ANNUL_HIRE, input)
        return AnnulHirePayload(withdrawal=cast("Any", event), user_errors=cast("Any", outcome.user_errors))
