# SPDX-License-Identifier: EUPL-1.2
"""A regional labour system by REST: pacts, offers, courses, each in pages by the order of change; and it is told what was recorded elsewhere.

Paths and envelopes are the hub's own, **unverified**: no region publishes them (domain.md section 9).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from connectors.simulators.keys import DemoKeys
from connectors.simulators.region_world import RegionWorld
from connectors.simulators.registry import Registry
from connectors.simulators.signed_service import Content, Operation, Pages, SignedService, members


class RegionSimulator(SignedService):
    """The system as an ASGI application (`app`); operations `patti`, `offerte`, `corsi`, `eventi` (for `faults`)."""

    def __init__(
        self,
        registry: Registry,
        keys: DemoKeys,
        world: RegionWorld,
        *,
        now: Callable[[], float] = time.time,
        eservice: str = "region",
    ) -> None:
        """Take the demo world's catalogue and keys, and the region's records; they may grow meanwhile. `eservice`: its name in the catalogue."""
        operations = tuple(
            Operation(name, f"{name}/ricerca", audit=False, answer=_listing(name, records))
            for name, records in (
                ("patti", world.pacts),
                ("offerte", world.offers),
                ("corsi", world.courses),
            )
        )
        told = Operation("eventi", "eventi/comunicazione", audit=False, answer=world.told.take)
        operations = (*operations, told)
        super().__init__(
            registry, keys, registry.eservices[eservice], operations, now=now, single_use_evidence=False
        )


def _listing(name: str, records: list[Any]) -> Callable[[Content], Content]:
    pages = Pages(name)

    def answer(question: Content) -> Content:
        members(question, {"limit"}, {"cursor"})
        page, cursor, more = pages.page(records, question, "cursor", "limit")
        return {"items": [one.record() for one in page], "cursor": cursor, "hasMore": more}

    return answer
