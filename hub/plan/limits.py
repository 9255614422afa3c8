# SPDX-License-Identifier: EUPL-1.2
"""How much one request may ask for. Why each default is what it is: docs/reference/limits.md."""

from __future__ import annotations

from dataclasses import dataclass

from hub.errors import InvalidInput

MOST_OBJECTS = 1_000
"""Objects one plan may write: twice what a document without interfaces can ask for within its weight."""


class PlanTooLarge(InvalidInput):
    """The selection asks each type of an interface for something else, on too many levels; ask in several requests."""

    code = "MAX_FIELDS_LIMIT"


@dataclass(frozen=True)
class DocumentLimits:
    """How large a document may be, measured before anything walks it (`hub.plan.reading`, `hub.plan.extent`)."""

    length: int = 50_000
    """Characters."""
    tokens: int = 2_000
    depth: int = 16
    """Levels of fields."""
    aliases: int = 100
    root_fields: int = 20
    directives: int = 50
    weight: int = 5_000
    """Fields with every fragment opened, one with fields of its own counted ten times."""
    comparisons: int = 5_000
    """Pairs of fields of one response key that validation compares."""


@dataclass(frozen=True)
class PageLimits:
    """Rows of a page when none are asked for, and at most; the most a whole operation may cost (`hub.plan.cost`)."""

    default: int = 50
    most: int = 1_000
    cost: int = 100_000
    count_base: int = 5
    """What counts of people are rounded to a multiple of, for callers who see no person (docs/adr/0026)."""
