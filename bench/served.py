# SPDX-License-Identifier: EUPL-1.2
"""The contestants: one server process each, started by the bench and ended by it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from bench.questions import Question
from bench.world import World

HUB = (str(Path(sys.executable).with_name("snodo")), "serve")
BARE = (sys.executable, "-m", "bench.bare")
LONGEST_START = 60.0


@dataclass(frozen=True)
class Served:
    """A server that answers."""

    name: str
    url: str
    process: int
    started: float
    """Seconds from the start of the process to its first answer."""


@contextmanager
def served(name: str, command: Sequence[str], world: World, first: Question) -> Iterator[Served]:
    """The server until the block ends."""
    port = _free_port()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SNODO_")}
    environment |= {
        "SNODO_DATABASE_URL": world.url,
        "SNODO_PDND_JWKS": str(world.data_dir / "demo" / "pdnd-jwks.json"),
        "SNODO_LOG_LEVEL": "WARNING",
    }
    began = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--port", str(port), "--data-dir", str(world.data_dir)], env=environment
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _await_answer(url, process, world, first)
        yield Served(name, url, process.pid, time.perf_counter() - began)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def ask(http: httpx2.Client, url: str, voucher: str, body: bytes) -> bytes:
    """One answer, asked for as wrk does."""
    headers = {"authorization": f"Bearer {voucher}", "content-type": "application/json"}
    return http.post(f"{url}/graphql", content=body, headers=headers).raise_for_status().content


def _await_answer(url: str, process: subprocess.Popen[bytes], world: World, first: Question) -> None:
    voucher, body = world.voucher(first.consumer), first.bodies()[0]
    until = time.monotonic() + LONGEST_START
    with httpx2.Client(trust_env=False) as http:
        while True:
            try:
                ask(http, url, voucher, body)
                return
            except httpx2.TransportError:
                if process.poll() is not None:
                    raise SystemExit(f"A server ended with exit code {process.returncode}.") from None
                if time.monotonic() > until:
                    raise SystemExit("A server does not answer.") from None
                time.sleep(0.01)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
