# SPDX-License-Identifier: EUPL-1.2
"""Recording many events at once: all of them by one statement, all or nothing or one by one, each with its own outcome.

Nothing an event is told depends on its company, but for two things: of two with the same key, or of the same fact, the one is
recorded and the other told why it is not; and in a batch that is all or nothing, nothing is recorded where one is refused.

    round      those of which no two have a key or a fact in common are recorded by one statement (`hub.ledger.append`); why the
               others were not, one more says (`hub.ledger.record.why_not`)
    next       those that nothing speaks against any more: the first with their key, or their fact, was refused itself; or what
               another transaction did was given up
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from hub.errors import Unavailable
from hub.ledger.append import append_many
from hub.ledger.record import (
    IN_THE_WAY,
    TRIES,
    Recorded,
    Recorder,
    RecordEvent,
    refuse_form,
    values_of_many,
    why_not,
)
from hub.ledger.refusals import OTHERS_REFUSED, REUSED_HERE, TWICE_HERE, Refusal, RefusalCode
from hub.store.statement import Connection

MOST_EVENTS = 1_000
"""Events of one batch."""

Found: TypeAlias = "Recorded | Refusal"


async def record_events(
    connection: Connection,
    recorder: Recorder,
    commands: Sequence[RecordEvent],
    *,
    now: datetime,
    tolerance: timedelta,
    atomic: bool,
) -> list[Found]:
    """Record events in the open transaction of `connection`; what came of each, in their order.

    `tolerance`: how far the desk's clock may run ahead of `now`. `atomic`: all or nothing; those that nothing speaks against are
    then refused because of the others, but for those that had been recorded before. Whether the recorder may record at all, and
    how many events may come at once (`MOST_EVENTS`), is the caller's to have checked.

    Raises:
        Unavailable: others who record the same undo what they do, again and again.

    """
    batch = _Batch(connection, recorder, commands, now + tolerance)
    if not atomic:
        await batch.settle()
        return batch.found()
    try:
        async with connection.transaction():  # a savepoint: what the caller did before stays
            await batch.settle()
            if batch.refused:
                raise _Refused
    except _Refused:
        return batch.undone()
    return batch.found()


class _Refused(Exception):
    """Ends the savepoint of a batch that is all or nothing."""


class _Batch:
    """The events of one batch, and what is known of each so far."""

    def __init__(
        self,
        connection: Connection,
        recorder: Recorder,
        commands: Sequence[RecordEvent],
        latest: datetime,
    ) -> None:
        self._connection, self._recorder, self._commands = connection, recorder, commands
        self._found: list[Found | None] = [refuse_form(recorder, command, latest) for command in commands]
        self._recorded: dict[UUID, int] = {}
        """The events that were recorded now: their places by their keys."""

    @property
    def refused(self) -> bool:
        """Whether any is."""
        return any(type(one) is Refusal for one in self._found)

    async def settle(self) -> None:
        """Record what can be, round by round, until of every event it is known what came of it."""
        waiting = self._waiting(range(len(self._commands)))
        still = 0  # rounds in a row that settled nothing
        while waiting:
            before = len(waiting)
            await self._record(self._unlike(waiting))
            waiting = self._waiting(waiting)
            if not waiting:
                return
            verdicts = await why_not(
                self._connection, self._recorder, [self._commands[place] for place in waiting]
            )
            for place, verdict in zip(waiting, verdicts, strict=True):
                self._found[place] = verdict
            waiting = self._waiting(waiting)
            still = still + 1 if len(waiting) == before else 0
            if still == TRIES:
                raise Unavailable

    def found(self) -> list[Found]:
        """What came of each. Whose key or fact an earlier one of the batch took is told so."""
        taken = self._taken()
        return [
            one if type(one) is Recorded else self._told(place, one, taken)  # type: ignore[arg-type]
            for place, one in enumerate(self._found)
        ]

    def undone(self) -> list[Found]:
        """The same after all that was recorded now was undone."""
        return [
            replace(OTHERS_REFUSED, tells_of=one.person)
            if type(one) is Recorded and one.event_id in self._recorded
            else one
            for one in self.found()
        ]

    def _waiting(self, places: Iterable[int]) -> list[int]:
        return [place for place in places if self._found[place] is None]

    def _unlike(self, places: Iterable[int]) -> list[int]:
        """Those of the places that have neither key nor fact in common with an earlier one of them."""
        seen: set[object] = set()
        unlike: list[int] = []
        for place in places:
            key, fact = _key(self._commands[place]), _fact(self._commands[place])
            if key not in seen and fact not in seen:
                seen.update((key, fact))
                unlike.append(place)
        return unlike

    async def _record(self, places: Sequence[int]) -> None:
        """Record by one statement those of the events that nothing speaks against, or none of them."""
        statement = append_many(self._recorder.reach)
        values = values_of_many(self._recorder, [self._commands[place] for place in places])
        try:
            async with self._connection.transaction():
                rows = await self._connection.fetch(statement.text, *statement.arguments(values))
        except IN_THE_WAY:
            return
        for ord_, event_id, person in rows:
            place = places[ord_ - 1]
            self._found[place] = Recorded(event_id, again=False, person=person)
            self._recorded[event_id] = place

    def _taken(self) -> set[object]:
        """The keys and facts of what was recorded now."""
        commands = [self._commands[place] for place in self._recorded.values()] if self.refused else []
        return {mark for command in commands for mark in (_key(command), _fact(command))}

    def _told(self, place: int, refusal: Refusal, taken: set[object]) -> Refusal:
        command = self._commands[place]
        if refusal.code is RefusalCode.IDEMPOTENCY_KEY_REUSED and _key(command) in taken:
            return REUSED_HERE
        if refusal.code is RefusalCode.ALREADY_RECORDED and _fact(command) in taken:
            return replace(TWICE_HERE, tells_of=refusal.tells_of)
        return refusal


def _key(command: RecordEvent) -> object:
    return command.idempotency_key


def _fact(command: RecordEvent) -> object:
    return command.fiscal_code, command.type, command.occurred_at
