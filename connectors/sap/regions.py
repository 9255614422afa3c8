# SPDX-License-Identifier: EUPL-1.2
"""The territories of the SAP's world: two digits that are not ISTAT's, and the literal a domain gateway knows each by.

Source: domain.md 6.1 and 6.2 (high confidence; the ministry's rules of transmission, identical in two independent copies).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SENDERS: Mapping[str, str] = MappingProxyType(
    {
        "01": "ABRUZZO",
        "02": "BASILICATA",
        "03": "BOLZANO",
        "04": "CALABRIA",
        "05": "CAMPANIA",
        "06": "EMILIA",
        "07": "FRIULI",
        "08": "LAZIO",
        "09": "LIGURIA",
        "10": "LOMBARDIA",
        "11": "MARCHE",
        "12": "MOLISE",
        "13": "PIEMONTE",
        "14": "PUGLIA",
        "15": "SARDEGNA",
        "16": "SICILIA",
        "17": "TOSCANA",
        "18": "TRENTO",
        "19": "UMBRIA",
        "20": "VAL D'AOSTA",
        "21": "VENETO",
    }
)
"""The regions and autonomous provinces: by code, the sender (`Mittente`) of their messages."""

NATIONAL: Mapping[str, str] = MappingProxyType(
    {"00": "NCN", "31": "DOL (Crescere in Digitale)", "32": "SICAMERA"}
)
"""The systems of no region that give policy identifiers, too."""

SYSTEMS = frozenset({*SENDERS, *NATIONAL})
"""Every code a policy identifier may begin with."""
