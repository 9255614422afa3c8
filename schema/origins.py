# SPDX-License-Identifier: EUPL-1.2
"""How what another system told came in: from whom, under which number, when, by which run of its flow."""

from __future__ import annotations

import datetime
from typing import Any

import strawberry

from hub.plan.declare import Part, stands_on, stored
from hub.store import tables
from schema.agencies import Agency
from schema.sensitivity import public


@public
@stored(tables.InboundRun)
@strawberry.type(description="One run of a flow from an agency (acquisizione).")
class InboundRun:
    flow: str = strawberry.field(
        description="`pacts`, `worker-records`, `job-offers`, `training-courses`: as in `snodo sync status`."
    )
    started_at: datetime.datetime
    finished_at: datetime.datetime | None = strawberry.field(
        description="Null while it is under way, and of one that was cut off: the next one went on from there."
    )


@public
@strawberry.type(
    description="How a record that an agency told came in (provenienza), in the version that holds: by this the agency finds it in its own system."
)
class Origin:
    source: Agency = strawberry.field(description="Who told it.")
    external_id: str = strawberry.field(
        name="reference", description="The record's number in that agency's system (identificativo)."
    )
    updated_at: datetime.datetime = strawberry.field(
        name="changedAt", description="When it was last changed there, as the agency says."
    )
    landed_at: datetime.datetime | None = strawberry.field(
        description="When that version landed here; null of one that landed before this was kept."
    )
    run: InboundRun | None = strawberry.field(
        description="The run that brought it; null of one that landed before this was kept."
    )


def told_by_agency() -> Any:
    """`origin` of what may be recorded at the hub as well."""
    return strawberry.field(
        description="How it came in, where an agency's system told it (provenienza); null of what was recorded at the hub.",
        metadata=stands_on(Part(("source_agency_id", "external_id"))),
    )


def brought_by_run() -> Any:
    """`origin` of what always has a source: those that publish at the hub are sources, too."""
    return strawberry.field(
        description="How it came in from its source's own system (provenienza); null of what was published at the hub, and of what landed "
        "before this was kept.",
        metadata=stands_on(Part(("landed_at",))),
    )
