# SPDX-License-Identifier: EUPL-1.2
"""`snodo access-log`: the months the access log is kept by."""

from __future__ import annotations

import typer

from hub.access.log_months import LogMonths
from hub.cli.options import DataDir, run, settings_of
from hub.errors import ConfigurationError
from hub.settings import Settings
from hub.store.engine import database_url, open_database
from hub.store.migrations import check_version

commands = typer.Typer(
    help="The access log and the months it is kept by; who looked at whom is asked of the hub, which writes that down.",
    no_args_is_help=True,
)


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(commands, name="access-log")


@commands.command("months")
def months_(data_dir: DataDir = None) -> None:
    """Make the partitions that are missing, drop those kept long enough, say what is misplaced; the hub does so every hour."""
    settings = settings_of(data_dir=data_dir)

    async def keep(settings: Settings, url: str) -> None:
        async with open_database(url, settings) as database:
            async with database.write.acquire() as connection:
                await check_version(connection, url)
            kept = await LogMonths(database.write, settings.access_log_months).look()
        typer.echo(
            f"{kept.made} made, {len(kept.dropped)} dropped{': ' if kept.dropped else ''}{', '.join(kept.dropped)}."
        )
        if kept.misplaced:
            raise ConfigurationError(
                f"{kept.misplaced} lines lie outside the months: see docs/how-to/access-log.md."
            )

    with database_url(settings) as url:
        run(keep(settings, url))
