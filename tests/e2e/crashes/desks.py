# SPDX-License-Identifier: EUPL-1.2
"""Who records: one event after another, now and then many at once, each under its key until it is acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import httpx2

RECORD = """mutation ($input: RecordConditionalityEventInput!) {
  recordConditionalityEvent(input: $input) { event { id } userErrors { code message } } }"""
RECORD_MANY = """mutation ($input: RecordConditionalityEventsInput!) { recordConditionalityEvents(input: $input) {
  results { event { id } userErrors { code message } } userErrors { code message } } }"""
MANY = 40
"""Events of the largest batch; one time in ten it is a batch."""
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
                many = self._random.randint(2, MANY) if self._random.random() < 0.1 else 1
                events = [self._event(len(self.acknowledged) + place) for place in range(many)]
                ids = await (self._record_many(http, events) if many > 1 else self._record(http, events[0]))
                self.acknowledged.update(zip((event["note"] for event in events), ids, strict=True))

    def _event(self, number: int) -> dict[str, str]:
        key = f"desk-{self._number}-event-{number}"
        return {
            "idempotencyKey": key,
            "fiscalCode": self._fiscal_code,
            "type": "ACTIVITY_NOT_ATTENDED",
            "occurredAt": (LATEST - timedelta(seconds=number)).isoformat(),
            "note": key,
        }

    async def _record(self, http: httpx2.AsyncClient, event: dict[str, str]) -> list[str]:
        payload = await self._acknowledged(http, RECORD, event)
        assert payload["userErrors"] == []
        return [payload["event"]["id"]]

    async def _record_many(self, http: httpx2.AsyncClient, events: list[dict[str, str]]) -> list[str]:
        given = {"events": events, "atomic": self._random.random() < 0.5}
        payload = await self._acknowledged(http, RECORD_MANY, given)
        assert payload["userErrors"] == []
        return [one["event"]["id"] for one in payload["results"]]

    async def _acknowledged(self, http: httpx2.AsyncClient, document: str, given: dict[str, Any]) -> Any:
        """The payload of the first answer, however often it takes to ask."""
        while True:
            address = self._random.choice(self._addresses)
            try:
                answer = await http.post(
                    f"{address}/graphql", json={"query": document, "variables": {"input": given}}
                )
            except httpx2.TransportError:
                answer = None  # killed: whether it was recorded is not known
            if answer is not None and answer.status_code == 200 and "errors" not in answer.json():
                (payload,) = answer.json()["data"].values()
                return payload
            # A hub without its database says so (503), and does not say that it recorded.
            assert answer is None or answer.status_code in (200, 503), answer.text
            self.repeated += 1
            await asyncio.sleep(0.02)
