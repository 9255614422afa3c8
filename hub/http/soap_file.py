# SPDX-License-Identifier: EUPL-1.2
"""The file that configures the SOAP services (SNODO_SOAP_FILE): who their clients are, and the codes nobody has published.

[[client]]
agency = "regione-umbria"
purpose = "3f1c0e0a-…"
user = "sil-umbria"
password = "scrypt$16384$8$1$…"

[cod_stato]
ACTIVE = "…"
…

[cod_ruolo_beneficiario]
OBLIGED = "…"
…
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

import structlog

from connectors.rdc.codes import ROLE, STATUS, RdcCodes, read_codes
from hub.access.service_clients import ServiceClient, read_clients
from hub.errors import ConfigurationError

CLIENTS = "client"
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SoapFile:
    """What it says. Without `codes` serviceRDC is not served."""

    clients: tuple[ServiceClient, ...]
    codes: RdcCodes | None


def read_soap_file(file: Path) -> SoapFile:
    """Read the file.

    Raises:
        ConfigurationError: it cannot be read, or says something that cannot be; names the file and the place.

    """
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"SNODO_SOAP_FILE cannot be read: {error.strerror}: {file}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise ConfigurationError(f"SNODO_SOAP_FILE is not TOML in UTF-8: {file}.") from None
    try:
        if unknown := sorted(set(content) - {CLIENTS, STATUS, ROLE}):
            raise ConfigurationError(f"There is no {unknown[0]}.")
        found = SoapFile(read_clients(content.get(CLIENTS, [])), read_codes(content))
    except ConfigurationError as error:
        raise ConfigurationError(f"SNODO_SOAP_FILE, {file}: {error.message}") from None
    if found.codes is None:
        log.warning("soap.not_served", service="serviceRDC", lacks=[STATUS, ROLE])
    return found
