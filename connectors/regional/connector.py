# SPDX-License-Identifier: EUPL-1.2
"""A regional labour system: asked, page by page, for its pacts, offers and courses; told what was recorded elsewhere."""

from __future__ import annotations

import time
import uuid
from collections.abc import Awaitable, Callable
from typing import TypeVar

from connectors.exchange import Exchange
from connectors.outbound.fact import Fact, Receipt
from connectors.pdnd import ClientIdentity, EServiceAccess, Passes
from connectors.records.delivery import Delivered, Page
from connectors.regional import facts
from connectors.regional.records import RegionalCourse, RegionalOffer, RegionalPact
from connectors.regional.resources import COURSES, OFFERS, PACTS, Resource, read_record
from connectors.regional.system import RegionalSystem
from connectors.signed_json import SignedJson

R = TypeVar("R")

LONGEST_CURSOR = 200
"""Characters of a cursor."""


class RegionalConnector:
    """One region's system. Paths and envelopes are unverified (see the package)."""

    def __init__(
        self,
        identity: ClientIdentity,
        passes: Passes,
        exchange: Exchange,
        system: RegionalSystem,
        *,
        now: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
        ends: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Take the hub's client on PDND, the passes it shares between agencies, the region's exchange, and what is to be closed with it."""
        self.system = system
        self.exchange = exchange
        self._ends = ends
        access = EServiceAccess(
            identity,
            passes,
            purpose_id=system.purpose_id,
            audiences=[system.audience],
            now=now,
            new_id=new_id,
        )
        self._service = SignedJson(exchange, access, url=system.url)

    async def aclose(self) -> None:
        """Close the connections, where they are this connector's own."""
        if self._ends is not None:
            await self._ends()

    async def pacts(self, after: str | None, limit: int) -> Page[RegionalPact]:
        """Give the pacts that changed after a cursor; see `page`."""
        return await self.page(PACTS, after, limit)

    async def job_offers(self, after: str | None, limit: int) -> Page[RegionalOffer]:
        """Give the offers that changed after a cursor; see `page`."""
        return await self.page(OFFERS, after, limit)

    async def training_courses(self, after: str | None, limit: int) -> Page[RegionalCourse]:
        """Give the courses that changed after a cursor; see `page`."""
        return await self.page(COURSES, after, limit)

    async def tell(self, fact: Fact) -> Receipt:
        """Tell the region of a fact that was recorded here; told again under the same key it changes nothing.

        Raises:
            UpstreamUnavailable: the region does not answer.
            UpstreamRefused: it does not let the request in.
            UpstreamInvalid: the answer is no receipt of this fact.

        """
        answer = await self._service.ask(facts.OPERATION, facts.PATH, facts.write_fact(fact))
        receipt = facts.read_receipt(answer, fact)
        if receipt is None:
            raise self._service.invalid("it is no receipt of what was sent")
        return receipt

    def read(self, resource: Resource[R], raw: object) -> Delivered[R]:
        """Read one record, also one that was kept from an earlier page."""
        return read_record(resource, raw, self.system.codes, self.system.names)

    async def page(self, resource: Resource[R], after: str | None, limit: int) -> Page[R]:
        """Give the records of a resource after a cursor, oldest change first; a malformed one comes refused.

        Args:
            resource: PACTS, OFFERS or COURSES.
            after: the watermark of an earlier page; None for the beginning.
            limit: records of the page at most.

        Raises:
            UpstreamUnavailable: the region does not answer.
            UpstreamRefused: it refuses the question.
            UpstreamInvalid: the answer is not a page.

        """
        question: dict[str, object] = {"limit": limit}
        if after is not None:
            question["cursor"] = after
        answer = await self._service.ask(resource.path, f"{resource.path}/ricerca", question)
        items, cursor, more = answer.get("items"), answer.get("cursor"), answer.get("hasMore")
        if not isinstance(items, list) or len(items) > limit:
            raise self._service.invalid("items is not a list of at most the records asked for")
        if cursor is not None and not (isinstance(cursor, str) and 0 < len(cursor) <= LONGEST_CURSOR):
            raise self._service.invalid("cursor is not a text of 1 to 200 characters")
        if not isinstance(more, bool):
            raise self._service.invalid("hasMore is neither true nor false")
        if (items or more) and cursor in {None, after}:
            raise self._service.invalid("cursor does not move on")
        return Page(tuple(self.read(resource, item) for item in items), cursor or after, more)
