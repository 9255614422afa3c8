# SPDX-License-Identifier: EUPL-1.2
"""`snodo verify`: whether a file of the feed, or the feed as it is stored, is what was signed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from hub.cli.data import owner_connection
from hub.cli.options import DataDir, run, settings_of
from hub.errors import InvalidInput
from hub.ledger.checkpoint import Checkpoint, read_checkpoint
from hub.ledger.checkpoint_key import read_signer
from hub.ledger.signed_note import MalformedNote, UnsignedNote, VerifierKey
from hub.ledger.stored_feed import verify_stored
from hub.ledger.verification import Unproven, Verified, verify_lines
from hub.settings import Settings
from hub.store.engine import database_url
from hub.store.migrations import check_version

LARGEST_LINE = 1_000_000
"""Bytes of a line; the longest an entry can be is a fiftieth of that."""
LARGEST_NOTE = 100_000
"""Bytes that are read of a checkpoint's or a key's file."""


class NotProven(InvalidInput):
    """The feed is not what was signed."""


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(verify)


def verify(
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="[FEED.ndjson]",
            help="The feed from its first entry on, `-` for stdin; when absent, the feed in the hub's own tables.",
        ),
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="The checkpoint it is held against.", exists=True, dir_okay=False)
    ] = None,
    previous: Annotated[
        list[Path] | None,
        typer.Option(help="An earlier checkpoint, kept from before; may be given again.", dir_okay=False),
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="The key of who signs, as `snodo feed key` prints it, or a file of it.")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Verify the feed: every line's form and content, no gap, the tree, the signatures; exit code 1 if anything is wrong."""
    try:
        verifier_key = None if key is None else _key(key)
        if file is None:
            settings = settings_of(data_dir=data_dir)
            found = _stored(settings, verifier_key or _own_key(settings))
            verifier_key = verifier_key or _own_key(settings)
        else:
            paths = [path for path in (checkpoint, *(previous or ())) if path is not None]
            checkpoints = [_checkpoint(path, verifier_key) for path in paths]
            if len({one.origin for one in checkpoints}) > 1:
                raise NotProven("The checkpoints are of feeds with different names.")
            found = _file(file, checkpoints)
    except (Unproven, MalformedNote, UnsignedNote) as fault:
        raise NotProven(str(fault)) from None
    for line in _said(found, verifier_key):
        typer.echo(line)


def _said(found: Verified, key: VerifierKey | None) -> Iterator[str]:
    yield f"{found.lines:,} entries: each canonical, its content its own, none missing. Root {found.root.hex()}"
    yield f"{found.proven:,} of them are what was signed." + (
        "" if key is not None else " The signature itself was not checked: give --key."
    )
    if found.erased:
        yield f"The content of {found.erased:,} was erased, as later entries say."
    if found.to_erase:
        places = ", ".join(f"{place:,}" for place in found.to_erase[:10])
        yield f"To erase here too: the content of {len(found.to_erase):,} lines ({places}{' …' if len(found.to_erase) > 10 else ''})."


def _file(file: str, checkpoints: list[Checkpoint]) -> Verified:
    if file == "-":
        return verify_lines(_lines(sys.stdin.buffer), checkpoints)
    try:
        with Path(file).open("rb") as opened:
            return verify_lines(_lines(opened), checkpoints)
    except OSError as error:
        raise InvalidInput(f"The file cannot be read: {error.strerror}.") from None


def _lines(opened: BinaryIO) -> Iterator[bytes]:
    # NOTE bounded: a file without an end of line is not read into memory whole.
    while line := opened.readline(LARGEST_LINE):
        yield line


def _stored(settings: Settings, key: VerifierKey | None) -> Verified:
    async def held(url: str) -> Verified:
        async with (
            owner_connection(url) as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            await check_version(connection, url)
            return await verify_stored(connection, key)

    with database_url(settings) as url:
        return run(held(url))


def _own_key(settings: Settings) -> VerifierKey | None:
    path = settings.checkpoint_key_file
    return None if path is None else read_signer(path, settings.feed_origin).key


def _key(given: str) -> VerifierKey:
    path = Path(given)
    return VerifierKey.read(_text(path) if "+" not in given or path.is_file() else given)


def _checkpoint(path: Path, key: VerifierKey | None) -> Checkpoint:
    try:
        return read_checkpoint(_text(path), key)
    except (MalformedNote, UnsignedNote) as fault:
        raise NotProven(f"{path}: {fault}") from None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as opened:
            return opened.read(LARGEST_NOTE).decode()
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise NotProven(f"{path} is not a text in UTF-8.") from None
