# SPDX-License-Identifier: EUPL-1.2
"""The agencies this hub is connected to, as its settings say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import httpx2

from connectors.anpr import AnprConnector, purposes_from, record_types_from
from connectors.cooperation import (
    CooperatingRegion,
    SapConnector,
    SapNotifications,
    SubsidiaryRegion,
    open_region,
)
from connectors.exchange import Exchange, Policy
from connectors.file_exchange import FilingRegion
from connectors.inps import InpsConnector
from connectors.isee import IseeConnector, Office
from connectors.outbound.fact import Recipient
from connectors.outbound.taking import Address
from connectors.pdnd import ClientIdentity, Passes, TokenEndpoint
from connectors.region_files import Region, read_regions
from connectors.regional import RegionalConnector, RegionalSystem
from connectors.tls import open_own_client
from hub.errors import ConfigurationError
from hub.settings import Settings
from hub.store.vocabulary import DeliveryChannel


@dataclass(frozen=True)
class ConnectedAgencies:
    """A connector for each agency; None where the settings name none."""

    anpr: AnprConnector | None = None
    inps: InpsConnector | None = None
    isee: IseeConnector | None = None
    exchanges: tuple[Exchange, ...] = ()
    """Every way out to them, PDND's token endpoint first."""
    passes: Passes | None = None
    identity: ClientIdentity | None = None
    tokens: TokenEndpoint | None = None
    regional: tuple[RegionalConnector, ...] = ()
    """The regions by REST over PDND, by code."""
    cooperating: tuple[SapConnector, ...] = ()
    """The regions by application cooperation, by code."""
    subsidiary: tuple[SubsidiaryRegion, ...] = ()
    """Those whose labour system is the hub, by code."""

    async def aclose(self) -> None:
        """End what is under way in the background: vouchers that are renewed, a key that is read; and connections of a region's own."""
        own: list[RegionalConnector | SapConnector] = [*self.regional, *self.cooperating]
        for region in own:
            await region.aclose()
        if self.passes is not None:
            await self.passes.aclose()
        if self.identity is not None:
            await self.identity.aclose()

    def regions(self) -> dict[str, RegionalConnector | SapConnector | SubsidiaryRegion]:
        """Every region that is connected, by ISTAT's code and in its order, whichever way."""
        by_rest = [(one.system.region_code, one) for one in self.regional]
        cooperating = [(one.region.region_code, one) for one in self.cooperating]
        subsidiary = [(one.region_code, one) for one in self.subsidiary]
        return dict(sorted([*by_rest, *cooperating, *subsidiary], key=lambda one: one[0]))

    def recipients(self) -> dict[Address, Recipient]:
        """The connectors that can tell facts, by channel and agency."""
        told: dict[Address, Recipient] = {
            (DeliveryChannel.REGION, one.region.agency_code): SapNotifications(one)
            for one in self.cooperating
            if one.region.untold is None
        }
        for one in self.regional:
            told[DeliveryChannel.REGION, one.system.agency_code] = one
        return told


def connect_agencies(settings: Settings, http: httpx2.AsyncClient) -> ConnectedAgencies:
    """Build the connectors over one HTTP client, which the caller closes.

    Raises:
        ConfigurationError: an agency is half configured, or named without the hub's own client on PDND; or a region's file is wrong.

    """
    files = _region_files(settings)
    connected = _over_pdnd(settings, http, _systems(settings, files))
    policy = _policy(settings)
    cooperating = tuple(open_region(one, policy) for one in files if isinstance(one, CooperatingRegion))
    subsidiary = tuple(one for one in files if isinstance(one, SubsidiaryRegion))
    # A way out that is never taken: it is there for whoever asks how the agencies do, and says why.
    never = (Exchange(one.name, policy, http, note=one.note) for one in subsidiary)
    return replace(
        connected,
        cooperating=cooperating,
        subsidiary=subsidiary,
        exchanges=(
            *connected.exchanges,
            *(one.exchange for one in connected.regional),
            *(one.exchange for one in cooperating),
            *never,
        ),
    )


