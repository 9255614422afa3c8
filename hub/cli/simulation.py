# SPDX-License-Identifier: EUPL-1.2
"""The simulated agencies around a hub: PDND, ANPR, INPS, the labour system of Lazio and the citizens' identity provider, on loopback."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

from connectors.simulators.anpr import AnprSimulator
from connectors.simulators.demo_world import LAZIO, SEED, DemoWorld, demo_world
from connectors.simulators.faults import Faults
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
)


@dataclass(frozen=True)
class Simulation:
    """The simulated agencies while they run: their catalogue, keys, people and addresses."""

    registry: Registry
    keys: DemoKeys
    world: DemoWorld
    urls: dict[str, str]
    faults: dict[str, Faults]
    """Each agency's switches for faults."""
    operations: dict[str, tuple[str, ...]]
    """The names of each one's operations, for its faults."""

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
        """Those by which the hub finds one agency."""
        return _SETTINGS[name](self)


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
        data_dir: their keys are in it.
        today: what there is to tell of their people follows from the day.
        ports: theirs; free ones when absent.
        names: which of them.
        seed: who the people are.

    """
    registry = demo_registry()
    keys = open_keys(data_dir, registry)
    world = demo_world(today, seed)
    simulators = {name: _MADE[name](registry, keys, world) for name in names}
    async with serve({name: one.app for name, one in simulators.items()}, ports) as urls:
        faults = {name: one.faults for name, one in simulators.items()}
        operations = {name: one.operations for name, one in simulators.items()}
        yield Simulation(registry, keys, world, urls, faults, operations)


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


_MADE: Mapping[str, Callable[[Registry, DemoKeys, DemoWorld], Simulator]] = {
    "pdnd": lambda registry, keys, _: PdndSimulator(registry, keys),
    "anpr": lambda registry, keys, world: AnprSimulator(registry, keys, world.anpr),
    "inps": lambda registry, keys, world: InpsSimulator(registry, keys, world.inps),
    "region": lambda registry, keys, world: RegionSimulator(registry, keys, world.region),
    "identity": lambda _, keys, world: IdentityProviderSimulator(keys, world.anpr),
    "isee": lambda registry, keys, world: IseeSimulator(registry, keys, world.isee, offices=ISEE_OFFICE),
}
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
}
