# SPDX-License-Identifier: EUPL-1.2
"""`snodo agency limit`: how often a consumer may ask."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import typer

from hub.access.call_counts import DefaultLimits
from hub.access.call_limits import Limits, read_limits, set_limits
from hub.cli.options import DataDir, run, settings_of
from hub.settings import Settings
from hub.store.engine import database_url, open_database
from hub.store.migrations import check_version


def limit(
    code: Annotated[str, typer.Argument(help="The agency's code; `citizens` for each citizen.")],
    purpose: Annotated[
        UUID | None, typer.Option(help="One of its PDND purposes; without it, the consumer as a whole.")
    ] = None,
    per_minute: Annotated[
        int | None, typer.Option(min=1, help="Calls a minute, of the purpose or of each of them.")
    ] = None,
    per_day: Annotated[
        int | None, typer.Option(min=1, help="Calls a day, of the purpose or of all of them together.")
    ] = None,
    default: Annotated[
        bool, typer.Option("--default", help="Take back what was set: the settings hold again.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Limit how often a consumer may ask; without an option, show its limits and what is used today."""
    settings = settings_of(data_dir=data_dir)

    async def write(settings: Settings, url: str) -> Sequence[Limits]:
        async with open_database(url, settings) as database, database.write.acquire() as connection:
            await check_version(connection, url)
            await set_limits(
                connection,
                code,
                purpose_id=purpose,
                per_minute=per_minute,
                per_day=per_day,
                to_default=default,
            )
            return await read_limits(connection, code, DefaultLimits.from_settings(settings), time.time())

    with database_url(settings) as url:
        found = run(write(settings, url))
    for one in found:
        typer.echo(told(one))


def told(one: Limits) -> str:
    """A purpose's limits in words."""
    words = [f"purpose {one.purpose_id}: {one.per_minute} a minute"]
    if one.per_day is not None:
        words.append(f"{one.per_day} a day")
    line = f"{', '.join(words)} ({one.used} used today)"
    if one.consumer_per_day is not None:
        line += f"; all purposes {one.consumer_per_day} a day ({one.consumer_used} used today)"
    return line
