# SPDX-License-Identifier: EUPL-1.2
"""The outcome codes (esito) of both services.

Source: domain.md 3.2 (high confidence) for the events; serviceRDC's `codEsito` is not published, but a regional system's client takes `E100`
for success and `E101` for "nobody found", and shows any other with its message (medium confidence).
"""

from __future__ import annotations

from enum import StrEnum

from hub.access.log import AccessLogUnavailable
from hub.errors import InvalidInput


class Outcome(StrEnum):
    """What came of a request."""

    DONE = "E100"
    INPUT = "E001"
    """A value of the request cannot be read, or contradicts another."""
    FISCAL_CODE = "E101"
    """Nobody has this fiscal code, or protocol, as far as the caller sees."""
    EVENT = "E102"
    """The event is refused."""
    LOG = "E997"
    """It could not be written down who looked at whom: nothing is told."""
    GENERIC = "E999"


def outcome_of(code: str) -> Outcome:
    """The outcome for an error's code."""
    return {AccessLogUnavailable.code: Outcome.LOG, InvalidInput.code: Outcome.INPUT}.get(
        code, Outcome.GENERIC
    )
