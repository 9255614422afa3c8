# SPDX-License-Identifier: EUPL-1.2
"""`snodo simulate`: the simulated agencies on their own, and their switches for faults."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import signal
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from connectors.simulators.demo_world import SEED
from connectors.simulators.fault_control import FaultControl
from connectors.simulators.fault_requests import FaultRefused, FaultWord, fault_word
from connectors.simulators.serving import Ports, serve
from hub.cli.options import DataDir, run, settings_of
from hub.cli.simulation import EVERYBODY, FILING, NEEDS_PDND, SERVING, Simulation, needed, simulated_agencies
from hub.errors import ConfigurationError

WHAT: Mapping[str, str] = {
    "pdnd": "PDND: vouchers, its keys, its API",
    "anpr": "ANPR",
    "inps": "INPS: the list of admitted households, the state of payments",
    "region": "Lazio's labour system, by REST over PDND",
    "identity": "the citizens' identity provider",
    "isee": "INPS: ConsultazioneISEE, by SOAP over PDND",
    "region-sap": "Piemonte's labour system, by application cooperation (SAP)",
    "region-files": "Lazio's labour system, by files: what region tells, too",
    "inps-files": "INPS's list of admitted households, by files",
}
FAULTS = "faults"
"""The switches, among the ports."""


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(simulate)


def simulate(
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help=f"Whom to run, and whom they need; again for more. There are {', '.join(EVERYBODY)}; all of them when absent.",
        ),
    ] = None,
    first_port: Annotated[
        int,
        typer.Option(
            min=0,
            max=65_000,
            help=f"The port of pdnd; those of {', '.join(SERVING[1:])} and of the switches for faults follow. 0 takes free ones.",
        ),
    ] = 8180,
    seed: Annotated[
        int,
        typer.Option(help="Who the people are: the same seed gives the same ones. The demo's when absent."),
    ] = SEED,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[/OPERATION]=KIND[:SECONDS]",
            help="A fault to begin with, like anpr=unavailable or anpr/C020=slow:2; again for more.",
        ),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Run simulated agencies for an integrator: by REST, by SOAP, by application cooperation (SAP), by files.

    Prints where each is, the settings of a hub among them, and where their faults are set.
    """
    settings = settings_of(data_dir=data_dir)
    names = needed(_chosen(only))
    words = [_word(one) for one in fault or ()]
    with _ports(first_port, names) as (agencies, control):
        run(_simulate(settings.data_dir.resolve(), names, only or (), seed, words, agencies, control))


def _chosen(only: Sequence[str] | None) -> Sequence[str]:
    for name in only or ():
        if name not in EVERYBODY:
            raise ConfigurationError(f"No simulator is called {name}; there are {', '.join(EVERYBODY)}.")
    return only or EVERYBODY


def _word(word: str) -> FaultWord:
    try:
        return fault_word(word)
    except FaultRefused as refused:
        raise ConfigurationError(f"--fault: {refused.message}") from None


@contextlib.contextmanager
def _ports(first: int, names: Collection[str]) -> Iterator[tuple[Ports, Ports]]:
    """Those of the agencies, and of the switches. An agency's is the same whoever else runs."""
    every = [*SERVING, FAULTS]
    numbers = {name: first + place if first else 0 for place, name in enumerate(every)}
    with ExitStack() as opened:
        try:
            agencies = Ports({name: numbers[name] for name in SERVING if name in names})
            opened.callback(agencies.close)
            control = Ports({FAULTS: numbers[FAULTS]})
            opened.callback(control.close)
        except OSError as error:
            raise ConfigurationError(
                f"Ports {first} to {first + len(every) - 1} cannot be had ({error.strerror}); choose others with --first-port."
            ) from error
        yield agencies, control


async def _simulate(
    data_dir: Path,
    names: Sequence[str],
    chosen: Collection[str],
    seed: int,
    words: Sequence[FaultWord],
    ports: Ports,
    control_ports: Ports,
) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    today = datetime.now(UTC).date()
    async with simulated_agencies(data_dir, today, ports, names=names, seed=seed) as simulation:
        control = FaultControl(simulation.switches)
        for word in words:
            _set(control, word)
        async with serve({FAULTS: control.app}, control_ports) as urls:
            for line in _said(simulation, names, chosen, urls[FAULTS]):
                typer.echo(line)
            await stopped.wait()


def _set(control: FaultControl, word: FaultWord) -> None:
    try:
        control.of(word.agency).set(word.operation, word.about)
    except FaultRefused as refused:
        raise ConfigurationError(f"--fault {word.agency}: {refused.message}") from None


def _said(
    simulation: Simulation, names: Sequence[str], chosen: Collection[str], control: str
) -> Iterator[str]:
    """What is printed: assignments that a shell takes, and comments."""
    yield "# The settings of a hub among simulated agencies (docs/how-to/try-against-simulators.md)."
    yield from _assignments(simulation.own_settings())
    for name in names:
        yield ""
        yield f"# {name}: {WHAT[name]}"
        if name not in (chosen or names):
            yield f"# It starts too: {', '.join(one for one in chosen if one in NEEDS_PDND)} must be shown its vouchers."
        yield f"# at {simulation.urls[name] if name in SERVING else simulation.filing[name].folder}"
        yield f"# faults at {control}/faults/{name}"
        file = simulation.configuration(name)
        if file is not None:
            yield f"# its file {file}"
        if name in FILING:
            yield f"# landed by: snodo sync files {shlex.quote(str(file))}"
        yield from _assignments(simulation.settings_of(name))
    yield ""
    yield f"# All faults: {control}/faults. Ctrl-C ends."


def _assignments(settings: Mapping[str, Any]) -> Iterator[str]:
    for name, value in settings.items():
        yield f"SNODO_{name.upper()}={shlex.quote(str(value))}"
