# SPDX-License-Identifier: EUPL-1.2
"""Recording a hire that was communicated, by a desk that has the communication before it."""

from __future__ import annotations

import datetime
from typing import Any, cast

import strawberry

from hub.ledger.hires import Hire, day_in_italy, take_hire
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


@public
@strawberry.type(description="The hire as it was recorded, or why it was not.")
class RecordHirePayload:
    event: ConditionalityEvent | None = strawberry.field(directives=[PERSONAL])
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
    hire, now, account = _hire(given), means.now(), asking.account
    if hire.starts_on > day_in_italy(now):
        return Outcome(None, [user_error(_AHEAD)])
    await account.foresee(means.database.write)
    async with means.database.write.acquire() as connection, connection.transaction():
        taken = await take_hire(
            connection,
            recorder_of(asking.caller, asking.operator),
            hire,
            now=now,
            tolerance=means.event_clock_tolerance,
        )
        if isinstance(taken, Refusal) or taken.event_id is None:
            why = taken if isinstance(taken, Refusal) else taken.why
            assert why is not None, "what came to nothing says why, and a hire that has begun does not wait"
            if why.tells_of is not None:
                account.shows([why.tells_of])
            return Outcome(None, [user_error(why)])
        rows = await read_back(connection, asking, taken.event_id)
        if taken.person is not None:
            account.shows([taken.person])
        await account.answered_within(connection)
    if taken.again and b"null" in rows.values():
        # Of a person who has left the territory since, or whose content is gone.
        return Outcome(None, [user_error(_ERASED if taken.is_erased else LEFT)], is_logged=True)
    return Outcome(rows, is_logged=True)


def _hire(given: RecordHireInput) -> Hire:
    return Hire(
        given.communication_code,
        given.kind,
        given.fiscal_code,
        given.employer_code,
        given.starts_on,
        given.ends_on or None,
        given.contract_type or None,
    )


RECORD_HIRE = Command(_record, input_reader(RecordHireInput), reads_back="event")


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
