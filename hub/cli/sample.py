# SPDX-License-Identifier: EUPL-1.2
"""`snodo measures sample` and `controls`: households drawn for inspection, what came of the checks, and the indicators of the plan.

What is printed names nobody, unless the codes are asked for: then the look is in the access log before they are.
"""

from __future__ import annotations

import csv
import getpass
import secrets
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, TextIO
from uuid import UUID

import orjson
import typer

from hub.access.line import Look
from hub.access.log import AccessLog
from hub.casework.inspections.codes import Codes, read_codes
from hub.casework.inspections.outcomes import (
    ROME,
    Period,
    checks_of,
    periods,
    read_outcomes,
    record_outcomes,
)
from hub.casework.inspections.plan import InvalidInspectionPlan, Plan, read_plan
from hub.casework.inspections.samples import (
    Asked,
    Drawn,
    Sample,
    Sampled,
    draw_sample,
    read_list_of,
    sample_named,
    sampled,
    samples,
)
from hub.casework.inspections.told import HOUSEHOLD_PREFIX, Told, read_told
from hub.casework.runs import record
from hub.casework.runs.record import Run, UnknownRun
from hub.cli.data import owned_tables
from hub.cli.looks import Command, caller_under, operator_of
from hub.cli.new_file import new_file
from hub.cli.options import AsJson, DataDir, run, settings_of
from hub.errors import InvalidInput
from hub.measures.controls import Indicators, indicators_of
from hub.measures.measure import Measure
from hub.measures.sampling import Unit, lines_of
from hub.settings import Settings
from hub.store.csv_lines import read_text
from hub.store.engine import database_url, open_connection
from hub.store.identifiers import encode_id
from hub.store.statement import Connection
from hub.store.vocabulary import AccessOutcome

group = typer.Typer(
    help="Households drawn for inspection, so that anybody can draw them again, and what came of the checks.",
    no_args_is_help=True,
)

SampleId = Annotated[
    str | None, typer.Option("--sample", help="Its id (`smp_…`); when absent, the last that was drawn.")
]
By = Annotated[str | None, typer.Option(help="Who does; when absent, the user of this system.")]
Purpose = Annotated[
    UUID | None,
    typer.Option(help="The registered purpose under which you look; its agency is who looks, in the log."),
]
ShowCodes = Annotated[
    bool,
    typer.Option("--codes", help="Say who they are, too: protocols and fiscal codes. Needs --purpose."),
]
Of = Annotated[Measure | None, typer.Option(help="Of one measure.", case_sensitive=False)]

SHOWN = ("Beneficiary.fiscalCode", "Household.benefit", "Household.inpsProtocol", "Household.members")
"""What `--codes` shows, as the schema calls it: what its line of the access log says was asked for."""
COLUMNS = ("rank", "household_id", "stratum", "weight", "why", "signals", "number")
"""Of the file of a sample; signals stand apart by spaces, `number` is the algorithm's, in hexadecimal."""
CODES = ("inps_protocol", "fiscal_codes")
"""The columns beside them with `--codes`."""


_OPERATION = Command("snodo measures sample", SHOWN)


