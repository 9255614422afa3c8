# SPDX-License-Identifier: EUPL-1.2
"""How often each consumer and purpose, and each citizen, may ask: counted for all hub processes, at no round trip of its own.

A process leases calls in advance, some seconds' worth at a time, and takes each request from what it holds. What is leased counts as
used until it is given back, so that all processes together never answer more than a limit allows; and a lease is at most an
eighth of what is left, so that near a limit they go down to single calls (docs/adr/0019).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from math import ceil, inf
from typing import ClassVar, Final

import structlog

from hub.access.call_counts import CallCounts, Granted, Left, Subject
from hub.access.call_windows import Windows, windows_at
from hub.access.caller import Caller
from hub.errors import ClientError
from hub.repeating import Sleep, repeat
from hub.store.vocabulary import CallsOf, CallWindow

log = structlog.get_logger()

LASTS: Final = 2.0
"""Seconds a lease should last at the present rate."""
LEAST: Final = 4
"""Fewest calls asked for at once; where fewer are given a limit is near, and none are leased ahead any more."""
MOST: Final = 10_000
"""Most calls asked for at once."""
GROWTH: Final = 4
"""Times the last lease that the next may be."""
AHEAD: Final = 2.0
"""Seconds before the end of a minute from which on the next one's calls are leased."""
RECHECK: Final = 1.0
"""Seconds for which a refusal holds, and after which the database is asked again: another process may have given back."""
IDLE: Final = 5.0
"""Seconds without a call after which what is held is given back."""
TICK: Final = 1.0
"""Seconds between two looks for what is idle or over."""
AT_ONCE: Final = 2
"""Leases under way at once: they are not to take the connections from those who write."""
KEPT: Final = 3_600.0
"""Seconds a window is kept in the database after its end. NOTE more than clocks differ: a lease finds its own row, or none."""
MOST_KNOWN: Final = 20_000
"""Subjects of a kind one process holds calls for, some 600 bytes each; beyond it those who came first go."""

WHO: Final = {
    CallsOf.PURPOSE: "this purpose",
    CallsOf.CONSUMER: "this consumer, under all its purposes together",
    CallsOf.ESERVICE: "all consumers together",
    CallsOf.CITIZEN: "one person",
}


class RateLimited(ClientError):
    """There were more calls than are allowed; ask again when the window is over."""

    code = "RATE_LIMITED"
    status: ClassVar[int] = 429


class CallsUsedUp(RateLimited):
    """A limit of calls is reached."""

    def __init__(self, bound: Left, now: float) -> None:
        self.bound = bound
        seconds = max(ceil(bound.window.end - now), 1)
        super().__init__(
            f"The limit of {bound.limit} calls a {bound.call_window.value.lower()} for {WHO[bound.calls_of]} is reached; "
            f"ask again in {seconds} seconds.",
            limit=bound.limit,
            window=bound.call_window.value,
            of=bound.calls_of.value,
            retryAfter=seconds,
        )


class Allowance:
    """The calls of one subject in the present minute, as far as this process holds them. Only its limiter changes it."""

    __slots__ = (
        "asked", "bound", "closed_until", "coming", "had", "held", "leased_at", "low", "renew_at", "renewal", "subject", "trouble",
        "until", "used_at", "waiting", "windows",
    )  # fmt: skip

    def __init__(self, subject: Subject, now: float) -> None:
        self.subject = subject
        self.held = 0
        """Calls that are leased and not yet used."""
        self.low = 0
        """At how many of them more are leased; at none, before they are asked for, if negative."""
        self.until = 0.0
        """The end of the minute they are leased for."""
        self.renew_at = inf
        """From when on the next minute's are leased."""
        self.windows: Windows | None = None
        self.coming: tuple[Windows, Granted] | None = None
        """What is leased for the next minute."""
        self.bound: Left | None = None
        """The limit that is reached first, and what was left of it when the last lease was made."""
        self.closed_until = 0.0
        """Until when nothing is left, as far as is known."""
        self.asked = LEAST
        self.had = 0
        """What was held right after the last lease."""
        self.leased_at = self.used_at = now
        self.waiting = 0
        """Requests that wait for a lease."""
        self.renewal: asyncio.Task[None] | None = None
        self.trouble: Exception | None = None
        """Why the last lease was not made."""


