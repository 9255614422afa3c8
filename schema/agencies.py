# SPDX-License-Identifier: EUPL-1.2
"""Agencies, as the source of what they recorded."""

from __future__ import annotations

import strawberry

from hub.plan.declare import stored
from hub.store import tables
from hub.store.vocabulary import AgencyKind
from schema.sensitivity import public


@public
@stored(tables.Agency)
@strawberry.type(description="An organisation that records, feeds or reads.")
class Agency:
    code: str
    name: str
    kind: AgencyKind