@group.command()
def draw(
    size: Annotated[int | None, typer.Option(min=1, help="Households; when absent, the plan's sizes.")] = None,
    run_id: Annotated[str | None, typer.Option("--run", help="The run to draw from (`run_…`).")] = None,
    measure: Of = None,
    on: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="Of its runs, the last of this day; when absent, the last of all."
        ),
    ] = None,
    seed: Annotated[
        str | None,
        typer.Option(help="Fixed in public before; when absent, the run's own, drawn once and kept."),
    ] = None,
    plan: Annotated[
        Path | None, typer.Option(help="Strata, sizes and points of risk, as TOML.", dir_okay=False)
    ] = None,
    signals: Annotated[
        Path | None,
        typer.Option(help="What you know beside: CSV of household_id, signal.", dir_okay=False),
    ] = None,
    list_file: Annotated[
        Path | None,
        typer.Option(
            "--list", help="Write the list it is drawn from to this new file: its SHA-256 is published.",
            dir_okay=False,
        ),
    ] = None,
    by: By = None,
    data_dir: DataDir = None,
) -> None:  # fmt: skip
    """Draw a sample from a run, weighed by risk, and keep it; asked for the same again, say which was drawn."""
    settings = settings_of(data_dir=data_dir)
    asked_plan = Plan() if plan is None else read_plan(read_text(plan, InvalidInspectionPlan))
    told = Told() if signals is None else read_told(signals)

    async def drawn(url: str, file: TextIO | None) -> tuple[Sample, Drawn, list[Sampled]]:
        async with owned_tables(url) as connection:
            from_ = await _run_of(connection, run_id, measure, None if on is None else on.date())
            asked = Asked(from_, size, asked_plan, told, seed, _who(by))
            # NOTE nothing is read before the lock that `draw_sample` takes: what is read after it is what the last draw left.
            async with connection.transaction(isolation="repeatable_read"):
                one, how = await draw_sample(connection, asked, _seed)
                found = await sampled(connection, one)
                if file is not None:
                    units: Sequence[Unit] = await read_list_of(connection, one, asked)
                    file.writelines(lines_of(units))
            return one, how, found

    with new_file(list_file) as file, database_url(settings) as url:
        one, how, found = run(drawn(url, file))
    if how is Drawn.DRAWN_BEFORE:
        typer.echo("Already drawn: same run, size and plan. --seed draws by another.", err=True)
    for line in (*_lines(one), *_made_of(found)):
        typer.echo(line)


@group.command("list")
def list_(measure: Of = None, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Say which samples were drawn, newest first."""

    async def found(url: str) -> list[Sample]:
        async with owned_tables(url) as connection:
            return await samples(connection, measure)

    with database_url(settings_of(data_dir=data_dir)) as url:
        for one in run(found(url)):
            typer.echo(orjson.dumps(_as_json(one)) if as_json else _line(one))


@group.command()
def show(
    sample_id: SampleId = None,
    codes: ShowCodes = False,
    purpose: Purpose = None,
    by: By = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Say how a sample was drawn, what it is made of and what came of its checks; with `--codes` who is in it."""
    settings = settings_of(data_dir=data_dir)
    with database_url(settings) as url:
        one, found, told, known = run(_found(settings, url, sample_id, _looker(codes, purpose), by))
    if as_json:
        households = {"households": [_row(one_of, known) for one_of in found]} if known is not None else {}
        typer.echo(orjson.dumps({**_as_json(one), **_made_as_json(found), **_told(told), **households}))
        return
    for line in (*_lines(one), *_made_of(found), _checks(told)):
        typer.echo(line)
    for one_of in found if known is not None else ():
        typer.echo("  " + " ".join(_row(one_of, known)[name] for name in ("rank", *CODES)))


@group.command()
def export(
    file: Annotated[Path, typer.Argument(help="A new file, as CSV; only its owner may read it.")],
    sample_id: SampleId = None,
    codes: ShowCodes = False,
    purpose: Purpose = None,
    by: By = None,
    data_dir: DataDir = None,
) -> None:
    """Write a sample's households to a file, place by place; with `--codes` who they are."""
    settings = settings_of(data_dir=data_dir)
    with new_file(file) as opened, database_url(settings) as url:
        _, found, _, known = run(_found(settings, url, sample_id, _looker(codes, purpose), by))
        assert opened is not None
        lines = csv.DictWriter(opened, (*COLUMNS, *(CODES if known is not None else ())))
        lines.writeheader()
        lines.writerows(_row(one, known) for one in found)
    typer.echo(f"{len(found):,} households in {file}")


@group.command("record")
def record_(
    file: Annotated[
        Path, typer.Argument(help="CSV of household_id, made_on, outcome, undue, recovered.", dir_okay=False)
    ],
    sample_id: Annotated[str, typer.Option("--sample", help="The sample that was checked (`smp_…`).")],
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day the outcomes stand as of; when absent, today."),
    ] = None,
    by: By = None,
    data_dir: DataDir = None,
) -> None:
    """Take what came of a sample's checks; taken again, what was told before is passed over."""
    told = read_outcomes(file)
    today = _now().astimezone(ROME).date()
    day = today if as_of is None else as_of.date()
    if day > today:
        raise InvalidInput("Outcomes stand as of a day that has come.")

    async def recorded(url: str) -> str:
        async with owned_tables(url) as connection, connection.transaction():
            one = await sample_named(connection, sample_id)
            kept = await record_outcomes(connection, one, told, as_of=day, by=_who(by))
        return f"{one.name}: {kept.new:,} outcomes recorded, {kept.told_before:,} were told before."

    with database_url(settings_of(data_dir=data_dir)) as url:
        typer.echo(run(recorded(url)))


