# SPDX-License-Identifier: EUPL-1.2
"""`snodo measures`: all households of a measure through the rules, and what came of it. What is printed names nobody."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TextIO

import asyncpg
import orjson
import typer

from hub.casework.runs import record
from hub.casework.runs.differences import Change, Changed, differences, write_differences
from hub.casework.runs.everybody import Asked, Begun, assess_everybody
from hub.casework.runs.record import Run
from hub.casework.runs.summary import Summary, summary
from hub.cli import sample
from hub.cli.data import owned_tables
from hub.cli.new_file import new_file
from hub.cli.options import AsJson, DataDir, run, settings_of
from hub.cli.progress import shown
from hub.measures.measure import Measure
from hub.store.engine import database_url

measures = typer.Typer(
    help="The measures: all households through the rules, and what came of it.", no_args_is_help=True
)
measures.add_typer(sample.group, name="sample")
measures.command()(sample.controls)

RunId = Annotated[
    str | None, typer.Option("--run", help="Its id (`run_…`); when absent, the last that ended.")
]
Differences = Annotated[
    Path | None,
    typer.Option(
        help="Write each changed household to this new file, as CSV; only its owner may read it.",
        dir_okay=False,
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(measures, name="measures")


@measures.command("run")
def run_(
    measure: Annotated[Measure, typer.Option(help="Which.", case_sensitive=False)],
    on: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="By the law, and on the facts, of which day.")
    ],
    workers: Annotated[
        int | None, typer.Option(min=1, max=256, help="Processes; when absent, one for each core.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Only the first so many households, for a trial.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Anew, whatever was done before.")] = False,
    differences: Differences = None,
    data_dir: DataDir = None,
) -> None:
    """Assess every household of a measure, and say what changed since the last run; asked again, it continues, or says it is done."""
    settings = settings_of(data_dir=data_dir)
    asked = Asked(measure, on.date(), limit, again)

    async def assessed(url: str) -> tuple[Run, Begun]:
        async with owned_tables(url):
            pass  # of this hub's version
        with shown() as progress:
            return await assess_everybody(
                url, asked, processes=workers or _cores(), progress=partial(progress, "households")
            )

    with new_file(differences) as file, database_url(settings) as url:
        try:
            found, begun = run(assessed(url))
        except KeyboardInterrupt:
            typer.echo("Interrupted: the same command continues where this one stopped.", err=True)
            raise
        if begun is Begun.DONE_BEFORE:
            typer.echo("Already done: same day, same rules, same facts. --again runs it anew.", err=True)
        run(_told(url, found, None, file))


@measures.command("list")
def list_(
    measure: Annotated[Measure | None, typer.Option(help="Of one measure.", case_sensitive=False)] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Say which runs there are, newest first."""

    async def found(url: str) -> list[Run]:
        async with owned_tables(url) as connection:
            return await record.runs(connection, measure)

    with database_url(settings_of(data_dir=data_dir)) as url:
        for one in run(found(url)):
            typer.echo(orjson.dumps(_as_json(one)) if as_json else _line(one))


