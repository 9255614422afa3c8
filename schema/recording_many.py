# SPDX-License-Identifier: EUPL-1.2
"""Recording many conditionality events at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

import strawberry

from hub.ledger.batch import MOST_EVENTS, Found, record_events
from hub.ledger.record import Recorded, RecordEvent
from hub.ledger.refusals import Refusal, RefusalCode
from hub.plan.commands import Asking, Command, Outcome
from hub.plan.declare import stands_on
from hub.plan.recorder import recorder_of
from hub.store.identifiers import InvalidId
from hub.store.statement import Connection
from hub.store.vocabulary import Capability
from schema.commands import called_for_each, input_reader, read_back_many
from schema.context import Info, Means
from schema.cost import about, costs, sized_by
from schema.event_commands import UserError, user_error
from schema.ledger import ConditionalityEvent
from schema.recording import LEFT, RecordConditionalityEventInput, command_of
from schema.sensitivity import PERSONAL, public

BATCH = 10_000.0
"""What a batch costs, as if it were full: ten units an event, since none of them is a transaction of its own."""


@strawberry.input(description="Facts to record.")
class RecordConditionalityEventsInput:
    events: list[RecordConditionalityEventInput] = strawberry.field(
        description="1 to 1,000, each with an idempotency key of its own."
    )
    atomic: bool = strawberry.field(
        default=False,
        description="True: all or nothing. False: one by one, so that one that is refused touches no other.",
    )


@public
@strawberry.type(description="What came of one of the events: as it was recorded, or why it was not.")
class RecordConditionalityEventResult:
    event: ConditionalityEvent | None = strawberry.field(directives=[PERSONAL])
    user_errors: list[UserError] = strawberry.field(directives=[about(1)])


@public
@strawberry.type(description="What came of each event, and of all of them together.")
class RecordConditionalityEventsPayload:
    results: list[RecordConditionalityEventResult] = strawberry.field(
        description="One for each event, in their order; none where the batch as a whole cannot be taken."
    )
    user_errors: list[UserError] = strawberry.field(
        description="What is to be said of the batch: empty when every event is recorded.",
        directives=[about(1)],
    )


async def _record(means: Means, asking: Asking, given: RecordConditionalityEventsInput) -> Outcome:
    caller = asking.caller
    caller.require(Capability.RECORD_EVENTS)
    wrong = _wrong_number(len(given.events))
    if wrong is not None:
        return Outcome(None, [user_error(wrong)])
    recorder, commands = recorder_of(caller, asking.operator), _commands(given.events)
    await asking.account.foresee(means.database.write)
    async with means.database.bulk.acquire() as connection, connection.transaction():
        found = await record_events(
            connection,
            recorder,
            commands,
            now=means.now(),
            tolerance=means.event_clock_tolerance,
            atomic=given.atomic,
        )
        each = await _told(connection, asking, found)
        await asking.account.answered_within(connection)
    refused = sum(type(one) is Refusal and one.code is not RefusalCode.OTHERS_REFUSED for one in found)
    errors = [user_error(_refused(len(found), refused, atomic=given.atomic))] if refused else []
    return Outcome(None, errors, is_logged=True, each=each)


def _wrong_number(events: int) -> Refusal | None:
    if not events:
        return Refusal(RefusalCode.NO_EVENTS, "There is no event to record.", ("events",))
    if events > MOST_EVENTS:
        return Refusal(
            RefusalCode.TOO_MANY_EVENTS,
            f"A batch has at most {MOST_EVENTS:,} events, and this one has {events:,}: send them in several.",
            ("events",),
        )
    return None


def _commands(events: Sequence[RecordConditionalityEventInput]) -> list[RecordEvent]:
    """The events to record.

    Raises:
        InvalidId: the id of a pact is none; it says whose.

    """
    commands: list[RecordEvent] = []
    for event in events:
        try:
            commands.append(command_of(event))
        except InvalidId as error:
            raise InvalidId(f"events[{len(commands)}].pactId: {error}") from None
    return commands


async def _told(connection: Connection, asking: Asking, found: Sequence[Found]) -> list[Outcome]:
    """What came of each, its row as it was asked for; whom any of it tells of is accounted for."""
    asking.account.shows(dict.fromkeys(_told_of(found)))
    recorded = [one.event_id for one in found if type(one) is Recorded]
    rows = await read_back_many(connection, asking, recorded)
    return [_outcome(place, one, rows) for place, one in enumerate(found)]


def _told_of(found: Sequence[Found]) -> Iterator[Any]:
    for one in found:
        person = one.tells_of if type(one) is Refusal else one.person  # type: ignore[union-attr]
        if person is not None:
            yield person


def _outcome(place: int, found: Found, rows: Iterator[dict[str, bytes]]) -> Outcome:
    if isinstance(found, Refusal):
        return _not_recorded(place, found)
    row = next(rows)
    if found.again and b"null" in row.values():
        # The first answer is not given again about a person who has left the territory since.
        return _not_recorded(place, LEFT)
    return Outcome(row)


def _not_recorded(place: int, refusal: Refusal) -> Outcome:
    return Outcome(None, [user_error(refusal, "events", str(place))])


def _refused(events: int, refused: int, *, atomic: bool) -> Refusal:
    """What is said of a batch of which some are refused."""
    rest = "nothing was recorded now" if atomic else "the others are recorded"
    return Refusal(
        RefusalCode.EVENTS_REFUSED,
        f"Refused: {refused:,} of {events:,} events, each as its result says; {rest}.",
        ("events",),
    )


RECORD_MANY = Command(
    _record, input_reader(RecordConditionalityEventsInput), reads_back="event", each="results"
)


@strawberry.type
class RecordingManyMutation:
    @strawberry.mutation(
        description="Record up to 1,000 conditionality events at once, all or nothing or one by one, each with its own result.",
        directives=[costs(BATCH), sized_by("input.events", "results")],
        metadata=stands_on(RECORD_MANY),
    )
    async def record_conditionality_events(
        self,
        info: Info,
        input: RecordConditionalityEventsInput,  # noqa: A002
    ) -> RecordConditionalityEventsPayload:
        outcome, events = await called_for_each(info, RECORD_MANY, input)
        return RecordConditionalityEventsPayload(
            results=[
                RecordConditionalityEventResult(
                    event=cast("Any", event), user_errors=cast("Any", one.user_errors)
                )
                for one, event in zip(outcome.each, events, strict=True)
            ],
            user_errors=cast("Any", outcome.user_errors),
        )
