# SPDX-License-Identifier: EUPL-1.2
"""What consumers of the feed say back, and how far each is: acknowledgements, outcomes, standing."""

from __future__ import annotations

import datetime
from typing import Any, cast

import strawberry

from hub.access.caller import Caller
from hub.access.operator import Operator
from hub.ledger.acknowledgements import Consumer, acknowledge
from hub.ledger.feed_status import ConsumerStanding, feed_standing
from hub.ledger.outcomes import ReportOutcome, report_outcome
from hub.ledger.refusals import FeedRefusal, FeedRefusalCode
from hub.plan.commands import Asking, Command, Outcome
from hub.plan.cursor import InvalidCursor
from hub.plan.declare import Guarded, stands_on
from hub.plan.feed import feed_position
from hub.store.vocabulary import BenefitOutcome, Capability
from schema.commands import called, input_reader, read_back
from schema.context import Info, Means
from schema.cost import OWN_ROW, about, costs
from schema.ledger import EventOutcome
from schema.scalars import BigInt
from schema.sensitivity import PERSONAL, PUBLIC, public

strawberry.enum(
    FeedRefusalCode,
    name="FeedErrorCode",
    description="Why a consumer of the feed was refused what it said back.",
)


@public
@strawberry.type(description="An expected refusal: what the consumer can mend.")
class FeedError:
    code: FeedRefusalCode
    message: str
    path: list[str] = strawberry.field(description="The argument it is about.", directives=[about(2)])


@public
@strawberry.type(description="How far a consumer, an agency under one purpose, is with its feed.")
class FeedConsumer:
    agency_code: str
    purpose_id: strawberry.ID
    read_up_to: BigInt = strawberry.field(
        description="The furthest position an answer reached; 0 before the first."
    )
    acknowledged_up_to: BigInt = strawberry.field(description="0 before the first acknowledgement.")
    acknowledged_at: datetime.datetime | None
    behind: BigInt = strawberry.field(
        description="Positions of the feed beyond what it acknowledged; of who reads a part, not all are its own."
    )
    seconds_behind: float = strawberry.field(
        description="How long the first of them has been there; 0 when there is none."
    )
    oldest_unacknowledged_at: datetime.datetime | None = strawberry.field(
        description="When the first of them was published."
    )

    @classmethod
    def of(cls, one: ConsumerStanding, now: datetime.datetime) -> FeedConsumer:
        return cls(
            agency_code=one.agency_code,
            purpose_id=strawberry.ID(str(one.purpose_id)),
            read_up_to=cast("Any", one.read_up_to),
            acknowledged_up_to=cast("Any", one.acknowledged_up_to),
            acknowledged_at=one.acknowledged_at,
            behind=cast("Any", one.behind),
            seconds_behind=one.seconds_behind(now),
            oldest_unacknowledged_at=one.oldest_unacknowledged_at,
        )


@public
@strawberry.type(description="Where the feed stands, and the one who asks with it.")
class FeedStatus:
    last_position: BigInt = strawberry.field(description="0 of an empty feed.")
    last_published_at: datetime.datetime | None
    consumer: FeedConsumer | None = strawberry.field(description="The caller.")


@public
@strawberry.type(
    description="How far the consumer has dealt with its feed from now on, or why that is not taken down."
)
class AcknowledgeConditionalityFeedPayload:
    consumer: FeedConsumer | None = None
    user_errors: list[FeedError] = strawberry.field(default_factory=list, directives=[about(1)])


@strawberry.input(description="What was decided about a benefit because of an entry of the feed.")
class ReportOutcomeInput:
    idempotency_key: str = strawberry.field(
        description="Yours: the same key and input gives the first answer again; with another input it is refused."
    )
    position: BigInt = strawberry.field(description="The entry's place in the feed.")
    outcome: BenefitOutcome
    reference: str = strawberry.field(
        description="By which you find the decision again; at most 200 characters, no personal data."
    )
    decided_on: datetime.date
    months: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="Monthly payments (mensilità): those taken away, which REDUCED must say; those a suspension lasts.",
    )


@public
@strawberry.type(description="The outcome as it was reported, or why it was not.")
class ReportOutcomePayload:
    outcome: EventOutcome | None = strawberry.field(directives=[PERSONAL])
    user_errors: list[FeedError] = strawberry.field(directives=[about(1)])