def controls(
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day.")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="The last day.")],
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Say what a plan of controls asks for: households drawn, checks made, irregularities found, euro undue and recovered."""
    if last < first:
        raise InvalidInput("A period ends on the day it begins or later.")

    async def found(url: str) -> list[Period]:
        async with owned_tables(url) as connection, connection.transaction(isolation="repeatable_read"):
            return await periods(connection, first.date(), last.date())

    with database_url(settings_of(data_dir=data_dir)) as url:
        for period in run(found(url)):
            typer.echo(orjson.dumps(_period_as_json(period)) if as_json else _period(period))


async def _run_of(
    connection: Connection, run_id: str | None, measure: Measure | None, on: date | None
) -> Run:
    """The run that was named, or the last whole one of a measure and a day."""
    if run_id is not None:
        return await record.run_named(connection, run_id)
    for one in await record.runs(connection, measure):
        if one.ended_at is not None and one.key.at_most is None and on in (None, one.key.on):
            return one
    raise UnknownRun("No such run of everybody has ended: `snodo measures run` makes one.")


async def _found(
    settings: Settings, url: str, sample_id: str | None, purpose: UUID | None, by: str | None
) -> tuple[Sample, list[Sampled], Indicators, Mapping[UUID, Codes] | None]:
    """A sample with its households and what came of it; under a purpose, who they are, too."""
    async with owned_tables(url) as connection:
        log = AccessLog(lambda: open_connection(url, settings), time.perf_counter)
        if purpose is not None:
            await log.know(connection, [_OPERATION.selection])
        async with connection.transaction(isolation="repeatable_read"):
            one = await sample_named(connection, sample_id)
            found = await sampled(connection, one)
            told = indicators_of(one.size, await checks_of(connection, one))
            if purpose is None:
                return one, found, told, None
            caller = await caller_under(connection, purpose)
            operator = operator_of(by)
            known = await read_codes(
                connection, [one.household for one in found if one.household is not None]
            )
            # NOTE in the transaction that read: nothing is told whose line is not there.
            await log.write_within(
                connection,
                Look(caller, operator, _OPERATION, {"sample": one.name}),
                "{" + ",".join(_shown(known)) + "}",
                AccessOutcome.ANSWERED,
            )
        return one, found, told, known


def _shown(known: Mapping[UUID, Codes]) -> Iterator[str]:
    """Whom a look at these codes is about: the people, and a household with none."""
    for household, codes in known.items():
        yield from map(str, codes.people or (household,))


def _looker(codes: bool, purpose: UUID | None) -> UUID | None:
    if codes and purpose is None:
        raise InvalidInput("Who is in a sample is shown under a purpose: --purpose says which.")
    return purpose if codes else None


def _who(by: str | None) -> str:
    return by or getpass.getuser()


def _seed() -> str:
    return secrets.token_hex(16)


def _now() -> datetime:
    return datetime.now(ROME)


def _row(one: Sampled, known: Mapping[UUID, Codes] | None) -> dict[str, str]:
    """A household as the file has it; one that is gone has its place alone."""
    row = {
        "rank": str(one.rank),
        "household_id": "" if one.household is None else encode_id(HOUSEHOLD_PREFIX, one.household),
        "stratum": one.unit.stratum,
        "weight": str(one.unit.weight),
        "why": one.why.value,
        "signals": " ".join(one.signals),
        "number": "" if one.number is None else f"{one.number:064x}",
    }
    if known is None:
        return row
    codes = None if one.household is None else known.get(one.household)
    said = ("", "") if codes is None else (codes.protocol, " ".join(codes.fiscal_codes))
    return {**row, **dict(zip(CODES, said, strict=True))}


def _line(one: Sample) -> str:
    return (
        f"{one.name} {one.measure} on {one.on}: {one.size:,} of {one.listed:,} households,"
        f" drawn at {one.drawn_at.isoformat(timespec='seconds')} by {one.drawn_by}"
    )


def _lines(one: Sample) -> Iterator[str]:
    yield _line(one)
    yield f"  from {encode_id(record.PREFIX, one.run_id)}, {one.algorithm}"
    yield f"  seed {one.seed}{' (drawn by the hub)' if one.seed_drawn else ''}"
    yield f"  list {one.list_digest}"
    if one.unverified:
        yield "  Points of risk without a source weigh in it: they are a proposal (unverified)."


def _made_of(found: Sequence[Sampled]) -> Iterator[str]:
    for title, counts in _counts(found).items():
        for name, households in counts.items():
            yield f"  {title + ':':<9} {name or 'none':<26} {households:>9,}"


def _counts(found: Sequence[Sampled]) -> dict[str, dict[str, int]]:
    strata = Counter(one.unit.stratum for one in found)
    why = Counter(one.why.value for one in found)
    signals = Counter(signal.value for one in found for signal in one.signals)
    return {
        "stratum": {name: strata[name] for name in sorted(strata)},
        "why": {name: why[name] for name in sorted(why)},
        "signal": dict(signals.most_common()),
    }


def _checks(told: Indicators) -> str:
    return (
        f"  checked: {told.made:,}, concluded {told.concluded:,}, irregular {told.irregular:,};"
        f" {told.undue:,.2f} euro undue, {told.recovered:,.2f} recovered"
    )


def _period(one: Period) -> str:
    told = one.indicators
    irregular, recovered = told.irregular_of_concluded, told.recovered_of_undue
    return (
        f"{one.measure or 'all':<4} {one.year or 'all':<5} drawn {told.planned:,}, checked {told.made:,}, concluded {told.concluded:,},"
        f" irregular {told.irregular:,}{'' if irregular is None else f' ({irregular} %)'};"
        f" {told.undue:,.2f} euro undue, {told.recovered:,.2f} recovered{'' if recovered is None else f' ({recovered} %)'}"
    )


def _as_json(one: Sample) -> dict[str, Any]:
    return {
        "id": one.name,
        "run": encode_id(record.PREFIX, one.run_id),
        "measure": one.measure,
        "on": one.on.isoformat(),
        "size": one.size,
        "listed": one.listed,
        "algorithm": one.algorithm,
        "seed": one.seed,
        "seedDrawn": one.seed_drawn,
        "list": one.list_digest,
        "plan": one.plan,
        "unverified": one.unverified,
        "drawnBy": one.drawn_by,
        "drawnAt": one.drawn_at.isoformat(timespec="seconds"),
    }


def _made_as_json(found: Sequence[Sampled]) -> dict[str, Any]:
    counts = _counts(found)
    return {"strata": counts["stratum"], "why": counts["why"], "signals": counts["signal"]}


def _told(told: Indicators) -> dict[str, Any]:
    return {"checks": _indicators(told)}


def _period_as_json(one: Period) -> dict[str, Any]:
    told = one.indicators
    return {"measure": one.measure, "year": one.year, "drawn": told.planned, **_indicators(told)}


def _indicators(told: Indicators) -> dict[str, Any]:
    shares = {
        "irregularOfConcluded": told.irregular_of_concluded,
        "recoveredOfUndue": told.recovered_of_undue,
    }
    return {
        "made": told.made,
        "concluded": told.concluded,
        "irregular": told.irregular,
        "undue": str(told.undue),
        "recovered": str(told.recovered),
        **{name: None if share is None else str(share) for name, share in shares.items()},
    }
