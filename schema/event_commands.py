# SPDX-License-Identifier: EUPL-1.2
"""What commands on the ledger share: how a refusal is told, and the two ways an event comes to be."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import asyncpg
import strawberry

from hub.ledger import refusals
from hub.ledger.record import Recorded
from hub.ledger.refusals import Refusal
from hub.plan.commands import Asking, Outcome
from hub.plan.written import VALUES
from hub.store.statement import Connection
from schema.commands import read_back
from schema.context import Means
from schema.cost import about
from schema.sensitivity import public

strawberry.enum(refusals.RefusalCode, name="UserErrorCode", description="Why a command was refused.")

Step = Callable[[Connection], Awaitable[Recorded | Refusal]]


@public
@strawberry.type(description="An expected refusal: what the person at the desk can mend.")
class UserError:
    code: refusals.RefusalCode
    message: str
    path: list[str] = strawberry.field(
        description="The member of the input it is about.", directives=[about(2)]
    )


def user_error(refusal: Refusal, *around: str) -> UserError:
    """A refusal as the client is told it; `around`: the way to the input it is about."""
    return UserError(code=refusal.code, message=refusal.message, path=["input", *around, *refusal.path])


def refused(refusal: Refusal) -> Outcome:
    """The outcome of a command that is refused."""
    return Outcome(None, [user_error(refusal)])


async def written(
    means: Means, asking: Asking, values: Mapping[str, Any], step: Step, left: Refusal
) -> Outcome:
    """What comes of writing an event: in one statement where that does, else by `step`, read back after it, in one transaction.

    `values`: what the statement binds. `left`: said in place of the first answer, when it was given about a person whom the caller
    reaches no more.
    """
    account = asking.account
    await account.foresee(means.database.write)
    rows = await _at_once(means, asking, values)
    if rows is not None:
        return Outcome(rows, is_logged=True)
    # Not the usual case.
    async with means.database.write.acquire() as connection, connection.transaction():
        recorded = await step(connection)
        if isinstance(recorded, Refusal):
            if recorded.tells_of is not None:
                account.shows([recorded.tells_of])
            return refused(recorded)
        rows = await read_back(connection, asking, recorded.event_id)
        if recorded.person is not None:
            account.shows([recorded.person])  # of whom is told at least that the event is there
        await account.answered_within(connection)
    if recorded.again and b"null" in rows.values():
        return Outcome(None, [user_error(left)], is_logged=True)
    return Outcome(rows, is_logged=True)


async def _at_once(means: Means, asking: Asking, values: Mapping[str, Any]) -> Mapping[str, bytes] | None:
    """The event as it was asked for, written and read in one statement; None when that wrote nothing."""
    if asking.reads.at_once is None:
        return None
    key, plan = asking.reads.at_once
    account = asking.account
    bound = {**values, **account.look.values()}
    try:
        row = await means.recording.run(
            plan, {**asking.variables, VALUES: bound}, asking.caller, account.seen
        )
    except (asyncpg.IntegrityConstraintViolationError, asyncpg.DeadlockDetectedError):
        return None  # what it found went while it ran, another wrote the same meanwhile, or each waited for the other
    if row == b"null":
        return None
    return {} if key is None else {key: row}
