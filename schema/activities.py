# SPDX-License-Identifier: EUPL-1.2
"""Activities of a personalised path."""

from __future__ import annotations

import datetime

import strawberry

from hub.plan.declare import stored
from hub.store import tables
from hub.store.vocabulary import ActivityKind, ActivityStatus


@stored(tables.Activity)
@strawberry.type(description="Politica attiva a person takes part in.")
class Activity:
    kind: ActivityKind
    status: ActivityStatus
    title: str
    starts_on: datetime.date
    ends_on: datetime.date | None