@measures.command()
def show(run_id: RunId = None, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Say what a run comes to: verdicts, euro a month, and what was not met or not known how often."""

    async def found(url: str) -> tuple[Run, Summary]:
        async with owned_tables(url) as connection:
            one = await _named(connection, run_id)
            return one, await summary(connection, one)

    with database_url(settings_of(data_dir=data_dir)) as url:
        one, told = run(found(url))
    if as_json:
        typer.echo(orjson.dumps({**_as_json(one), **_summary_as_json(told)}))
        return
    for line in (_line(one), *_summary(told)):
        typer.echo(line)


@measures.command()
def diff(
    run_id: RunId = None,
    since: Annotated[
        str | None,
        typer.Option(help="The run it is compared with; when absent, the one before it of its measure."),
    ] = None,
    differences: Differences = None,
    data_dir: DataDir = None,
) -> None:
    """Say what changed from one run to another."""

    async def told(url: str, file: TextIO | None) -> None:
        async with owned_tables(url) as connection:
            later = await _named(connection, run_id)
            earlier = None if since is None else await record.run_named(connection, since)
        await _told(url, later, earlier, file)

    with new_file(differences) as file, database_url(settings_of(data_dir=data_dir)) as url:
        run(told(url, file))


@measures.command()
def forget(
    run_id: Annotated[str, typer.Option("--run", help="Its id (`run_…`).")], data_dir: DataDir = None
) -> None:
    """Delete a run, and what it said of each household."""

    async def forgotten(url: str) -> Run:
        async with owned_tables(url) as connection, connection.transaction():
            one = await record.run_named(connection, run_id)
            await record.forget(connection, one.id)
            return one

    with database_url(settings_of(data_dir=data_dir)) as url:
        one = run(forgotten(url))
    typer.echo(f"{one.name} is forgotten: {one.assessed:,} assessments.")


async def _named(connection: asyncpg.Connection[asyncpg.Record], run_id: str | None) -> Run:
    if run_id is not None:
        return await record.run_named(connection, run_id)
    return await record.last_whole(connection)


async def _told(url: str, later: Run, earlier: Run | None, file: TextIO | None) -> None:
    """Print a run and what changed; the changed households go to the file."""
    async with (
        owned_tables(url) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        typer.echo(_line(later))
        for line in _summary(await summary(connection, later)):
            typer.echo(line)
        earlier = earlier or await record.last_before(connection, later)
        if earlier is None or later.key.at_most is not None:
            typer.echo("Compared with nothing: it is a trial, or the first run of its measure.")
            return
        typer.echo(f"Since {_line(earlier)}")
        for line in _changes(await differences(connection, earlier, later)):
            typer.echo(line)
        if file is not None:
            written = await write_differences(connection, earlier, later, file)
            typer.echo(f"{written:,} households in {file.name}")


def _cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _line(one: Run) -> str:
    trial = "" if one.key.at_most is None else f" (trial of {one.key.at_most:,})"
    state = (
        f"{one.households:,} households"
        if one.ended_at is not None
        else f"{one.assessed:,} of {one.households:,} households; not ended"
    )
    return f"{one.name} {one.key.measure} on {one.key.on}, run at {_moment(one.started_at)}: {state}{trial}"


def _summary(told: Summary) -> Iterator[str]:
    for verdict, households in told.verdicts.items():
        yield f"  {verdict:<22} {households:>12,}"
    yield f"  {told.monthly:,.2f} euro a month together, for {told.amounts:,} whose amount is known"
    yield f"  {told.unverified:,} rest on something that was not read in the law"
    for title, codes in (("not met", told.not_met), ("not known", told.not_known)):
        for code, households in codes.items():
            yield f"  {title + ':':<11} {code:<22} {households:>12,}"


def _changes(found: Mapping[Change, Changed]) -> Iterator[str]:
    for change, told in found.items():
        yield (
            f"  {change:<22} {told.households:>12,}   {told.monthly_before:>16,.2f} to {told.monthly_after:,.2f} euro a month"
        )


def _as_json(one: Run) -> dict[str, Any]:
    return {
        "id": one.name,
        "measure": one.key.measure,
        "on": one.key.on.isoformat(),
        "law": one.law,
        "edition": one.key.edition.hex(),
        "facts": one.key.facts.hex(),
        "atMost": one.key.at_most,
        "startedAt": _moment(one.started_at),
        "endedAt": None if one.ended_at is None else _moment(one.ended_at),
        "households": one.households,
        "assessed": one.assessed,
    }


def _summary_as_json(told: Summary) -> dict[str, Any]:
    return {
        "verdicts": {verdict.value: households for verdict, households in told.verdicts.items()},
        "amounts": told.amounts,
        "monthly": str(told.monthly),
        "unverified": told.unverified,
        "notMet": dict(told.not_met),
        "notKnown": dict(told.not_known),
    }


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
