# SPDX-License-Identifier: EUPL-1.2
"""The simulated agencies around a hub, on loopback or in folders: who there is, what each needs, and the settings of a hub among them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

from connectors.simulators.anpr import AnprSimulator
from connectors.simulators.cooperating_region import CooperatingRegionSimulator
from connectors.simulators.demo_regions import (
    cooperating_region_file,
    demo_cooperating_region,
    demo_filing_inps,
    demo_filing_region,
)
from connectors.simulators.demo_world import LAZIO, SEED, DemoWorld, demo_world
from connectors.simulators.fault_control import FileSwitches, HttpSwitches, Switches
from connectors.simulators.faults import Faults
from connectors.simulators.filing_simulator import FilingSimulator
from connectors.simulators.identity_provider import ISSUER as CITIZEN_ISSUER
from connectors.simulators.identity_provider import IdentityProviderSimulator
from connectors.simulators.inps import InpsSimulator
from connectors.simulators.isee import PATH as ISEE_PATH
from connectors.simulators.isee import IseeSimulator
from connectors.simulators.keys import SIGNING, DemoKeys, open_keys
from connectors.simulators.pdnd import PdndSimulator
from connectors.simulators.people import ABROAD_RECORD, RESIDENT_RECORD
from connectors.simulators.region import RegionSimulator
from connectors.simulators.registry import (
    ANPR_AUDIENCE_BASE,
    ASSERTION_AUDIENCE,
    HUB_AUDIENCE,
    INPS_AUDIENCE,
    ISEE_AUDIENCE,
    ISSUER,
    REGION_AUDIENCE,
    Registry,
    demo_registry,
)
from connectors.simulators.serving import Ports, serve
from hub.settings import Environment

AGENCIES = ("pdnd", "anpr", "inps", "region", "identity", "isee")
"""The demo's: one region, by REST."""
COOPERATING = "region-sap"
SERVING = (*AGENCIES, COOPERATING)
"""Those that serve HTTP, in the order of their ports."""
FILING: Mapping[str, Callable[[DemoWorld, Path], FilingSimulator]] = {
    "region-files": demo_filing_region,
    "inps-files": demo_filing_inps,
}
"""Those that leave files in a folder."""
EVERYBODY = (*SERVING, *FILING)
NEEDS_PDND = frozenset({"anpr", "inps", "region", "isee"})
"""Those that are shown PDND's vouchers."""
ISEE_OFFICE = {"SNODO01": "000001"}
"""The user ids INPS gave the demo's hub, and the office of each."""

Simulator: TypeAlias = (
    PdndSimulator
    | AnprSimulator
    | InpsSimulator
    | IseeSimulator
    | RegionSimulator
    | IdentityProviderSimulator
    | CooperatingRegionSimulator
)


@dataclass(frozen=True)
class Simulation:
    """The simulated agencies while they run: their catalogue, keys, people and addresses."""

    registry: Registry
    keys: DemoKeys
    world: DemoWorld
    urls: dict[str, str]
    faults: dict[str, Faults]
    """The switches for faults of each that serves HTTP."""
    switches: Mapping[str, Switches]
    """Everybody's, for who is outside."""
    folder: Path
    """Where files are left, and the TOML files that say how regions are reached."""
    filing: Mapping[str, FilingSimulator] = field(default_factory=dict)

    @property
    def token_url(self) -> str:
        """PDND's token endpoint."""
        return f"{self.urls['pdnd']}/token.oauth2"

    def settings(self) -> dict[str, Any]:
        """The settings of a hub that stands among these agencies."""
        found = self.own_settings()
        for name in self.urls:
            found |= self.settings_of(name)
        return found

    def own_settings(self) -> dict[str, Any]:
        """Those of the hub itself, as PDND's catalogue knows it."""
        service = self.registry.eservices["hub"]
        return {
            "environment": Environment.DEMO,
            "audience": HUB_AUDIENCE,
            "eservice_id": service.eservice_id,
            "producer_id": service.producer_id,
            "descriptor_id": service.descriptor_id,
            "require_eservice_claims": True,
            "signing_key_file": self.keys.path(SIGNING),
        }

    def settings_of(self, name: str) -> dict[str, Any]:
        """Those by which the hub finds one agency; none for one that leaves files, which a command is told of."""
        return _SETTINGS[name](self) if name in _SETTINGS else {}

    def configuration(self, name: str) -> Path | None:
        """The TOML file that says how a region, or INPS's files, are reached; None of an agency that has none."""
        if name == COOPERATING:
            return self.folder / "regions" / "piemonte.toml"
        return self.folder / f"{name}.toml" if name in FILING else None


def needed(names: Collection[str]) -> tuple[str, ...]:
    """These agencies and whom they cannot do without, in the order of everybody."""
    wanted = {*names, "pdnd"} if NEEDS_PDND & {*names} else {*names}
    return tuple(name for name in EVERYBODY if name in wanted)