async def _report(means: Means, asking: Asking, given: ReportOutcomeInput) -> Outcome:
    asking.caller.require(Capability.REPORT_OUTCOMES)
    command = ReportOutcome(
        idempotency_key=given.idempotency_key,
        position=cast("int", given.position),
        outcome=given.outcome,
        reference=given.reference,
        decided_on=given.decided_on,
        months=given.months if isinstance(given.months, int) else None,
    )
    reporter = _consumer(asking.caller, asking.operator)
    today = (means.now() + means.event_clock_tolerance).date()
    async with means.database.write.acquire() as connection, connection.transaction():
        reported = await report_outcome(connection, reporter, command, today=today)
        if isinstance(reported, FeedRefusal):
            return Outcome(None, [_told(reported, "input")])
        rows = await read_back(connection, asking, reported)
        await asking.account.answered_within(connection)
    return Outcome(rows, is_logged=True)


REPORT = Command(_report, input_reader(ReportOutcomeInput), reads_back="outcome")
READS_FEED = stands_on(Guarded(Capability.READ_FEED))


@strawberry.type
class FeedConsumerQuery:
    @strawberry.field(
        description="Where the feed stands, and how far the caller is with it. For purposes granted READ_FEED.",
        metadata=READS_FEED,
        directives=[PUBLIC, OWN_ROW],
    )
    async def feed_status(self, info: Info) -> FeedStatus:
        context = info.context
        async with context.means.database.write.acquire() as connection:
            standing = await feed_standing(connection, context.caller.purpose_id)
        mine = [FeedConsumer.of(one, context.means.now()) for one in standing.consumers]
        return FeedStatus(
            last_position=cast("Any", standing.last_position),
            last_published_at=standing.last_at,
            consumer=mine[0] if mine else None,
        )

    @strawberry.field(
        description="How far each consumer is with the feed, by agency. For purposes granted ADMINISTER.",
        metadata=stands_on(Guarded(Capability.ADMINISTER)),
        directives=[PUBLIC, costs(100), about(50)],
    )
    async def feed_consumers(self, info: Info) -> list[FeedConsumer]:
        context = info.context
        async with context.means.database.write.acquire() as connection:
            standing = await feed_standing(connection)
        return [FeedConsumer.of(one, context.means.now()) for one in standing.consumers]


@strawberry.type
class FeedConsumerMutation:
    @strawberry.mutation(
        description="Say that the feed was dealt with up to a position that was read; what is acknowledged is not taken back. "
        "For purposes granted READ_FEED.",
        directives=[PUBLIC, costs(200)],
        metadata=READS_FEED,
    )
    async def acknowledge_conditionality_feed(
        self, info: Info, up_to: str
    ) -> AcknowledgeConditionalityFeedPayload:
        context = info.context
        try:
            position = feed_position(up_to)
        except InvalidCursor as error:
            refusal = FeedRefusal(FeedRefusalCode.INVALID_CURSOR, error.message, ("upTo",))
            return AcknowledgeConditionalityFeedPayload(user_errors=[_told(refusal)])
        consumer = _consumer(context.caller, context.operator)
        async with context.means.database.write.acquire() as connection:
            acknowledged = await acknowledge(connection, consumer, position)
            if isinstance(acknowledged, FeedRefusal):
                return AcknowledgeConditionalityFeedPayload(user_errors=[_told(acknowledged)])
            standing = await feed_standing(connection, consumer.purpose_id)
        mine = [FeedConsumer.of(one, context.means.now()) for one in standing.consumers]
        return AcknowledgeConditionalityFeedPayload(consumer=mine[0] if mine else None)

    @strawberry.mutation(
        description="Report what was decided about a benefit because of an entry of the feed (esito): whoever sees the event "
        "sees it. For purposes granted REPORT_OUTCOMES.",
        directives=[PERSONAL, costs(200)],
        metadata=stands_on(REPORT),
    )
    async def report_outcome(self, info: Info, input: ReportOutcomeInput) -> ReportOutcomePayload:  # noqa: A002
        outcome, reported = await called(info, REPORT, input)
        return ReportOutcomePayload(
            outcome=cast("Any", reported), user_errors=cast("Any", outcome.user_errors)
        )


def _consumer(caller: Caller, operator: Operator | None) -> Consumer:
    return Consumer(
        caller.agency_id, caller.purpose_id, caller.client_id, None if operator is None else operator.user_id
    )


def _told(refusal: FeedRefusal, *before: str) -> FeedError:
    return FeedError(code=refusal.code, message=refusal.message, path=[*before, *refusal.path])
