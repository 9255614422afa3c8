# SPDX-License-Identifier: EUPL-1.2
"""A line of the log names the trace of the work it is about."""

from __future__ import annotations

import json

import pytest
import structlog

from hub.cli.options import log_to_stderr
from hub.trace import RECEIVED, known_trace
from tests.spans import Gathered

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def test_the_trace_of_who_asks(capsys: pytest.CaptureFixture[str]) -> None:
    log_to_stderr("INFO")
    token = RECEIVED.set(f"00-{TRACE}-00f067aa0ba902b7-00".encode())
    try:
        structlog.get_logger().info("said")
        structlog.get_logger().info("said", trace="another")
    finally:
        RECEIVED.reset(token)
    structlog.get_logger().info("said")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line.get("trace") for line in lines] == [TRACE, "another", None]


def test_the_trace_of_the_span_under_way() -> None:
    gathering = Gathered()
    with gathering.taking(), gathering.tracing.spans.begin("work"):
        known = known_trace()
    [span] = gathering.spans
    assert span.context is not None
    assert known == f"{span.context.trace_id:032x}"
