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
    account, is_personal = asked.account, asked.prepared.is_personal
    try:
        reply = await answering
    except Forbidden:
        if is_personal or asked.operation.kind is OperationType.MUTATION:
            await account.refused()
        raise
    except Exception as error:
        # What could not be asked was not looked at.
        if is_personal and (not isinstance(error, InvalidInput) or account.seen):
            await account.failed()
        raise
    if not is_personal:
        return reply
    if isinstance(reply, Reply):
        await (account.answered() if reply.gives_data else account.failed())
        return reply
    # Each page of a subscription accounts for itself (`hub.http.subscriptions`).
    return reply if reply.is_subscription else replace(reply, responses=_parts(account, reply.responses))


async def _parts(account: Account, responses: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """The parts of a deferred answer: the first is accounted for, and each that shows somebody new."""
    async with aclosing(responses):
        is_first = True
        async for response in responses:
            if is_first or account.seen:
                await account.answered()
            is_first = False
            yield response