def _over_pdnd(
    settings: Settings, http: httpx2.AsyncClient, systems: Sequence[RegionalSystem]
) -> ConnectedAgencies:
    groups = {
        "anpr": (settings.anpr_url, settings.anpr_audience, settings.anpr_purpose_id),
        "inps": (settings.inps_url, settings.inps_audience, settings.inps_purpose_id),
        "inps_isee": (
            settings.inps_isee_url,
            settings.inps_isee_audience,
            settings.inps_isee_purpose_id,
        ),
    }
    for name, values in groups.items():
        _check_whole(name, *values)
    if not systems and not any(any(values) for values in groups.values()):
        return ConnectedAgencies()
    if not (settings.client_id and settings.client_key_file and settings.pdnd_token_url):
        raise ConfigurationError(
            "To call an agency the hub needs SNODO_CLIENT_ID, SNODO_CLIENT_KEY_FILE and SNODO_PDND_TOKEN_URL."
        )
    identity = ClientIdentity.following(settings.client_id, settings.client_key_file)
    exchanges: list[Exchange] = []

    def exchange_with(agency: str, *, name: str | None = None) -> Exchange:
        exchanges.append(Exchange(agency, _policy(settings), http, name=name))
        return exchanges[-1]

    tokens = TokenEndpoint(
        identity,
        exchange_with("PDND"),
        url=settings.pdnd_token_url,
        assertion_audience=settings.pdnd_assertion_audience,
    )
    passes = Passes(identity, tokens)
    anpr = inps = None
    if settings.anpr_url and settings.anpr_audience and settings.anpr_purpose_id:
        anpr = AnprConnector(
            identity,
            passes,
            exchange_with("ANPR"),
            url=settings.anpr_url,
            audience=settings.anpr_audience,
            purposes=purposes_from(settings.anpr_purpose_id),
            record_types=record_types_from(settings.anpr_record_types),
        )
    if settings.inps_url and settings.inps_audience and settings.inps_purpose_id:
        inps = InpsConnector(
            identity,
            passes,
            exchange_with("INPS"),
            url=settings.inps_url,
            audience=settings.inps_audience,
            purpose_id=settings.inps_purpose_id,
        )
    isee = _isee(settings, identity, passes, exchange_with)
    regional = tuple(_open_system(one, settings, identity, passes) for one in systems)
    return ConnectedAgencies(anpr, inps, isee, tuple(exchanges), passes, identity, tokens, regional=regional)


def _check_whole(name: str, *values: str | None) -> None:
    """Pass an e-service's three settings where all are there, or none."""
    if any(values) and not all(values):
        raise ConfigurationError(
            f"SNODO_{name.upper()}_URL, _AUDIENCE and _PURPOSE_ID go together: set all three or none."
        )


def _systems(settings: Settings, files: Sequence[Region]) -> list[RegionalSystem]:
    """The regions by REST, by code: those that have a file, and that of the settings."""
    found = [one for one in files if isinstance(one, RegionalSystem)]
    if (named := _system_of_settings(settings)) is not None:
        found.append(named)
    return sorted(found, key=lambda one: one.region_code)


def _system_of_settings(settings: Settings) -> RegionalSystem | None:
    url, audience, purpose_id = settings.region_url, settings.region_audience, settings.region_purpose_id
    certificate = settings.region_certificate_file
    _check_whole("region", url, audience, purpose_id)
    if certificate is not None and not (url and url.startswith("https://")):
        raise ConfigurationError(
            "SNODO_REGION_CERTIFICATE_FILE is shown over TLS alone: SNODO_REGION_URL must begin with https://."
        )
    if not (url and audience and purpose_id):
        return None
    if not settings.region_code:
        raise ConfigurationError("SNODO_REGION_URL needs SNODO_REGION_CODE: whose labour system it is.")
    return RegionalSystem(settings.region_code, url, audience, purpose_id, certificate=certificate)


def _open_system(
    system: RegionalSystem, settings: Settings, identity: ClientIdentity, passes: Passes
) -> RegionalConnector:
    """A connector to a region, over a client that ends with it: a certificate is the region's, and so is its trouble."""
    http = open_own_client(settings, system.certificate)
    exchange = Exchange(system.name, _policy(settings), http)
    return RegionalConnector(identity, passes, exchange, system, ends=http.aclose)


def _region_files(settings: Settings) -> list[Region]:
    """The regions whose file says how the hub reaches them, by code; those that send files are not reached (`snodo files`)."""
    regions = () if settings.regions is None else read_regions(settings.regions)
    files = [one for one in regions if not isinstance(one, FilingRegion)]
    for one in files:
        if settings.region_url and one.region_code == settings.region_code:
            raise ConfigurationError(
                f"Region {one.region_code} is connected by SNODO_REGION_URL, and has a file in SNODO_REGIONS: it is one or the other."
            )
    return sorted(files, key=lambda one: one.region_code)


def _isee(
    settings: Settings, identity: ClientIdentity, passes: Passes, exchange_with: Callable[..., Exchange]
) -> IseeConnector | None:
    url, audience, purpose_id = (
        settings.inps_isee_url,
        settings.inps_isee_audience,
        settings.inps_isee_purpose_id,
    )
    if not (url and audience and purpose_id):
        return None
    if not (settings.inps_isee_user_id and settings.inps_isee_office_code):
        raise ConfigurationError(
            "SNODO_INPS_ISEE_URL needs SNODO_INPS_ISEE_USER_ID and SNODO_INPS_ISEE_OFFICE_CODE: who asks, as INPS knows them."
        )
    return IseeConnector(
        identity,
        passes,
        exchange_with("INPS", name="INPS ISEE"),
        url=url,
        audience=audience,
        purpose_id=purpose_id,
        office=Office(settings.inps_isee_user_id, settings.inps_isee_office_code),
    )


def _policy(settings: Settings) -> Policy:
    return Policy(
        deadline=settings.call_deadline,
        attempt_timeout=min(settings.call_timeout, settings.call_deadline),
        concurrency=settings.call_concurrency,
        max_bytes=settings.call_max_bytes,
        hands_on_trace=settings.call_traceparent,
    )
