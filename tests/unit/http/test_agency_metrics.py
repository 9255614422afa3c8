# SPDX-License-Identifier: EUPL-1.2
"""What is counted of calls to agencies, as Prometheus reads it."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from connectors.exchange import Policy
from hub.errors import UpstreamUnavailable
from hub.http.agency_metrics import AgencyMetrics
from tests.unit.connectors.test_exchange import FRAGILE, Agency, exchange, prepare, reply


def scraped(registry: CollectorRegistry) -> dict[tuple[str, ...], float]:
    """Every sample, by its name and the values of its labels."""
    families = text_string_to_metric_families(generate_latest(registry).decode())
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


async def test_calls_by_agency_operation_and_end() -> None:
    target = exchange(Agency(*(reply(503) for _ in range(4))), Policy(attempts=1, breaker=FRAGILE))
    other = exchange(Agency(reply(500), reply(200, content=b"12345")))
    other.name = "OTHER"
    for _ in range(6):
        with pytest.raises(UpstreamUnavailable):
            await target.call("op", prepare, idempotent=True)
    await other.call("read", prepare, idempotent=True)
    registry = CollectorRegistry()
    registry.register(AgencyMetrics([target, other]))
    found = scraped(registry)
    assert found["snodo_agency_calls_total", "TEST", "op", "failed"] == 4
    assert found["snodo_agency_calls_total", "TEST", "op", "open"] == 2
    assert found["snodo_agency_calls_total", "OTHER", "read", "answered"] == 1
    assert ("snodo_agency_calls_total", "OTHER", "read", "failed") not in found
    assert found["snodo_agency_call_seconds_count", "TEST", "op"] == 6
    assert found["snodo_agency_call_seconds_bucket", "TEST", "+Inf", "op"] == 6
    assert found["snodo_agency_call_seconds_bucket", "OTHER", "0.005", "read"] == 0, (
        "it waited 0.05 s to ask again"
    )
    assert found["snodo_agency_call_seconds_bucket", "OTHER", "0.1", "read"] == 1
    assert found["snodo_agency_call_seconds_sum", "OTHER", "read"] == pytest.approx(0.05)
    assert found["snodo_agency_attempts_total", "OTHER", "read"] == 2
    assert found["snodo_agency_retries_total", "OTHER", "read"] == 1
    assert found["snodo_agency_joined_total", "OTHER", "read"] == 0
    assert found["snodo_agency_invalid_total", "OTHER", "read"] == 0
    assert found["snodo_agency_bytes_received_total", "OTHER", "read"] == 5
    assert found["snodo_agency_bytes_sent_total", "OTHER", "read"] == 2 * len(b"question")
    assert found["snodo_agency_breaker", "TEST", "op", "open"] == 1
    assert found["snodo_agency_breaker", "TEST", "op", "closed"] == 0
    assert found["snodo_agency_breaker", "OTHER", "read", "closed"] == 1
    assert found["snodo_agency_failure_rate", "TEST", "op"] == 1
    assert found["snodo_agency_retry_budget", "OTHER"] == 9
    assert found["snodo_agency_calls_in_use", "OTHER"] == found["snodo_agency_calls_waiting", "OTHER"] == 0
