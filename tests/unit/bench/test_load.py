# SPDX-License-Identifier: EUPL-1.2
"""wrk sends what it is given, in turn, and writes over the marked words a key that was never sent."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson
import pytest

from bench.load import load
from bench.questions import FRESH, body

pytestmark = pytest.mark.skipif(shutil.which("wrk") is None, reason="needs the load generator wrk")


@contextmanager
def listening(status: int) -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """A server that keeps what it is sent: voucher and body."""
    seen: list[tuple[str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["content-length"]))
            seen.append((self.headers["authorization"], content))
            self.send_response(status)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", seen
        finally:
            server.shutdown()
            serving.join()


def test_bodies_are_sent_in_turn_and_keys_are_new_in_every_run() -> None:
    bodies = [body("query", {"n": 1}), body("mutation", {"idempotencyKey": FRESH})]
    with listening(200) as (url, seen):
        found = load(url, "voucher", bodies, connections=1, seconds=1)
        found_again = load(url, "voucher", bodies, connections=1, seconds=1)
    assert {voucher for voucher, _ in seen} == {"Bearer voucher"}
    asked = [orjson.loads(content) for _, content in seen]
    keys = [one["variables"]["idempotencyKey"] for one in asked if one["query"] == "mutation"]
    assert len(keys) == len(set(keys))
    assert all(len(key) == len(FRESH) and "@" not in key for key in keys)
    assert abs(len(asked) - 2 * len(keys)) <= 2
    # A run may leave with its last request sent and not answered.
    assert 0 <= len(asked) - found.requests - found_again.requests <= 2


def test_a_refusal_ends_the_bench() -> None:
    with listening(500) as (url, _seen), pytest.raises(SystemExit, match="requests failed"):
        load(url, "voucher", [body("query", {})], connections=1, seconds=1)
