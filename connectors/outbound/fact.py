# SPDX-License-Identifier: EUPL-1.2
"""One fact on its way to another system, and what that system says to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from hub.store.vocabulary import ConditionalityEventType, Measure


@dataclass(frozen=True, slots=True, repr=False)
class Fact:
    """What is told. `key` is the same at every attempt: by it the recipient knows what it has had."""

    key: UUID
    position: int
    """Its place in the feed: of two facts about one person the later one has the higher."""
    event_id: UUID
    type: ConditionalityEventType
    occurred_at: datetime
    recorded_at: datetime
    recorded_by: str
    """The agency's code."""
    fiscal_code: str
    inps_protocol: str
    measure: Measure
    pact: str | None
    """The recipient's own id of the pact, where it is one of the recipient's."""
    withdraws: UUID | None
    """The event that this one takes back."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The recipient's answer: it has the fact, now or from before; or it will never take it. `code`: its own word, 1 to 60 characters."""

    accepted: bool
    code: str | None = None


class Recipient(Protocol):
    """A connector that can tell facts."""

    async def tell(self, fact: Fact) -> Receipt:
        """Tell one; told again under the same key it changes nothing.

        Raises:
            UpstreamUnavailable: no answer in time.
            UpstreamRefused: an HTTP status says that the request was not let in.
            UpstreamInvalid: the answer says neither; the fact may have arrived.

        """
