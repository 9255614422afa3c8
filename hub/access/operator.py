# SPDX-License-Identifier: EUPL-1.2
"""The person at the desk."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Operator:
    """Who sat at the consumer's desk: its own id for the person, the workplace, and how surely the person was identified."""

    user_id: str
    user_location: str
    loa: str
