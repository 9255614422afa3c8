# SPDX-License-Identifier: EUPL-1.2
"""`snodo sync …`: the records that agencies sent and that could not land: which wait, trying them again, putting them away."""

from __future__ import annotations

import getpass
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import cache, partial
from typing import Annotated, TypeVar
from uuid import UUID

import orjson
import typer

from connectors.inbound import runs
from connectors.inbound.dismissing import dismiss as dismiss_records
from connectors.inbound.flow import PAGE_SIZE, tried_again
from connectors.inbound.kept_kinds import check_can_be_tried, check_flow, kept_kind
from connectors.inbound.kept_records import (
    KeptRecord,
    RecordSettled,
    count_waiting,
    named,
    waiting_records,
)
from connectors.inbound.quarantine import PREFIX
from connectors.inbound.retrying import retry_record, retry_waiting
from hub.cli.options import AsJson, DataDir, run, settings_of
from hub.cli.progress import shown
from hub.settings import Settings
from hub.store.engine import Pool, database_url, open_database
from hub.store.identifiers import decode_id
from hub.store.migrations import check_version

T = TypeVar("T")


def add_to(sync: typer.Typer) -> None:
    """Add these commands to the group `sync`."""
    sync.command("quarantine")(quarantine)
    sync.command("dismiss")(dismiss)


def quarantine(
    agency: Annotated[str | None, typer.Option(help="Only records of the agency of this code.")] = None,
    flow: Annotated[str | None, typer.Option(help="Only records of this flow.")] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """List the records that wait because they could not land, oldest first: which, why, since when; with --json one object a line."""
    if flow is not None:
        check_flow(flow)
    say = _as_json if as_json else _as_line

    async def listed(pool: Pool) -> None:
        async with pool.acquire() as connection:
            agency_id = None if agency is None else await runs.agency_id_of(connection, agency)
            page = await waiting_records(connection, agency_id, flow)
            if not page and not as_json:
                typer.echo("Nothing waits in quarantine.")
            while page:
                for one in page:
                    typer.echo(say(one))
                page = await waiting_records(connection, agency_id, flow, after=page[-1])

    _with_pool(settings_of(data_dir=data_dir), listed)


def dismiss(
    records: Annotated[list[str], typer.Argument(help="Ids of records, `qrn_…`.")],
    because: Annotated[
        str, typer.Option(help="Why; the agency that sent the record is shown it: name nobody.")
    ],
    by: Annotated[str | None, typer.Option(help="Who does it; when absent, the user of this system.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Put away records that will never land: their content goes, who and why stay. One that comes again the same stays put away."""
    keys = list(dict.fromkeys(decode_id(one, PREFIX)[1] for one in records))

    async def dismissed(pool: Pool) -> list[KeptRecord]:
        async with pool.acquire() as connection:
            return await dismiss_records(
                connection, keys, by=getpass.getuser() if by is None else by, because=because, now=_now()
            )

    others = _with_pool(settings_of(data_dir=data_dir), dismissed)
    for one in others:
        typer.echo(one.settled)
    typer.echo(f"{len(keys) - len(others)} dismissed.")


def retry_records(settings: Settings, keys: Sequence[UUID]) -> bool:
    """Try records again, and say of each what came of it; whether all have landed.

    Raises:
        InvalidInput: one is not known, waits no more, or cannot be tried; then none was.
        ConfigurationError: how one is read is in no region's file.

    """

    async def tried(pool: Pool) -> bool:
        async with pool.acquire() as connection:
            records = await named(connection, keys)
        for one in records:
            if one.resolved_at is not None:
                raise RecordSettled(one.settled)
            check_can_be_tried(one)
        of = cache(kept_kind)
        kinds = [of(one.flow, one.agency_code, settings.regions) for one in records]
        have_landed = True
        for one, kind in zip(records, kinds, strict=True):
            refusal = await retry_record(pool, kind, one, clock=_now)
            said = "landed." if refusal is None else f"still waits: {_why(refusal.field, refusal.reason)}"
            typer.echo(f"{one.name}: {said}")
            have_landed = have_landed and refusal is None
        return have_landed

    return _with_pool(settings, tried)


def retry_flow(settings: Settings, agency: str, flow: str) -> None:
    """Try again what waits of an agency's flow, and say how many records landed and how many still wait.

    Raises:
        InvalidInput: there is no such flow, or nothing of it can be tried.
        ConfigurationError: there is no such agency, or how its records are read is in no region's file.

    """
    check_flow(flow)

    async def tried(pool: Pool) -> str:
        async with pool.acquire() as connection:
            agency_id = await runs.agency_id_of(connection, agency)
        kind = kept_kind(flow, agency, settings.regions)
        with shown() as progress:
            steps = partial(progress, tried_again(agency, flow))
            landed = await retry_waiting(
                pool, kind, agency_id, None, clock=_now, page_size=PAGE_SIZE, steps=steps
            )
        async with pool.acquire() as connection:
            waiting, nameless = await count_waiting(connection, agency_id, flow)
        said = f"{agency} {flow}: {landed} landed now, {waiting} still wait"
        return (
            f"{said}, {nameless} of them without a key of their own, which are not tried"
            if nameless
            else said
        )

    typer.echo(_with_pool(settings, tried))


def _as_line(one: KeptRecord) -> str:
    return (
        f"{one.name} {one.agency_code} {one.flow} {_visible(one.key)}, since {one.received_at:%Y-%m-%d %H:%M} UTC: "
        f"{_why(one.field, one.reason)}"
    )


def _as_json(one: KeptRecord) -> bytes:
    return orjson.dumps(
        {
            "id": one.name,
            "agency": one.agency_code,
            "flow": one.flow,
            "recordKey": one.key,
            "field": one.field,
            "reason": one.reason,
            "receivedAt": one.received_at,
        },
        option=orjson.OPT_UTC_Z,
    )


def _why(field: str | None, reason: str) -> str:
    return f"{reason} ({_visible(field)})" if field else reason


def _visible(text: str) -> str:
    """What an agency wrote, without what a terminal would act on."""
    return text if text.isprintable() else ascii(text)


def _with_pool(settings: Settings, ask: Callable[[Pool], Awaitable[T]]) -> T:
    async def asked(url: str) -> T:
        async with open_database(url, settings) as database:
            async with database.write.acquire() as connection:
                await check_version(connection, url)
            return await ask(database.write)

    with database_url(settings) as url:
        return run(asked(url))


def _now() -> datetime:
    return datetime.now(UTC)
