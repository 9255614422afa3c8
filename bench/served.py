# SPDX-License-Identifier: EUPL-1.2
"""The contestants: one server process each, started by the bench and ended by it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import orjson

from bench.dialect import Dialect
from bench.questions import Question
from bench.world import World, await_proofs

LONGEST_START = 60.0


@dataclass(frozen=True)
class Contender:
    """A server that can be started. `command` is followed by `--port N --data-dir DIR`."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    dialect: Dialect = field(default_factory=Dialect)
    proves: bool = False
    """Whether it builds the tree over the feed, beside what it is asked."""


HUB = Contender("hub", (str(Path(sys.executable).with_name("snodo")), "serve"), proves=True)
BARE = Contender("bare", (sys.executable, "-m", "bench.bare"))
UNLOGGED = Contender("unlogged", (sys.executable, "-m", "bench.unlogged"))


@dataclass(frozen=True)
class Served:
    """A server that answers."""

    name: str
    url: str
    process: int
    started: float
    """Seconds from the start of the process to its first answer."""
    world: World
    dialect: Dialect


@contextmanager
def served(contender: Contender, world: World, first: Question) -> Iterator[Served]:
    """The server until the block ends."""
    port = free_port()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SNODO_")}
    environment |= {
        "SNODO_DATABASE_URL": world.url,
        "SNODO_PDND_JWKS": str(world.data_dir / "demo" / "pdnd-jwks.json"),
        "SNODO_LOG_LEVEL": "WARNING",
        # Calls are counted and leased as always; one consumer asks ten thousand times a second here.
        "SNODO_CALLS_PER_MINUTE": "100000000",
        "SNODO_CALLS_PER_DAY": "100000000",
        **contender.environment,
    }
    began = time.perf_counter()
    process = subprocess.Popen(
        [*contender.command, "--port", str(port), "--data-dir", str(world.data_dir)], env=environment
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _await_answer(contender, url, process, world, first)
        started = time.perf_counter() - began
        if contender.proves:
            await_proofs(world.url)
        yield Served(contender.name, url, process.pid, started, world, contender.dialect)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def ask(http: httpx2.Client, url: str, voucher: str, body: bytes) -> bytes:
    """One answer, asked for as wrk does; the bench ends where it is refused."""
    headers = {"authorization": f"Bearer {voucher}", "content-type": "application/json"}
    answer = http.post(f"{url}/graphql", content=body, headers=headers)
    if answer.status_code != 200:
        raise SystemExit(f"{url} answers {answer.status_code} to {body!r}: {answer.text[:500]}")
    return answer.content


def data_of(answer: bytes, whose: str) -> Any:
    """The `data` of an answer; the bench ends where there is none."""
    content = orjson.loads(answer)
    if "errors" in content or not content.get("data") or None in content["data"].values():
        raise SystemExit(f"{whose} gives no data: {answer[:500]!r}")
    return content["data"]


def learn_cursors(contestants: Sequence[Served], asked: Sequence[Question]) -> None:
    """Let each that has cursors of its own be asked for them."""
    with httpx2.Client(trust_env=False, timeout=60) as http:
        for one in contestants:
            voucher = one.world.voucher("inps")

            def answer(body: bytes, one: Served = one, voucher: str = voucher) -> Any:
                return data_of(ask(http, one.url, voucher, body), one.name)

            one.dialect.learn(list(asked), answer)


def _await_answer(
    contender: Contender, url: str, process: subprocess.Popen[bytes], world: World, first: Question
) -> None:
    voucher, body = world.voucher(first.consumer), contender.dialect.bodies(first)[0]
    until = time.monotonic() + LONGEST_START
    with httpx2.Client(trust_env=False, timeout=LONGEST_START) as http:
        while True:
            try:
                data_of(ask(http, url, voucher, body), contender.name)
                return
            except httpx2.TransportError:
                if process.poll() is not None:
                    raise SystemExit(f"{contender.name} ended with exit code {process.returncode}.") from None
                if time.monotonic() > until:
                    raise SystemExit(f"{contender.name} does not answer.") from None
                time.sleep(0.01)


def free_port() -> int:
    """A port of loopback nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
