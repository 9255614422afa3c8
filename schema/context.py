# SPDX-License-Identifier: EUPL-1.2
"""What a resolver finds in `info.context`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import strawberry

from hub.access.account import Account
from hub.access.call_counts import DefaultLimits
from hub.access.caller import Caller
from hub.access.log_reading import people_of
from hub.access.operator import Operator
from hub.plan.catalogue import Catalogue
from hub.plan.execution import ROOTS_AT_ONCE
from hub.plan.operation import Operation
from hub.plan.plan import Plan
from hub.plan.runner import Runner
from hub.store.engine import Database
from hub.store.vocabulary import Demand

if TYPE_CHECKING:
    from schema.live import LiveAnswers
    from schema.suitability import Seekers


@dataclass(frozen=True)
class Means:
    """What commands work with. `recording`: runs what records; `event_clock_tolerance`: how far a desk's clock may run ahead of `now`."""

    database: Database
    recording: Runner
    now: Callable[[], datetime]
    event_clock_tolerance: timedelta
    new_demands: frozenset[Demand]
    """Of an agency that is registered without saying what it must present."""
    default_limits: DefaultLimits
    """Of calls, of a consumer that has none of its own."""
    withdrawal_days: int
    """After that of its recording, of Europe/Rome, on the last of which an event may be withdrawn."""


@dataclass
class RequestContext:
    """One request: who asks, what was planned for it, and where answers come from."""

    caller: Caller
    operator: Operator | None
    operation: Operation
    variables: Mapping[str, Any]
    plans: Mapping[str, Plan]
    catalogue: Catalogue
    means: Means
    runner: Runner
    live: LiveAnswers
    seekers: Seekers
    account: Account
    walked: set[int] = field(default_factory=set)
    room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(ROOTS_AT_ONCE))

    async def shows(self, fiscal_codes: Iterable[str]) -> None:
        """Account for the people with these codes, where the hub knows them: what is told of them came from an agency."""
        async with self.means.database.write.acquire() as connection:
            self.account.shows(await people_of(connection, fiscal_codes))

    async def aclose(self) -> None:
        """Stop what the request still has under way."""
        await self.live.aclose()


Info: TypeAlias = strawberry.Info[RequestContext, None]
