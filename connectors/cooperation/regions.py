# SPDX-License-Identifier: EUPL-1.2
"""Every region of a folder, each over a connection of its own: a client certificate is the region's, and so is its trouble."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from types import MappingProxyType

import httpx2

from connectors.cooperation.configuration import CooperatingRegion, Tls
from connectors.cooperation.connector import SapConnector
from connectors.exchange import Exchange, Policy
from hub.errors import ConfigurationError


@asynccontextmanager
async def open_regions(
    regions: Iterable[CooperatingRegion], policy: Policy
) -> AsyncIterator[Mapping[str, SapConnector]]:
    """A connector for each region, by its code, until the block ends.

    Raises:
        ConfigurationError: a certificate cannot be used.

    """
    async with AsyncExitStack() as stack:
        opened = {}
        for region in regions:
            http = httpx2.AsyncClient(verify=_context(region), trust_env=False)
            await stack.enter_async_context(http)
            opened[region.region_code] = SapConnector(region, Exchange(_name(region), policy, http))
        yield MappingProxyType(opened)


def check_certificates(region: CooperatingRegion) -> None:
    """Pass a region whose certificate and key are what they should be.

    Raises:
        ConfigurationError: they are not.

    """
    _context(region)


def _name(region: CooperatingRegion) -> str:
    """As errors and metrics call it."""
    return f"REGION-{region.region_code}"


def _context(region: CooperatingRegion) -> ssl.SSLContext:
    tls: Tls | None = region.tls
    try:
        context = ssl.create_default_context(
            cafile=None if tls is None or tls.authorities is None else str(tls.authorities)
        )
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if tls is not None:
            # NOTE a key under a password would have openssl ask for it at the terminal.
            context.load_cert_chain(str(tls.certificate), str(tls.key), password=lambda: b"")
    except (ssl.SSLError, OSError):
        raise ConfigurationError(
            f"The file of region {region.region_code}: certificate and key are not PEM, not a pair, or the key has a password."
        ) from None
    return context
