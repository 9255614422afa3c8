# SPDX-License-Identifier: EUPL-1.2
"""The HTTP client of a process, and that of one agency alone: whose authorities it trusts, and which certificate it shows to whom."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path

import httpx2

from hub.errors import ConfigurationError
from hub.settings import Settings

AGENCIES = {"anpr": ("anpr_url",), "inps": ("inps_url", "inps_isee_url")}
"""The agencies that a certificate can be shown to by the client of the process, and the settings that have their addresses."""


def open_client(settings: Settings) -> httpx2.AsyncClient:
    """The client by which agencies and PDND are called; the caller closes it.

    Raises:
        ConfigurationError: a certificate or the authorities cannot be read, or a certificate is named for an agency that has no
            `https` address, or shares its host with one that has another.

    """
    return httpx2.AsyncClient(
        timeout=settings.call_deadline,
        trust_env=False,
        verify=trusting(settings.ca_file),
        mounts={
            origin: httpx2.AsyncHTTPTransport(verify=trusting(settings.ca_file, certificate), trust_env=False)
            for origin, certificate in certificates(settings).items()
        },
    )


def open_own_client(settings: Settings, certificate: Path | None) -> httpx2.AsyncClient:
    """A client for one agency alone, whose trouble is its own: no other waits for a connection that it holds. The caller closes it.

    Raises:
        ConfigurationError: the certificate or the authorities cannot be read.

    """
    return httpx2.AsyncClient(
        timeout=settings.call_deadline, trust_env=False, verify=trusting(settings.ca_file, certificate)
    )


def certificates(settings: Settings) -> Mapping[str, Path]:
    """The file of the certificate that is shown to each origin (`https://host:port`). Raises as `open_client` does."""
    found: dict[str, Path] = {}
    for agency, addresses in AGENCIES.items():
        path: Path | None = getattr(settings, f"{agency}_certificate_file")
        if path is None:
            continue
        setting = f"SNODO_{agency.upper()}_CERTIFICATE_FILE"
        urls = [httpx2.URL(url) for name in addresses if (url := getattr(settings, name))]
        if not urls or any(url.scheme != "https" for url in urls):
            raise ConfigurationError(
                f"{setting} is shown over TLS alone: SNODO_{addresses[0].upper()} must begin with https://."
            )
        for url in urls:
            origin = f"https://{url.netloc.decode('ascii')}"
            if found.setdefault(origin, path) != path:
                raise ConfigurationError(f"{setting}: another agency at {origin} has another certificate.")
    return found


def trusting(authorities: Path | None, certificate: Path | None = None) -> ssl.SSLContext:
    """TLS that trusts the system's authorities and these, and shows the certificate if there is one.

    Raises:
        ConfigurationError: one of the files cannot be read.

    """
    context = httpx2.create_ssl_context(trust_env=False)
    if authorities is not None:
        try:
            context.load_verify_locations(cafile=authorities)
        except (OSError, ssl.SSLError) as error:
            raise ConfigurationError(
                f"{authorities} (SNODO_CA_FILE) is not a PEM file with certificates."
            ) from error
    if certificate is not None:
        try:
            # NOTE with a password the load would ask for one on the terminal, and wait.
            context.load_cert_chain(certificate, password=_no_password)
        except (OSError, ssl.SSLError, ValueError) as error:
            raise ConfigurationError(
                f"{certificate} is not a PEM file with a certificate and its key, which has no password."
            ) from error
    return context


def _no_password() -> str:
    raise ValueError("the key is encrypted")
