# SPDX-License-Identifier: EUPL-1.2
"""Who reads the feed: from its cursor, over and over, starting again wherever it was left."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Any

import httpx2

FEED = """query ($after: String) {
  conditionalityFeed(after: $after, first: 200) { entries { position event { id } } endCursor hasMore } }"""


class Reader:
    """Keeps what it read, by position; whatever is not the next position, or not what stood there before, is a fault."""

    def __init__(self, start: int, token: str, addresses: Sequence[str], random: Random) -> None:
        self.start = start
        self.read: dict[int, str] = {}
        """Event ids, by position."""
        self.restarts = 0
        self._cursor = start
        self._token, self._addresses, self._random = token, addresses, random

    async def follow(self, stop: asyncio.Event) -> None:
        """Read until told to stop."""
        async with httpx2.AsyncClient(
            trust_env=False, timeout=20, headers={"authorization": f"Bearer {self._token}"}
        ) as http:
            while not stop.is_set():
                await self._page(http)
                if self._random.random() < 0.02 and self.read:
                    # It forgot where it was, as after a crash of its own, and reads again from somewhere before.
                    self._cursor = self._random.randint(self.start, self.start + len(self.read))
                    self.restarts += 1

    async def to(self, last: int) -> None:
        """Read until it stands at `last`."""
        async with httpx2.AsyncClient(
            trust_env=False, timeout=20, headers={"authorization": f"Bearer {self._token}"}
        ) as http:
            while self._cursor < last:
                await self._page(http)

    async def _page(self, http: httpx2.AsyncClient) -> None:
        address = self._random.choice(self._addresses)
        try:
            answer = await http.post(
                f"{address}/graphql", json={"query": FEED, "variables": {"after": str(self._cursor)}}
            )
        except httpx2.TransportError:
            answer = None
        if answer is None or answer.status_code != 200 or "errors" in answer.json():
            assert answer is None or answer.status_code in (200, 503), answer.text
            await asyncio.sleep(0.02)
            return
        page: dict[str, Any] = answer.json()["data"]["conditionalityFeed"]
        for place, entry in enumerate(page["entries"], self._cursor + 1):
            assert entry["position"] == place, "positions are dense"
            found = self.read.setdefault(place, entry["event"]["id"])
            assert found == entry["event"]["id"], "what stands at a position never changes"
        self._cursor = int(page["endCursor"])
        if not page["hasMore"]:
            await asyncio.sleep(0.02)
