# SPDX-License-Identifier: EUPL-1.2
"""The simulated agencies around a hub: PDND, ANPR, INPS, the labour system of Lazio and the citizens' identity provider, on loopback."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

from connectors.simulators.anpr import AnprSimulator
from connectors.simulators.demo_world import LAZIO, DemoWorld, demo_world
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

    @property
    def token_url(self) -> str:
        """PDND's token endpoint."""
        return f"{self.urls['pdnd']}/token.oauth2"

    def settings(self) -> dict[str, Any]:
        """The settings of a hub that stands among these agencies."""
        hub, service = self.registry.consumer("hub"), self.registry.eservices["hub"]
        m2m = self.registry.consumer("hub-m2m")
        return {
            "environment": Environment.DEMO,
            "pdnd_issuer": ISSUER,
            "pdnd_jwks": f"{self.urls['pdnd']}/.well-known/jwks.json",
            "audience": HUB_AUDIENCE,
            "eservice_id": service.eservice_id,
            "producer_id": service.producer_id,
            "descriptor_id": service.descriptor_id,
            "require_eservice_claims": True,
            "citizen_issuer": CITIZEN_ISSUER,
            "citizen_audience": HUB_AUDIENCE,
            "citizen_jwks": f"{self.urls['identity']}/jwks",
            "client_id": hub.client_id,
            "client_key_file": self.keys.path("hub"),
            "pdnd_token_url": self.token_url,
            "pdnd_assertion_audience": ASSERTION_AUDIENCE,
            "pdnd_api_url": f"{self.urls['pdnd']}/v3",
            "m2m_client_id": m2m.client_id,
            "m2m_client_key_file": self.keys.path("hub-m2m"),
            "signing_key_file": self.keys.path(SIGNING),
            "anpr_url": self.urls["anpr"],
            "anpr_audience": ANPR_AUDIENCE_BASE,
            "anpr_purpose_id": hub.purpose_for("anpr").purpose_id,
            "anpr_record_types": f"{RESIDENT_RECORD}=RESIDENTS,{ABROAD_RECORD}=ABROAD",
            "inps_url": self.urls["inps"],
            "inps_audience": INPS_AUDIENCE,
            "inps_purpose_id": hub.purpose_for("inps").purpose_id,
            "inps_isee_url": self.urls["isee"] + ISEE_PATH,
            "inps_isee_audience": ISEE_AUDIENCE,
            "inps_isee_purpose_id": hub.purpose_for("isee").purpose_id,
            "inps_isee_user_id": next(iter(ISEE_OFFICE)),
            "inps_isee_office_code": next(iter(ISEE_OFFICE.values())),
            "region_code": LAZIO,
            "region_url": self.urls["region"],
            "region_audience": REGION_AUDIENCE,
            "region_purpose_id": hub.purpose_for("region").purpose_id,
        }


@contextlib.asynccontextmanager
async def simulated_agencies(
    data_dir: Path, today: date, ports: Ports | None = None
) -> AsyncIterator[Simulation]:
    """Run the agencies until the block ends. Their keys are in the data directory; their people follow from the day."""
    registry = demo_registry()
    keys = open_keys(data_dir, registry)
    world = demo_world(today)
    simulators: dict[str, Simulator] = {
        "pdnd": PdndSimulator(registry, keys),
        "anpr": AnprSimulator(registry, keys, world.anpr),
        "inps": InpsSimulator(registry, keys, world.inps),
        "region": RegionSimulator(registry, keys, world.region),
        "identity": IdentityProviderSimulator(keys, world.anpr),
        "isee": IseeSimulator(registry, keys, world.isee, offices=ISEE_OFFICE),
    }
    async with serve({name: one.app for name, one in simulators.items()}, ports) as urls:
        faults = {name: one.faults for name, one in simulators.items()}
        yield Simulation(registry, keys, world, urls, faults)
