# SPDX-License-Identifier: EUPL-1.2
"""`snodo feed status`: whether the feed keeps up, and how far behind each consumer is; its exit code is for a monitor."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import typer

from hub.cli.data import owner_connection
from hub.cli.options import AsJson, DataDir, run, settings_of
from hub.ledger.feed_health import FeedHealth, feed_health
from hub.ledger.feed_status import ConsumerStanding, FeedStanding, feed_standing
from hub.store.engine import database_url
from hub.store.migrations import check_version

LATE = 2
"""The exit code where something is late; 1 is a refusal, as of every command."""


@dataclass(frozen=True)
class Patience:
    """For how many seconds what waits is not late: for a position or a checkpoint, and for an acknowledgement (None: for ever)."""

    hub: float
    consumers: float | None
    signs: bool
    """Whether somebody signs checkpoints."""


def status(
    within: Annotated[
        float,
        typer.Option(min=0, help="Seconds in which an event has its position, and an entry its checkpoint."),
    ] = 60.0,
    consumers_within: Annotated[
        float | None,
        typer.Option(
            min=0, help="Seconds in which each consumer acknowledges an entry; when absent, none is late."
        ),
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Say where the feed stands: positions, checkpoint, each consumer; exit code 2 where something is late."""
    settings = settings_of(data_dir=data_dir)

    async def look(url: str) -> tuple[FeedStanding, FeedHealth]:
        async with owner_connection(url) as connection:
            await check_version(connection, url)
            return await feed_standing(connection), await feed_health(connection)

    with database_url(settings) as url:
        standing, health = run(look(url))
    signs = settings.checkpoint_key_file is not None or health.signed_up_to > 0
    late = list(_late(standing, health, Patience(within, consumers_within, signs)))
    if as_json:
        typer.echo(json.dumps(_told(standing, health, late), indent=2))
    else:
        for line in _said(standing, health):
            typer.echo(line)
        for line in late:
            typer.echo(f"Late: {line}", err=True)
    if late:
        raise typer.Exit(LATE)


def _late(standing: FeedStanding, health: FeedHealth, patience: Patience) -> Iterator[str]:
    if (waited := health.unsequenced.seconds(health.now)) > patience.hub:
        yield f"an event has waited {waited:,.0f} s for its position: no sequencer runs, or it cannot work."
    if patience.signs and (waited := health.unsigned.seconds(health.now)) > patience.hub:
        yield f"an entry has waited {waited:,.0f} s for a checkpoint: nobody signs, or what was signed was changed."
    if patience.consumers is not None:
        for one in standing.consumers:
            if (waited := one.seconds_behind(health.now)) > patience.consumers:
                yield f"{one.agency_code} ({one.purpose_id}) has not acknowledged what it could read {waited:,.0f} s ago."


def _said(standing: FeedStanding, health: FeedHealth) -> Iterator[str]:
    given = "" if standing.last_at is None else f", given {_moment(standing.last_at)}"
    yield f"Last position {standing.last_position:,}{given}; {health.unsequenced.count:,} events wait for theirs."
    yield (
        f"Signed up to {health.signed_up_to:,}; {health.unsigned.count:,} entries wait for a checkpoint."
        if health.signed_up_to
        else "Nothing was signed."
    )
    for one in standing.consumers:
        yield f"{one.agency_code} ({one.purpose_id}): {_stands(one, health.now)}"


def _stands(one: ConsumerStanding, now: datetime) -> str:
    told = f"read up to {one.read_up_to:,}, acknowledged up to {one.acknowledged_up_to:,}"
    if one.oldest_unacknowledged_at is None:
        return f"{told}; not behind."
    oldest = f"{_moment(one.oldest_unacknowledged_at)}, {one.seconds_behind(now):,.0f} s ago"
    return f"{told}; {one.behind:,} behind, the oldest from {oldest}."


def _told(standing: FeedStanding, health: FeedHealth, late: list[str]) -> dict[str, Any]:
    return {
        "lastPosition": standing.last_position,
        "lastPublishedAt": _moment(standing.last_at),
        "waiting": health.unsequenced.count,
        "secondsWaiting": health.unsequenced.seconds(health.now),
        "signedUpTo": health.signed_up_to,
        "secondsUnsigned": health.unsigned.seconds(health.now),
        "consumers": [
            {
                "agencyCode": one.agency_code,
                "purposeId": str(one.purpose_id),
                "readUpTo": one.read_up_to,
                "acknowledgedUpTo": one.acknowledged_up_to,
                "behind": one.behind,
                "secondsBehind": one.seconds_behind(health.now),
                "oldestUnacknowledgedAt": _moment(one.oldest_unacknowledged_at),
            }
            for one in standing.consumers
        ],
        "late": late,
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")
