# SPDX-License-Identifier: EUPL-1.2
"""What `snodo simulate` runs beside the demo's agencies: a region by application cooperation, and those that leave files in a folder.

Apart from `hub.cli.simulation`, since the demo has neither, and starts sooner without.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from connectors.simulators.demo_regions import (
    cooperating_region_file,
    demo_cooperating_region,
    demo_filing_inps,
    demo_filing_region,
)
from connectors.simulators.demo_world import DemoWorld
from connectors.simulators.fault_control import FileSwitches, HttpSwitches, Switches
from connectors.simulators.filing_simulator import FilingSimulator
from connectors.simulators.serving import Ports, serve

COOPERATING: Final = "region-sap"
FILING: Final[Mapping[str, Callable[[DemoWorld, Path], FilingSimulator]]] = {
    "region-files": demo_filing_region,
    "inps-files": demo_filing_inps,
}


@dataclass(frozen=True)
class SimulatedRegions:
    """Those that run: by name where each is, an address or a folder, its switches, and the TOML file a hub finds it by."""

    places: Mapping[str, str]
    switches: Mapping[str, Switches]
    files: Mapping[str, Path]


@contextlib.asynccontextmanager
async def simulated_regions(
    world: DemoWorld, today: date, folder: Path, ports: Ports, names: Collection[str]
) -> AsyncIterator[SimulatedRegions]:
    """Run them until the block ends.

    Args:
        world: whose people they tell of.
        today: the day it is.
        folder: where files are left, and the TOML files.
        ports: of the one that serves HTTP, if it runs.
        names: which of them.

    """
    region = demo_cooperating_region(world, today) if COOPERATING in names else None
    async with serve({} if region is None else {COOPERATING: region.app}, ports) as places:
        switches: dict[str, Switches] = {}
        files: dict[str, Path] = {}
        if region is not None:
            address = places[COOPERATING]
            switches[COOPERATING] = HttpSwitches(address, region.faults, region.operations, has_clock=False)
            # In a folder of its own, which SNODO_REGIONS names.
            file = folder / "regions" / "piemonte.toml"
            files[COOPERATING] = _written(file, cooperating_region_file(address))
        for name in filter(names.__contains__, FILING):
            filing = FILING[name](world, folder / name)
            filing.send(filing.flows)
            places[name] = str(filing.folder)
            switches[name] = FileSwitches(filing)
            files[name] = _written(folder / f"{name}.toml", filing.configuration())
        yield SimulatedRegions(places, switches, files)


def _written(file: Path, content: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content, encoding="utf-8")
    return file
