# SPDX-License-Identifier: EUPL-1.2
"""What the codes of a SAP's policies are here: as much as is published (domain.md 6.3); the rest a region's file says."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from connectors.records.codes import CodeTable
from hub.store.vocabulary import ActivityKind, ActivityStatus

PACT: Final = "A02"
"""`tipo_attivita` of the pact: Patto di attivazione."""

ACTIVITIES: Final[Mapping[str, ActivityKind | None]] = MappingProxyType(
    {"C05": ActivityKind.TRAINING, "C07": ActivityKind.TRAINING, "N00": None}
)
"""Types of policies whose meaning is published: training for a qualification and other training; and the validation of an online DID
(dichiarazione di immediata disponibilità), which is no activity. The list of all types was not found."""

STATUSES: Final = CodeTable(
    "SAP, Tabella Eventi Politica Attiva 01-15 (domain.md 6.3); how they fold to where an activity stands is this hub's reading",
    unverified=False,
    words=MappingProxyType(
        {
            "01": ActivityStatus.PROPOSED,
            "02": ActivityStatus.STARTED,
            "03": ActivityStatus.REFUSED,
            "04": ActivityStatus.REFUSED,
            "05": ActivityStatus.ABANDONED,
            "09": ActivityStatus.SUSPENDED,
            "10": ActivityStatus.COMPLETED,
            "11": ActivityStatus.COMPLETED,
        }
        | dict.fromkeys(("06", "07", "08", "12", "13", "14", "15"), ActivityStatus.CANCELLED)
    ),
)
"""Where an activity stands, by the code of the policy's last event."""
