# SPDX-License-Identifier: EUPL-1.2
"""No answer about people leaves before it is written down whom it shows."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing
from dataclasses import replace

from graphql import OperationType

from hub.access.account import Account
from hub.errors import Forbidden, InvalidInput
from hub.http.answers import Reply
from hub.http.execution import Asked
from hub.http.streams import Stream


async def accounted(asked: Asked, answering: Awaitable[Reply | Stream]) -> Reply | Stream:
    """The answer, once it is accounted for; so are a refusal and a failure.

    Commands account for themselves (`Command.call`), but for one that is refused before it is called.

    Raises:
        AccessLogUnavailable: it cannot be, and is not given.

    """
    account, is_accounted = asked.account, asked.prepared.is_accounted
    try:
        reply = await answering
    except Forbidden:
        await refused(asked)
        raise
    except Exception as error:
        # What could not be asked was not looked at.
        if is_accounted and (not isinstance(error, InvalidInput) or account.seen):
            await account.failed()
        raise
    if isinstance(reply, Reply):
        # NOTE whom an agency told of, beside what a command read back, is not in the command's own line.
        if is_accounted or account.seen:
            await (account.answered() if reply.gives_data else account.failed())
        return reply
    if reply.is_subscription:
        return reply  # each page accounts for itself (`hub.http.subscriptions`)
    return replace(reply, responses=_parts(account, reply.responses, is_due=is_accounted))


async def refused(asked: Asked) -> None:
    """Account for a refusal, where an answer would be accounted for. Raises as `accounted` does."""
    if asked.prepared.is_accounted or asked.operation.kind is OperationType.MUTATION:
        await asked.account.refused()


async def _parts(
    account: Account, responses: AsyncGenerator[bytes, None], *, is_due: bool
) -> AsyncGenerator[bytes, None]:
    """The parts of a deferred answer: each that shows somebody new is accounted for, and the first where a line `is_due`."""
    async with aclosing(responses):
        async for response in responses:
            if is_due or account.seen:
                await account.answered()
            is_due = False
            yield response
