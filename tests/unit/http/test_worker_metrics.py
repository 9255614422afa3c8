# SPDX-License-Identifier: EUPL-1.2
"""What `snodo worker` tells of its calls: what a hub that serves tells of its own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import httpx2
from prometheus_client import CollectorRegistry, Counter

from hub.http.worker_metrics import worker_metrics
from tests.unit.connectors.test_exchange import Agency, exchange, prepare


async def test_calls_the_lock_and_spans_are_told() -> None:
    target = exchange(Agency())
    await target.call("NotificaSAP", prepare, idempotent=True)
    months: Any = SimpleNamespace(misplaced=3)
    spans = Counter("snodo_spans_ended", "Spans", registry=CollectorRegistry())
    app = worker_metrics([target], months, lambda: 1.0, spans)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        told = (await http.get("/metrics")).text
    for line in (
        'snodo_agency_calls_total{agency="TEST",operation="NotificaSAP",outcome="answered"} 1.0',
        "snodo_sequencer_active 1.0",
        "snodo_access_log_misplaced_lines 3.0",
        "snodo_spans_ended_total 0.0",
    ):
        assert line in told.splitlines()
