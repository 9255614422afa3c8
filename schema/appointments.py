# SPDX-License-Identifier: EUPL-1.2
"""Convocations."""

from __future__ import annotations

import datetime

import strawberry

from hub.plan.declare import stored
from hub.store import tables
from hub.store.vocabulary import ConvocationChannel, ConvocationOutcome, ConvocationReason


@stored(tables.Convocation)
@strawberry.type(description="Convocazione of a person by an office.")
class Convocation:
    scheduled_at: datetime.datetime
    channel: ConvocationChannel
    reason: ConvocationReason
    outcome: ConvocationOutcome | None
