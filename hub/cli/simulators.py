# SPDX-License-Identifier: EUPL-1.2
"""`snodo simulate`: the simulated agencies on their own, and their switches for faults."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import signal
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from connectors.simulators.demo_world import SEED
from connectors.simulators.fault_control import FaultControl, HttpSwitches, Switches
from connectors.simulators.fault_requests import FaultRefused, FaultWord, fault_word
from connectors.simulators.serving import Ports, serve
from hub.cli.options import DataDir, run, settings_of
from hub.cli.simulated_regions import COOPERATING, FILING, SimulatedRegions, simulated_regions
from hub.cli.simulation import AGENCIES, NEEDS_PDND, Simulation, simulated_agencies
from hub.errors import ConfigurationError

SERVING = (*AGENCIES, COOPERATING)
"""Those that serve HTTP, in the order of their ports."""
EVERYBODY = (*SERVING, *FILING)
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
    with _ports(first_port, names) as ports:
        run(_simulate(settings.data_dir.resolve(), names, only or (), seed, words, ports))


def _chosen(only: Sequence[str] | None) -> Sequence[str]:
    for name in only or ():
        if name not in EVERYBODY:
            raise ConfigurationError(f"No simulator is called {name}; there are {', '.join(EVERYBODY)}.")
    return only or EVERYBODY


def needed(names: Collection[str]) -> tuple[str, ...]:
    """These agencies and whom they cannot do without, in the order of everybody."""
    wanted = {*names, "pdnd"} if NEEDS_PDND & {*names} else {*names}
    return tuple(name for name in EVERYBODY if name in wanted)


def _word(word: str) -> FaultWord:
    try:
        return fault_word(word)
    except FaultRefused as refused:
        raise ConfigurationError(f"--fault: {refused.message}") from None


@dataclass(frozen=True)
class _Bound:
    """The ports of the demo's agencies, of the region by application cooperation, and of the switches."""

    agencies: Ports
    region: Ports
    control: Ports


@contextlib.contextmanager
def _ports(first: int, names: Collection[str]) -> Iterator[_Bound]:
    """Bind them. An agency's is the same whoever else runs."""
    every = [*SERVING, FAULTS]
    numbers = {name: first + place if first else 0 for place, name in enumerate(every)}
    with ExitStack() as opened:

        def bound(*wanted: str) -> Ports:
            ports = Ports({name: numbers[name] for name in wanted})
            opened.callback(ports.close)
            return ports

        try:
            ports = _Bound(
                bound(*(name for name in AGENCIES if name in names)),
                bound(*({COOPERATING} & {*names})),
                bound(FAULTS),
            )
        except OSError as error:
            raise ConfigurationError(
                f"Ports {first} to {first + len(every) - 1} cannot be had ({error.strerror}); choose others with --first-port."
            ) from error
        yield ports


async def _simulate(
    data_dir: Path,
    names: Sequence[str],
    chosen: Collection[str],
    seed: int,
    words: Sequence[FaultWord],
    ports: _Bound,
) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    today, folder = datetime.now(UTC).date(), data_dir / "simulators"
    agencies = [name for name in names if name in AGENCIES]
    async with (
        simulated_agencies(data_dir, today, ports.agencies, names=agencies, seed=seed) as simulation,
        simulated_regions(simulation.world, today, folder, ports.region, names) as regions,
    ):
        control = FaultControl({**_switches(simulation), **regions.switches})
        for word in words:
            _set(control, word)
        async with serve({FAULTS: control.app}, ports.control) as urls:
            for line in _said(simulation, regions, names, chosen, urls[FAULTS]):
                typer.echo(line)
            await stopped.wait()


def _switches(simulation: Simulation) -> dict[str, Switches]:
    return {
        name: HttpSwitches(address, simulation.faults[name], simulation.operations[name], has_clock=True)
        for name, address in simulation.urls.items()
    }


def _set(control: FaultControl, word: FaultWord) -> None:
    try:
        control.of(word.agency).set(word.operation, word.about)
    except FaultRefused as refused:
        raise ConfigurationError(f"--fault {word.agency}: {refused.message}") from None


def _said(
    simulation: Simulation,
    regions: SimulatedRegions,
    names: Sequence[str],
    chosen: Collection[str],
    control: str,
) -> Iterator[str]:
    """What is printed: assignments that a shell takes, and comments."""
    yield "# The settings of a hub among simulated agencies (docs/how-to/try-against-simulators.md)."
    yield from _assignments(simulation.own_settings())
    places = {**simulation.urls, **regions.places}
    for name in names:
        yield ""
        yield f"# {name}: {WHAT[name]}"
        if name not in (chosen or names):
            yield f"# It starts too: {', '.join(one for one in chosen if one in NEEDS_PDND)} must be shown its vouchers."
        yield f"# at {places[name]}"
        yield f"# faults at {control}/faults/{name}"
        if name in simulation.urls:
            yield from _assignments(simulation.settings_of(name))
        elif name == COOPERATING:
            yield f"# its file {regions.files[name]}"
            yield from _assignments({"regions": regions.files[name].parent})
        else:
            yield f"# landed by: snodo sync files {shlex.quote(str(regions.files[name]))}"
    yield ""
    yield f"# All faults: {control}/faults. Ctrl-C ends."


def _assignments(settings: Mapping[str, Any]) -> Iterator[str]:
    for name, value in settings.items():
        yield f"SNODO_{name.upper()}={shlex.quote(str(value))}"
