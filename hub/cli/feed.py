# SPDX-License-Identifier: EUPL-1.2
"""`snodo feed`: where the feed stands, its key, and erasing the content of an entry."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import func, select

from hub.cli.data import owner_connection
from hub.cli.feed_status import status
from hub.cli.options import DataDir, run, settings_of
from hub.errors import ConfigurationError
from hub.ledger.append import FEED_TOPIC
from hub.ledger.checkpoint_key import make_key, read_signer
from hub.ledger.erasure import erase as erase_content
from hub.ledger.tree import last_position
from hub.store.base import table_of
from hub.store.engine import database_url
from hub.store.identifiers import encode_id
from hub.store.migrations import check_version
from hub.store.statement import Statement
from hub.store.tables import OutboxMessage

commands = typer.Typer(
    help="The feed: where it stands, its key, erasing content.", invoke_without_command=True
)


commands.command()(status)


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(commands, name="feed")


@commands.callback()
def feed(context: typer.Context, data_dir: DataDir = None) -> None:
    """Say where the feed stands: its last position, and how many events wait for theirs."""
    if context.invoked_subcommand is not None:
        return
    settings = settings_of(data_dir=data_dir)
    waiting = table_of(OutboxMessage)
    count = Statement(select(func.count()).select_from(waiting).where(waiting.c.topic == FEED_TOPIC))

    async def stand(url: str) -> tuple[int, int]:
        async with owner_connection(url) as connection:
            await check_version(connection, url)
            return await last_position(connection), await count.fetchval(connection)

    with database_url(settings) as url:
        position, left = run(stand(url))
    typer.echo(f"Last position {position:,}; {left:,} events wait for theirs.")


@commands.command()
def key(
    make: Annotated[
        bool, typer.Option("--make", help="Make the key's file first; one that is there stays.")
    ] = False,
) -> None:
    """Print the key by which checkpoints are verified: what a reader of the feed keeps."""
    settings = settings_of()
    path: Path | None = settings.checkpoint_key_file
    if path is None:
        raise ConfigurationError("No key is set up: SNODO_CHECKPOINT_KEY_FILE names its file.")
    if make:
        make_key(path)
    typer.echo(str(read_signer(path, settings.feed_origin).key))


@commands.command()
def erase(
    position: Annotated[int, typer.Option(min=1, help="The entry whose content goes.")],
    reason: Annotated[str, typer.Option(help="Why; kept with the erasure for ever: name nobody.")],
    agency: Annotated[str, typer.Option(help="Code of the agency for which it is done.")],
    by: Annotated[str | None, typer.Option(help="Who does it; when absent, the user of this system.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Erase the personal content of an entry for ever: the entry stays, its proofs hold, its readers are told."""
    settings = settings_of(data_dir=data_dir)

    async def erased(url: str) -> str:
        async with owner_connection(url) as connection, connection.transaction():
            await check_version(connection, url)
            event_id = await erase_content(
                connection, position, agency_code=agency, operator=by or getpass.getuser(), reason=reason
            )
            return encode_id("evt", event_id)

    with database_url(settings) as url:
        event = run(erased(url))
    typer.echo(f"The content at position {position:,} is erased; {event} tells the readers of the feed.")
