# SPDX-License-Identifier: EUPL-1.2
"""How much one request may ask for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DocumentLimits:
    """How large a document may be: lexical tokens, levels of fields, and their weight (`hub.plan.extent`)."""

    tokens: int = 2_000
    depth: int = 16
    weight: int = 5_000


@dataclass(frozen=True)
class PageLimits:
    """Rows of a page when none are asked for, and at most."""

    default: int = 50
    most: int = 1_000
