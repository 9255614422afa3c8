# SPDX-License-Identifier: EUPL-1.2
"""Subscriptions: pages of the feed, one after another, each by the same statement as the one before.

Whether an entry was there when the subscription began or came later makes no difference: each page is what stands beyond the
cursor, so that there is no seam at which one could be lost or doubled. A follower that waits holds no connection.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TypeAlias

from hub.access.caller import Caller
from hub.access.operator import Operator
from hub.errors import Forbidden
from hub.http.execution import Asked, Execution
from hub.http.open_streams import OpenStreams
from hub.http.streams import Stream
from hub.plan.feed import CURSOR, read_followed
from hub.plan.runner import Runner
from hub.store.announcements import Word

AskAgain: TypeAlias = Callable[[], Awaitable[tuple[Caller, Operator | None]]]
"""Who is asking, as of now: raises once the voucher has expired or the grant is gone."""


class Subscriptions:
    """Opens subscriptions, as many as the process may have."""

    def __init__(self, runner: Runner, execution: Execution, word: Word, opened: OpenStreams) -> None:
        """Take what runs pages, how many subscriptions there may be, and the word upon which followers look again."""
        self._runner = runner
        self._execution = execution
        self._word = word
        self._opened = opened

    def open(self, asked: Asked, ask_again: AskAgain) -> Stream:
        """Follow the feed.

        Raises:
            TooManyStreams: the process, or the consumer in it, has as many subscriptions as it may.

        """
        self._opened.subscribe(asked.caller)
        behind = AsyncExitStack()
        behind.callback(self._opened.unsubscribe, asked.caller)
        return Stream(self._pages(asked, ask_again), behind, is_subscription=True)

    async def _pages(self, asked: Asked, ask_again: AskAgain) -> AsyncGenerator[bytes, None]:
        operation, variables = asked.operation, dict(asked.variables)
        while True:
            # NOTE read before the page is: an entry published while the statement runs wakes us when it is done.
            heard = self._word.heard
            caller, operator = await ask_again()
            prepared = operation.prepare(variables, caller.scope)
            account = asked.account.anew(replace(asked.account.look, caller=caller, operator=operator))
            try:
                prepared.permit(caller)
            except Forbidden:
                await account.refused()
                raise
            ((text, plan),) = prepared.parts
            assert plan is not None  # a subscription has one root field, and it is planned
            page = read_followed(await self._runner.run(plan, variables, caller, account.seen))
            variables[CURSOR] = page.end
            if page.has_entries:
                if plan.is_stored:
                    response = b"".join((b'{"data":{', text, page.json, b"}}"))
                else:
                    again = Asked(asked.request, operation, prepared, variables, caller, operator, account)
                    response = (await self._execution.whole(again, root=page.json)).body
                await account.answered()
                yield response
            if not page.has_more:
                await self._word.after(heard)
