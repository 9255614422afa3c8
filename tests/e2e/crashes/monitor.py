# SPDX-License-Identifier: EUPL-1.2
"""Who watches the log, as its monitors do: every checkpoint is signed, and the next log has the last one as its beginning."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import Sequence
from random import Random

import httpx2

from hub.ledger.checkpoint import Checkpoint, read_checkpoint
from hub.ledger.merkle import is_consistent
from hub.ledger.signed_note import VerifierKey
from hub.ledger.verification import Verified, Verifier

FEED = "/feeds/conditionality"


class Monitor:
    """Keeps every checkpoint it saw; one that does not follow from the others, whichever hub shows it, is a fault."""

    def __init__(self, key: VerifierKey, token: str, addresses: Sequence[str], random: Random) -> None:
        self.seen: dict[int, Checkpoint] = {}
        """Checkpoints, by the log's size."""
        self.proved = 0
        """Pairs of them that a consistency proof joined."""
        self._key, self._token, self._addresses, self._random = key, token, addresses, random

    async def follow(self, stop: asyncio.Event) -> None:
        """Watch until told to stop."""
        async with self._client() as http:
            while not stop.is_set():
                await self._look(http)
                await asyncio.sleep(0.2)

    async def to(self, size: int) -> None:
        """Watch until a checkpoint covers so many entries."""
        async with self._client() as http:
            while max(self.seen, default=0) < size:
                await self._look(http)
                await asyncio.sleep(0.2)

    async def verify(self) -> Verified:
        """Read the whole feed, and hold it against every checkpoint that was seen.

        Raises:
            Unproven: they do not agree.
        """
        verifier = Verifier(self.seen.values())
        async with (
            self._client() as http,
            http.stream("GET", f"{self._addresses[0]}{FEED}", params={"after": "0"}) as answer,
        ):
            assert answer.status_code == 200
            async for line in answer.aiter_lines():
                verifier.take(line.encode())
        return verifier.end()

    def _client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            trust_env=False, timeout=20, headers={"authorization": f"Bearer {self._token}"}
        )

    async def _look(self, http: httpx2.AsyncClient) -> None:
        answer = await self._asked(http, "/checkpoint", 404)  # 404: nothing is signed yet
        if answer is None or answer.status_code == 404:
            return
        checkpoint = read_checkpoint(answer.text, self._key)
        known = self.seen.get(checkpoint.size)
        assert known is None or known == checkpoint, "a log of one size has one root"
        if known is not None:
            return
        for neighbour in self._neighbours(checkpoint.size):
            await self._prove(http, *sorted((neighbour, checkpoint), key=lambda one: one.size))
        self.seen[checkpoint.size] = checkpoint

    def _neighbours(self, size: int) -> Sequence[Checkpoint]:
        """Those next to it: a hub may show one that is a second older than what another showed."""
        below = max((one for one in self.seen if one < size), default=None)
        above = min((one for one in self.seen if one > size), default=None)
        return [self.seen[one] for one in (below, above) if one is not None]

    async def _prove(self, http: httpx2.AsyncClient, old: Checkpoint, new: Checkpoint) -> None:
        answer = None
        while answer is None:
            answer = await self._asked(http, f"/proofs/consistency?from={old.size}&to={new.size}")
        proof = [b64decode(one) for one in answer.json()["hashes"]]
        assert is_consistent(old.size, old.root, new.size, new.root, proof), (
            "the log only ever grows at its end"
        )
        self.proved += 1

    async def _asked(self, http: httpx2.AsyncClient, path: str, *also: int) -> httpx2.Response | None:
        """What a hub answers; None where it is away, or without its database."""
        try:
            answer = await http.get(f"{self._random.choice(self._addresses)}{FEED}{path}")
        except httpx2.TransportError:
            answer = None
        if answer is None or answer.status_code == 503:
            await asyncio.sleep(0.02)
            return None
        assert answer.status_code in (200, *also), answer.text
        return answer
