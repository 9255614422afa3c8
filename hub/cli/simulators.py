# SPDX-License-Identifier: EUPL-1.2
"""`snodo simulate`: the simulated agencies on their own."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from connectors.simulators.serving import Ports
from hub.cli.options import DataDir, run, settings_of
from hub.cli.simulation import AGENCIES, simulated_agencies
from hub.errors import ConfigurationError


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(simulate)


def simulate(
    first_port: Annotated[
        int,
        typer.Option(
            min=0,
            max=65_000,
            help="PDND's port; ANPR, INPS, the region, the identity provider and INPS's ISEE follow. 0 takes free ones.",
        ),
    ] = 8180,
    data_dir: DataDir = None,
) -> None:
    """Run the simulated agencies for an integrator, and print the settings of a hub among them."""
    settings = settings_of(data_dir=data_dir)
    ports = {name: first_port + offset if first_port else 0 for offset, name in enumerate(AGENCIES)}
    try:
        bound = Ports(ports)
    except OSError as error:
        raise ConfigurationError(
            f"Ports {first_port} to {first_port + len(AGENCIES) - 1} cannot be had ({error.strerror}); choose others with --first-port."
        ) from error
    run(_simulate(settings.data_dir, bound))


async def _simulate(data_dir: Path, ports: Ports) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with simulated_agencies(data_dir, datetime.now(UTC).date(), ports) as simulation:
        for name, value in simulation.settings().items():
            typer.echo(f"SNODO_{name.upper()}={value}")
        with contextlib.suppress(asyncio.CancelledError):
            await stopped.wait()