class RateLimiter:
    """The allowances of one process. `clock` gives Unix seconds. Belongs to one event loop."""

    def __init__(self, counts: CallCounts, clock: Callable[[], float]) -> None:
        self._counts = counts
        self._clock = clock
        self._purposes: dict[int, Allowance] = {}
        self._people: dict[int, Allowance] = {}
        # NOTE by the UUID's number: hashing and comparing UUIDs costs more than all the rest of a call.
        self._unused: list[tuple[Subject, Windows, int]] = []
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._forget_at = clock() + KEPT / 10
        self.taken = 0
        """Calls answered."""
        self.refused = dict.fromkeys(CallWindow, 0)
        """Calls refused, by the window that was used up."""
        self.leases = 0
        self.leased = 0
        self.given_back = 0
        """Leases made; calls leased and given back."""

    def check(self, caller: Caller) -> None:
        """Take no call, and ask nobody.

        Raises:
            CallsUsedUp: none can be taken, as was found a moment ago.

        """
        allowance = self._allowance(caller)
        if allowance.held <= 0:
            self._check_open(allowance, self._clock())

    def take(self, caller: Caller) -> Allowance | None:
        """Take one call from what this process holds; None where it must be waited for."""
        person = caller.person_id
        allowance = (
            self._purposes.get(caller.purpose_id.int) if person is None else self._people.get(person.int)
        )
        if allowance is None or allowance.held <= 0:
            return None
        now = self._clock()
        if now >= allowance.until:
            return None
        self._count(allowance, now)
        return allowance

    async def wait(self, caller: Caller) -> Allowance:
        """Take one call, leasing some where this process holds none.

        Raises:
            CallsUsedUp: a limit is reached.

        Also what the database's driver raises where none can be leased: nobody is answered whom nobody counts.

        """
        allowance = self._allowance(caller)
        while True:
            now = self._clock()
            if now >= allowance.until:
                self._turn(allowance, now)
            if allowance.held > 0:
                self._count(allowance, now)
                return allowance
            self._check_open(allowance, now)
            if allowance.renewal is None:
                self._lease(allowance, now, windows_at(now))
            assert allowance.renewal is not None
            allowance.waiting += 1
            try:
                # A request that ends meanwhile does not end the lease that others wait for.
                await asyncio.shield(allowance.renewal)
            finally:
                allowance.waiting -= 1
            if allowance.trouble is not None:
                raise allowance.trouble

    async def run(self, sleep: Sleep = asyncio.sleep) -> None:
        """Give back what is idle or over, and forget windows that are long past; for ever."""
        await repeat(self.tend, TICK, "calls.not_tended", sleep=sleep)

    async def tend(self) -> None:
        """One such look. Trouble of the database is logged; what could not be given back stays counted as used."""
        now = self._clock()
        for known in (self._purposes, self._people):
            for key, allowance in list(known.items()):
                if now >= allowance.until:
                    self._turn(allowance, now)
                if now - allowance.used_at >= IDLE and allowance.renewal is None and not allowance.waiting:
                    self._release(allowance)
                    del known[key]
        try:
            await self._give_back()
            if now >= self._forget_at:
                self._forget_at = now + KEPT / 10
                await self._counts.forget(now - KEPT)
        except Exception as error:
            # NOTE a driver's message may quote a row: only its class is logged.
            log.warning("calls.not_given_back", error=type(error).__name__)

    async def close(self) -> None:
        """Give back all that is held: when no more requests come."""
        renewals = [a.renewal for a in self._all() if a.renewal is not None]
        await asyncio.gather(*renewals)
        for allowance in self._all():
            self._release(allowance)
        self._purposes.clear()
        self._people.clear()
        try:
            await self._give_back()
        except Exception as error:
            log.warning("calls.not_given_back", error=type(error).__name__)

    def _check_open(self, allowance: Allowance, now: float) -> None:
        if now < allowance.closed_until:
            assert allowance.bound is not None
            self.refused[allowance.bound.call_window] += 1
            raise CallsUsedUp(allowance.bound, now)

    def _all(self) -> Iterator[Allowance]:
        yield from self._purposes.values()
        yield from self._people.values()

    def _allowance(self, caller: Caller) -> Allowance:
        person = caller.person_id
        known, key = (self._purposes, caller.purpose_id.int) if person is None else (self._people, person.int)
        allowance = known.get(key)
        if allowance is None:
            if len(known) >= MOST_KNOWN:
                self._drop_one(known)
            subject = Subject(caller.purpose_id, caller.agency_id, person)
            allowance = known[key] = Allowance(subject, self._clock())
        return allowance

    def _drop_one(self, known: dict[int, Allowance]) -> None:
        for _ in range(8):
            key = next(iter(known))
            allowance = known.pop(key)
            if allowance.renewal is None and not allowance.waiting:
                self._release(allowance)
                return
            known[key] = allowance  # a lease is on its way to it: last in the row, then

    def _count(self, allowance: Allowance, now: float) -> None:
        """Use one of the calls that are held, and see to it that more are there in time."""
        allowance.held -= 1
        allowance.used_at = now
        self.taken += 1
        if allowance.renewal is None:
            # NOTE near a limit not for the next minute either: of a day's last calls it would keep some from this one.
            if now >= allowance.renew_at and allowance.low >= 0:
                self._lease(allowance, now, windows_at(allowance.until))
            elif allowance.held <= allowance.low and now >= allowance.closed_until:
                self._lease(allowance, now, windows_at(now))

    def _lease(self, allowance: Allowance, now: float, windows: Windows) -> None:
        """Begin to lease as many calls as are used in some seconds."""
        used, elapsed = allowance.had - allowance.held, max(now - allowance.leased_at, 0.001)
        wanted = max(LEAST, allowance.waiting, ceil(used / elapsed * LASTS))
        allowance.asked = min(wanted, allowance.asked * GROWTH, MOST)
        allowance.trouble = None
        allowance.renewal = asyncio.create_task(self._leased(allowance, windows), name="lease of calls")

    async def _leased(self, allowance: Allowance, windows: Windows) -> None:
        try:
            async with self._at_once:
                granted = await self._counts.lease(allowance.subject, windows, allowance.asked)
        except Exception as trouble:
            allowance.trouble = trouble
            now = self._clock()
            # NOTE only then: one that failed for the present minute says nothing of the next, which may be leased already.
            if windows.minute.start > now:
                allowance.renew_at = now + RECHECK
        else:
            self.leases += 1
            self.leased += granted.calls
            now = self._clock()
            if now >= allowance.until:
                self._turn(allowance, now)
            self._take_in(allowance, windows, granted, now)
        finally:
            allowance.renewal = None

    def _take_in(self, allowance: Allowance, windows: Windows, granted: Granted, now: float) -> None:
        if windows.minute.start > now:
            if allowance.coming is not None:
                self._unused.append((allowance.subject, allowance.coming[0], allowance.coming[1].calls))
            allowance.coming, allowance.renew_at = (windows, granted), inf
        elif windows.minute.end <= now:  # it came too late
            self._unused.append((allowance.subject, windows, granted.calls))
        else:
            self._install(allowance, windows, granted, now)

    def _install(self, allowance: Allowance, windows: Windows, granted: Granted, now: float) -> None:
        """Hold what was leased for the present minute."""
        if allowance.windows is None or allowance.windows.minute != windows.minute:
            allowance.renew_at = windows.minute.end - AHEAD
            allowance.windows, allowance.until = windows, windows.minute.end
        allowance.held += granted.calls
        allowance.had, allowance.leased_at = allowance.held, now
        # NOTE near a limit nobody holds a call it was not asked for: another process may be.
        allowance.low = allowance.held // 2 if granted.calls >= LEAST else -1
        allowance.bound = min(granted.lefts, key=lambda one: (one.left, -one.window.end))
        allowance.closed_until = 0.0 if granted.calls else min(now + RECHECK, windows.minute.end)

    def _turn(self, allowance: Allowance, now: float) -> None:
        """The minute is over: what was leased for it is given back, what was leased for the next is held."""
        coming, allowance.coming = allowance.coming, None
        self._release(allowance)
        if coming is not None:
            self._take_in(allowance, *coming, now)

    def _release(self, allowance: Allowance) -> None:
        """Hold nothing any more."""
        if allowance.windows is not None:
            self._unused.append((allowance.subject, allowance.windows, allowance.held))
        if allowance.coming is not None:
            windows, granted = allowance.coming
            self._unused.append((allowance.subject, windows, granted.calls))
        allowance.held, allowance.until, allowance.windows, allowance.coming = 0, 0.0, None, None
        allowance.renew_at = inf

    async def _give_back(self) -> None:
        while self._unused:
            # NOTE taken off before it is said: what may have been given back already is never given back again.
            subject, windows, unused = self._unused.pop()
            if unused:
                await self._counts.give_back(subject, windows, unused)
                self.given_back += unused
