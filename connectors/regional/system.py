# SPDX-License-Identifier: EUPL-1.2
"""One region's labour system, as configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from connectors.regional.codes import PROVISIONAL_CODES, RegionalCodes
from hub.store.reference.agency_codes import region_agency_code


@dataclass(frozen=True, slots=True)
class RegionalSystem:
    """How one region's system is reached and read.

    Args:
        region_code: ISTAT's, with 21 and 22 for Bolzano and Trento.
        url: base URL of its REST services.
        audience: of its e-service on PDND, which need not be the URL.
        purpose_id: the hub's purpose for it on PDND.
        codes: what its codes mean.
        names: its name of a record's member, by the name used here, where the two differ.
        certificate: the hub's client certificate, its chain and its key, PEM; None where none is shown.
        file: which says all this; None where the settings do (`SNODO_REGION_URL` and its like).

    """

    region_code: str
    url: str
    audience: str
    purpose_id: str
    codes: RegionalCodes = PROVISIONAL_CODES
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    certificate: Path | None = None
    file: Path | None = None

    @property
    def agency_code(self) -> str:
        """The code of the agency its records are kept under."""
        return region_agency_code(self.region_code)

    @property
    def name(self) -> str:
        """As errors, metrics and `connectorStatus` call it; that of the settings as it was called when there was one only."""
        return "REGION" if self.file is None else f"REGION-{self.region_code}"
