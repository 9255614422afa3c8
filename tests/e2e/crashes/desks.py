# SPDX-License-Identifier: EUPL-1.2
"""Who records: one event after another, each under its key until it is acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import httpx2

RECORD = """mutation ($input: RecordConditionalityEventInput!) {
  recordConditionalityEvent(input: $input) { event { id } userErrors { code message } } }"""
LATEST = datetime(2026, 6, 1, tzinfo=UTC)
LONGEST = 20.0
"""Seconds until an answer: a database that recovers takes its time."""


class Desk:
    """Keeps what was acknowledged, and repeats what was not under the same key, at whichever hub answers."""

    def __init__(
        self, number: int, fiscal_code: str, token: str, addresses: Sequence[str], random: Random
    ) -> None:
        self.acknowledged: dict[str, str] = {}
        """Event ids, by the key they were recorded under."""
        self.repeated = 0
        """Attempts of which no answer came."""
        self._number, self._fiscal_code, self._token = number, fiscal_code, token
        self._addresses, self._random = addresses, random

    async def work(self, stop: asyncio.Event) -> None:
        """Record until told to stop; what was begun is brought to its end."""
        async with httpx2.AsyncClient(
            trust_env=False, timeout=LONGEST, headers={"authorization": f"Bearer {self._token}"}
        ) as http:
            while not stop.is_set():
                key = f"desk-{self._number}-event-{len(self.acknowledged)}"
                self.acknowledged[key] = await self._record(http, key)

    async def _record(self, http: httpx2.AsyncClient, key: str) -> str:
        event = {
            "idempotencyKey": key,
            "fiscalCode": self._fiscal_code,
            "type": "ACTIVITY_NOT_ATTENDED",
            "occurredAt": (LATEST - timedelta(seconds=len(self.acknowledged))).isoformat(),
            "note": key,
        }
        while True:
            address = self._random.choice(self._addresses)
            try:
                answer = await http.post(
                    f"{address}/graphql", json={"query": RECORD, "variables": {"input": event}}
                )
            except httpx2.TransportError:
                answer = None  # killed: whether it was recorded is not known
            if answer is not None and answer.status_code == 200 and "errors" not in answer.json():
                payload: dict[str, Any] = answer.json()["data"]["recordConditionalityEvent"]
                assert payload["userErrors"] == []
                event_id: str = payload["event"]["id"]
                return event_id
            # A hub without its database says so (503), and does not say that it recorded.
            assert answer is None or answer.status_code in (200, 503), answer.text
            self.repeated += 1
            await asyncio.sleep(0.02)
