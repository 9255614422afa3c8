# SPDX-License-Identifier: EUPL-1.2
"""How an agency is called by its code: one rule per kind, so that whoever looks one up finds it."""

from __future__ import annotations

_REGION = "regione-"
INPS_AGENCY_CODE = "inps"
"""The one INPS."""

CITIZENS_AGENCY_CODE = "citizens"
"""All citizens; migration 0003 makes the agency, its purpose and its grant."""
CITIZENS_AGENCY_ID = "0199a000-0000-7000-8000-000000000001"
"""Its key."""
CITIZENS_PURPOSE_ID = "0199a000-0000-7000-8000-000000000002"
"""What citizens ask for: their own data (GDPR, art. 15)."""


def centre_agency_code(centre_code: str) -> str:
    """Of an employment centre: `H501C900031` → `cpi-h501c900031`."""
    return f"cpi-{centre_code.lower()}"


def municipality_agency_code(belfiore_code: str) -> str:
    """Of a municipality: `H501` → `comune-h501`."""
    return f"comune-{belfiore_code.lower()}"


def region_agency_code(region_code: str) -> str:
    """Of a region, by its code in our table of regions: `12` → `regione-12`."""
    return f"{_REGION}{region_code}"


def region_code_of(agency_code: str) -> str:
    """The region whose agency it is: `regione-12` → `12`."""
    return agency_code.removeprefix(_REGION)
