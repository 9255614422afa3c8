# SPDX-License-Identifier: EUPL-1.2
"""A region over a connection of its own: a client certificate is the region's, and so is its trouble."""

from __future__ import annotations

import ssl

import httpx2

from connectors.cooperation.configuration import CooperatingRegion, Tls
from connectors.cooperation.connector import SapConnector
from connectors.exchange import Exchange, Policy
from hub.errors import ConfigurationError


def open_region(region: CooperatingRegion, policy: Policy) -> SapConnector:
    """A connector to a region, over a client that ends with it (`SapConnector.aclose`).

    Raises:
        ConfigurationError: its certificate cannot be used.

    """
    http = httpx2.AsyncClient(verify=_context(region), trust_env=False)
    return SapConnector(region, Exchange(region.name, policy, http), ends=http.aclose)


def check_certificates(region: CooperatingRegion) -> None:
    """Pass a region whose certificate and key are what they should be.

    Raises:
        ConfigurationError: they are not.

    """
    _context(region)


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
