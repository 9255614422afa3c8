# SPDX-License-Identifier: EUPL-1.2
"""The demo world as PDND's catalogue knows it: organisations, e-services, clients, purposes.

Every id is a UUID made from its name (RFC 9562, version 5): the same on every machine and in every process,
so nothing has to be handed over but the keys. A consumer's *client* calls an e-service for a *purpose*; a
purpose belongs to one e-service. PDND gives vouchers only while agreement, descriptor and purpose are all
active (domain.md 2.1).

ANPR's use cases are one e-service with an audience each here (a descriptor's `audience` is a list), so the hub
holds one purpose for all of them, as its settings do. In PDND's real catalogue each is an e-service of its own;
`connectors.anpr` takes one purpose per use case for that.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

ISSUER = "interop.pagopa.it"
"""`iss` of the demo's vouchers: the hub's default for `pdnd_issuer`."""
ASSERTION_AUDIENCE = "auth.interop.pagopa.it/client-assertion"
API_AUDIENCE = "https://api.interop.example/v3"
"""`aud` of a voucher for PDND's own API."""
HUB_AUDIENCE = "https://snodo.example/graphql"
ANPR_AUDIENCE_BASE = "https://anpr.example/govway/rest/in/MinInternoPortaANPR"
_ANPR_SERVICES = (
    "C003-servizioVerificaDichGeneralita",
    "C006-servizioVerificaDichCittadinanza",
    "C008-servizioVerificaDichResidenza",
    "C015-servizioAccertamentoGeneralita",
    "C018-servizioAccertamentoCittadinanza",
    "C020-servizioAccertamentoResidenza",
    "C021-servizioAccertamentoStatoFamiglia",
    "C029-servizioAccertamentoDatiAnagrafici",
    "C030-servizioAccertamentoIdUnicoNazionale",
)
ANPR_AUDIENCES = {name[:4]: f"{ANPR_AUDIENCE_BASE}/{name}/v1" for name in _ANPR_SERVICES}
INPS_AUDIENCE = "https://inps.example/pdnd/rest/MisureInclusione/v1"
ISEE_AUDIENCE = "https://inps.example/pdnd/soap/ConsultazioneISEE/v1"
REGION_AUDIENCE = "https://lavoro.regione.example/rest/lavoro/v1"

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://snodo.example/demo")


def demo_id(*words: str) -> str:
    """Give the demo world's UUID of what these words name."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(words)))


class Standing(StrEnum):
    """The state of an agreement, a descriptor or a purpose, as PDND names it."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    ARCHIVED = "ARCHIVED"


@dataclass(frozen=True, slots=True)
class EService:
    """One e-service: who offers it, under which ids and audiences; `voucher_lifespan` in seconds."""

    name: str
    display_name: str
    producer_id: str
    eservice_id: str
    descriptor_id: str
    audiences: tuple[str, ...]
    voucher_lifespan: int = 600
    descriptor: Standing = Standing.ACTIVE


@dataclass(frozen=True, slots=True)
class Purpose:
    """What one consumer may call one e-service for."""

    purpose_id: str
    eservice: str
    state: Standing = Standing.ACTIVE
    agreement: Standing = Standing.ACTIVE


@dataclass(frozen=True, slots=True)
class Consumer:
    """An organisation with a client on PDND; its key is kept under `name` (`connectors.simulators.keys`)."""

    name: str
    display_name: str
    organisation_id: str
    client_id: str
    purposes: tuple[Purpose, ...]
    is_m2m: bool = False
    """Whether the client is for PDND's own API: then it has no purposes."""

    def purpose_for(self, eservice: str) -> Purpose:
        """Give the first purpose for this e-service.

        Raises:
            LookupError: there is none.

        """
        for purpose in self.purposes:
            if purpose.eservice == eservice:
                return purpose
        raise LookupError(f"{self.name} has no purpose for {eservice}")


@dataclass(frozen=True, slots=True)
class Registry:
    """All consumers and e-services, by name."""

    consumers: Mapping[str, Consumer]
    eservices: Mapping[str, EService]
    issuer: str = ISSUER
    assertion_audience: str = ASSERTION_AUDIENCE

    def consumer(self, name: str) -> Consumer:
        """Give a consumer by name.

        Raises:
            LookupError: there is none of this name; `citizen` has no client.

        """
        try:
            return self.consumers[name]
        except KeyError:
            raise LookupError(
                f"no consumer is called {name!r}; there are {', '.join(self.consumers)}"
            ) from None

    def client(self, client_id: object) -> Consumer | None:
        """Give the consumer whose client has this id."""
        return next((one for one in self.consumers.values() if one.client_id == client_id), None)


def _eservice(name: str, display_name: str, producer: str, audiences: tuple[str, ...]) -> EService:
    return EService(
        name=name,
        display_name=display_name,
        producer_id=demo_id("organisation", producer),
        eservice_id=demo_id("eservice", name),
        descriptor_id=demo_id("descriptor", name),
        audiences=audiences,
    )


def _consumer(name: str, display_name: str, *eservices: str, of: str | None = None) -> Consumer:
    return Consumer(
        name=name,
        display_name=display_name,
        organisation_id=demo_id("organisation", of or name),
        client_id=demo_id("client", name),
        purposes=tuple(Purpose(demo_id("purpose", name, eservice), eservice) for eservice in eservices),
        is_m2m=of is not None,
    )


def demo_registry() -> Registry:
    """Build the demo world: eight consumers of the hub, and the hub as consumer of three agencies, INPS by two e-services."""
    eservices = (
        _eservice("hub", "Snodo", "hub", (HUB_AUDIENCE,)),
        _eservice("anpr", "Consultazione ANPR", "anpr", tuple(ANPR_AUDIENCES.values())),
        _eservice("inps", "INPS: misure di inclusione", "inps", (INPS_AUDIENCE,)),
        _eservice("isee", "INPS: Consultazione ISEE", "inps", (ISEE_AUDIENCE,)),
        _eservice("region", "Sistema informativo lavoro regionale", "region", (REGION_AUDIENCE,)),
    )
    consumers = (
        _consumer("centre", "Centro per l'impiego", "hub"),
        _consumer("municipality", "Comune", "hub"),
        _consumer("region", "Regione", "hub"),
        _consumer("inps", "INPS", "hub"),
        _consumer("ministry", "Ministero del lavoro", "hub"),
        _consumer("accredited", "Soggetto accreditato", "hub"),
        _consumer("dpo", "Responsabile della protezione dei dati", "hub"),
        _consumer("admin", "Amministrazione di Snodo", "hub"),
        _consumer("hub", "Snodo", "anpr", "inps", "isee", "region"),
        _consumer("hub-m2m", "Snodo, for PDND's API", of="hub"),
    )
    return Registry(
        consumers=MappingProxyType({one.name: one for one in consumers}),
        eservices=MappingProxyType({one.name: one for one in eservices}),
    )
