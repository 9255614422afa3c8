# SPDX-License-Identifier: EUPL-1.2
"""How two tables meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import RelationshipProperty


@dataclass(frozen=True)
class Link:
    """How two tables meet: equal columns, here and there."""

    here: tuple[str, ...]
    there: tuple[str, ...]
    target: str


def link_of(relation: RelationshipProperty[Any]) -> Link:
    """The link a relationship of the tables stands for."""
    pairs = relation.local_remote_pairs or []
    return Link(
        tuple(here.name for here, _ in pairs),
        tuple(there.name for _, there in pairs),
        relation.mapper.local_table.name,  # type: ignore[attr-defined]
    )