@contextlib.asynccontextmanager
async def simulated_agencies(
    data_dir: Path,
    today: date,
    ports: Ports | None = None,
    *,
    names: Iterable[str] = AGENCIES,
    seed: int = SEED,
) -> AsyncIterator[Simulation]:
    """Run agencies until the block ends.

    Args:
        data_dir: their keys are in it, and the files of those that leave files.
        today: what there is to tell of their people follows from the day.
        ports: of those that serve HTTP; free ones when absent.
        names: who; see `needed`.
        seed: who the people are.

    """
    registry = demo_registry()
    keys = open_keys(data_dir, registry)
    world = demo_world(today, seed)
    names = tuple(names)
    folder = data_dir / "simulators"
    simulators = {name: _simulator(name, registry, keys, world, today) for name in names if name in SERVING}
    filing = {name: FILING[name](world, folder / name) for name in names if name in FILING}
    async with serve({name: one.app for name, one in simulators.items()}, ports) as urls:
        switches: dict[str, Switches] = {name: _switches(urls[name], one) for name, one in simulators.items()}
        switches |= {name: FileSwitches(one) for name, one in filing.items()}
        faults = {name: one.faults for name, one in simulators.items()}
        simulation = Simulation(registry, keys, world, urls, faults, switches, folder, filing)
        _leave_files(simulation)
        yield simulation


def _simulator(name: str, registry: Registry, keys: DemoKeys, world: DemoWorld, today: date) -> Simulator:
    match name:
        case "pdnd":
            return PdndSimulator(registry, keys)
        case "anpr":
            return AnprSimulator(registry, keys, world.anpr)
        case "inps":
            return InpsSimulator(registry, keys, world.inps)
        case "region":
            return RegionSimulator(registry, keys, world.region)
        case "identity":
            return IdentityProviderSimulator(keys, world.anpr)
        case "isee":
            return IseeSimulator(registry, keys, world.isee, offices=ISEE_OFFICE)
        case _:
            return demo_cooperating_region(world, today)


def _switches(address: str, simulator: Simulator) -> HttpSwitches:
    has_clock = not isinstance(simulator, CooperatingRegionSimulator)
    return HttpSwitches(address, simulator.faults, simulator.operations, has_clock=has_clock)


def _leave_files(simulation: Simulation) -> None:
    """Write the files of those that leave files, and the TOML files that say how a hub finds whom."""
    told = {name: one.configuration() for name, one in simulation.filing.items()}
    if COOPERATING in simulation.urls:
        told[COOPERATING] = cooperating_region_file(simulation.urls[COOPERATING])
    for one in simulation.filing.values():
        one.send(one.flows)
    for name, content in told.items():
        file = simulation.configuration(name)
        assert file is not None
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")


def _pdnd(simulation: Simulation) -> dict[str, Any]:
    hub, m2m = simulation.registry.consumer("hub"), simulation.registry.consumer("hub-m2m")
    url = simulation.urls["pdnd"]
    return {
        "pdnd_issuer": ISSUER,
        "pdnd_jwks": f"{url}/.well-known/jwks.json",
        "client_id": hub.client_id,
        "client_key_file": simulation.keys.path("hub"),
        "pdnd_token_url": simulation.token_url,
        "pdnd_assertion_audience": ASSERTION_AUDIENCE,
        "pdnd_api_url": f"{url}/v3",
        "m2m_client_id": m2m.client_id,
        "m2m_client_key_file": simulation.keys.path("hub-m2m"),
    }


def _purpose(simulation: Simulation, eservice: str) -> str:
    return simulation.registry.consumer("hub").purpose_for(eservice).purpose_id


_SETTINGS: Mapping[str, Callable[[Simulation], dict[str, Any]]] = {
    "pdnd": _pdnd,
    "anpr": lambda one: {
        "anpr_url": one.urls["anpr"],
        "anpr_audience": ANPR_AUDIENCE_BASE,
        "anpr_purpose_id": _purpose(one, "anpr"),
        "anpr_record_types": f"{RESIDENT_RECORD}=RESIDENTS,{ABROAD_RECORD}=ABROAD",
    },
    "inps": lambda one: {
        "inps_url": one.urls["inps"],
        "inps_audience": INPS_AUDIENCE,
        "inps_purpose_id": _purpose(one, "inps"),
    },
    "region": lambda one: {
        "region_code": LAZIO,
        "region_url": one.urls["region"],
        "region_audience": REGION_AUDIENCE,
        "region_purpose_id": _purpose(one, "region"),
    },
    "identity": lambda one: {
        "citizen_issuer": CITIZEN_ISSUER,
        "citizen_audience": HUB_AUDIENCE,
        "citizen_jwks": f"{one.urls['identity']}/jwks",
    },
    "isee": lambda one: {
        "inps_isee_url": one.urls["isee"] + ISEE_PATH,
        "inps_isee_audience": ISEE_AUDIENCE,
        "inps_isee_purpose_id": _purpose(one, "isee"),
        "inps_isee_user_id": next(iter(ISEE_OFFICE)),
        "inps_isee_office_code": next(iter(ISEE_OFFICE.values())),
    },
    COOPERATING: lambda one: {"regions": one.folder / "regions"},
}
