# SPDX-License-Identifier: EUPL-1.2
"""PDND, ANPR and INPS in a process of their own, for the bench: `python -m bench.simulators`, which ends when its stdin does."""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from connectors.simulators.anpr import AnprSimulator
from connectors.simulators.faults import EVERY, Fault, FaultKind
from connectors.simulators.inps import InpsSimulator
from connectors.simulators.inps_world import InpsWorld
from connectors.simulators.keys import open_keys
from connectors.simulators.pdnd import PdndSimulator
from connectors.simulators.people import PopulationInMemory, SimulatedAddress, SimulatedPerson
from connectors.simulators.registry import demo_registry
from connectors.simulators.serving import Ports, serve

NAMES = ("pdnd", "anpr", "inps")
READY = "ready"


@dataclass(frozen=True)
class Agencies:
    """Where they are, once they are started; the same for as long as the bench runs."""

    data_dir: Path
    ports: dict[str, int]
    codes: Sequence[str]

    def url(self, name: str) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.ports[name]}"

    @contextmanager
    def running(self, *, latency: float = 0.0, hanging: bool = False) -> Iterator[None]:
        """Run them until the block ends: each answer so many seconds late, or none at all."""
        command = [sys.executable, "-m", "bench.simulators", str(self.data_dir), "--latency", str(latency)]
        command += [f"{name}={port}" for name, port in self.ports.items()]
        if hanging:
            command.append("--hanging")
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                process.stdin.write(" ".join(self.codes) + "\n")
                process.stdin.flush()
                if process.stdout.readline().strip() != READY:
                    raise SystemExit("The simulated agencies did not start.")
                yield
            finally:
                process.stdin.close()
                process.wait(10)


def people(codes: Sequence[str]) -> PopulationInMemory:
    """Somebody with each of these codes, each alone in a family."""
    address = SimulatedAddress(
        "Via",
        "della Prova",
        "1",
        "00100",
        municipality_istat="058091",
        municipality_name="Roma",
        province="RM",
        since=date(2014, 5, 2),
    )
    return PopulationInMemory(
        SimulatedPerson(
            fiscal_code=code,
            id_anpr=f"AA{number:05d}BB",
            given_name="Prova",
            family_name="Prova",
            sex="F",
            birth_date=date(1990, 10, 10),
            birth_municipality_istat="058091",
            birth_municipality_name="Roma",
            birth_province="RM",
            addresses=(address,),
            family_id=f"F{number}",
        )
        for number, code in enumerate(codes)
    )


async def _serve(data_dir: Path, ports: dict[str, int], codes: Sequence[str], fault: Fault | None) -> None:
    registry = demo_registry()
    keys = open_keys(data_dir, registry)
    simulators: dict[str, PdndSimulator | AnprSimulator | InpsSimulator] = {
        "pdnd": PdndSimulator(registry, keys, rate_limit=1_000),
        "anpr": AnprSimulator(registry, keys, people(codes)),
        "inps": InpsSimulator(registry, keys, InpsWorld([])),
    }
    for name, one in simulators.items():
        if fault is not None and (name != "pdnd" or fault.kind is FaultKind.HANG):
            one.faults.set(EVERY, fault)
    async with serve({name: one.app for name, one in simulators.items()}, Ports(ports)):
        print(READY, flush=True)
        await asyncio.to_thread(sys.stdin.read)


def main() -> None:
    """Serve until stdin ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("ports", nargs="+")
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--hanging", action="store_true")
    given = parser.parse_args()
    ports = {name: int(port) for name, _, port in (one.partition("=") for one in given.ports)}
    fault = None
    if given.hanging:
        fault = Fault(FaultKind.HANG)
    elif given.latency:
        fault = Fault(FaultKind.SLOW, latency=given.latency)
    asyncio.run(_serve(given.data_dir, ports, sys.stdin.readline().split(), fault))


if __name__ == "__main__":
    main()
