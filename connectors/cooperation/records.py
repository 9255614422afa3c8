# SPDX-License-Identifier: EUPL-1.2
"""What a region's SAP service answers, typed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """`Esito`. What `X001` says is published nowhere: only that it is neither of the others."""

    OK = "OK"
    KO = "KO"
    X001 = "X001"


@dataclass(frozen=True, slots=True, repr=False)
class Verdict:
    """What came of something sent. `message`: the region's own, for the person at the desk; it may name somebody.

    `sap_code`: under which the region has the document, where it says so.
    """

    outcome: Outcome
    message: str | None
    sap_code: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Holder:
    """Who has a person's SAP: its code, the region by the code of the SAP's world (not ISTAT's), the body that holds it."""

    sap_code: str
    region: str
    body: str
