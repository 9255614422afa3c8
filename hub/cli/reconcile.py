# SPDX-License-Identifier: EUPL-1.2
"""`snodo sync reconcile`: whether the hub holds what an agency tells, by day; exit code 1 where it does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from connectors.connected import connect_agencies
from connectors.cooperation import CooperatingRegion, SubsidiaryRegion
from connectors.file_exchange import FilingAgency
from connectors.file_exchange.opening import open_folder
from connectors.reconciliation import (
    Files,
    FlowComparison,
    Why,
    reconcile_admitted_households,
    reconcile_files,
    reconcile_region,
)
from connectors.reconciliation.comparison import DayComparison, Period
from connectors.region_files import Region, read_filing, read_region, read_regions
from connectors.regional import RegionalSystem
from connectors.tls import open_client
from hub.cli.options import AsJson, DataDir, run, settings_of
from hub.cli.progress import shown
from hub.errors import ConfigurationError, InvalidInput
from hub.settings import Settings
from hub.spans import SPANS
from hub.store.engine import database_url, open_database
from hub.store.migrations import check_version
from hub.store.reference.agency_codes import INPS_AGENCY_CODE, region_agency_code
from hub.tracing.parts import tracing_of


def reconcile(
    agency: Annotated[str, typer.Argument(help="Code of the agency whose flows are compared.")],
    first: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day.")
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="The last day, included.")
    ] = None,
    records: Annotated[
        bool,
        typer.Option("--records", help="Name the records that differ, by the keys their agency gave them."),
    ] = False,
    as_json: AsJson = False,
    files: Annotated[
        Path | None,
        typer.Option(
            help="The TOML file of an agency that sends files, or a folder of regions' ones.",
            show_default="SNODO_REGIONS",
        ),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Compare what an agency tells with what the hub holds, by the day a record was changed; exit code 1 where they differ, or where that cannot be told."""
    period = Period(first and first.date(), last and last.date())
    if period.first and period.last and period.first > period.last:
        raise InvalidInput("--from is after --to.")
    settings = settings_of(data_dir=data_dir)
    with database_url(settings) as url:
        found = run(_reconcile(settings, url, agency, period, files))
    if as_json:
        typer.echo(orjson.dumps([in_json(one, records=records) for one in found]))
    else:
        for one in found:
            for line in in_words(one, records=records):
                typer.echo(line)
    if any(one.differs for one in found):
        raise typer.Exit(1)


async def _reconcile(
    settings: Settings, url: str, agency: str, period: Period, files: Path | None
) -> Sequence[FlowComparison]:
    async with (
        open_database(url, settings) as database,
        open_client(settings) as http,
        aclosing(connect_agencies(settings, http)) as agencies,
        tracing_of(settings) as tracing,
    ):
        SPANS.set(tracing.spans)
        async with database.write.acquire() as connection:
            await check_version(connection, url)
        pool = database.write
        # Whoever names files wants these compared: an agency may have a service beside them.
        if files is None and agencies.inps is not None and agency == INPS_AGENCY_CODE:
            with shown() as progress:
                return [await reconcile_admitted_households(pool, agencies.inps, period, progress=progress)]
        for region in () if files is not None else agencies.regional:
            if agency == region.system.agency_code:
                with shown() as progress:
                    return await reconcile_region(pool, region, period, progress=progress)
        filing = _filing(agency, files or settings.regions)
        async with open_folder(filing) as folder:
            with shown() as progress:
                return await reconcile_files(pool, filing, folder, period, progress=progress)


def _filing(agency: str, files: Path | None) -> FilingAgency:
    """How the agency of this code sends files, by a TOML file or a folder of them.

    Raises:
        ConfigurationError: there is none; where it is connected by another way, why that cannot be compared, and what can be done.

    """
    regions: tuple[Region, ...] = ()
    if files is not None:
        for filing in read_filing(files):
            if filing.agency_code == agency:
                return filing
        regions = read_regions(files) if files.is_dir() else (read_region(files),)
    match next((one for one in regions if region_agency_code(one.region_code) == agency), None):
        case CooperatingRegion() as region:
            raise ConfigurationError(
                f"{agency} cannot be compared by day: application cooperation publishes no operation that lists what a region holds, or what "
                "changed in it; a worker's record (SAP) is asked for person by person. "
                f"`snodo sync region --region {region.region_code}` asks about everybody anew and brings what differs; "
                "`snodo doctor person` says of one person what came, when, and by which run."
            )
        case RegionalSystem():
            raise ConfigurationError(
                f"{agency} is reached by REST, and sends no files: it is asked where SNODO_REGIONS names the folder of its file, and --files is left out."
            )
        case SubsidiaryRegion():
            raise ConfigurationError(
                f"{agency} has no system of its own: the hub is its system, and there is no other side to compare with."
            )
        case _:
            raise ConfigurationError(
                f"{agency} cannot be compared here: {INPS_AGENCY_CODE} can where SNODO_INPS_URL is set, a region by REST where "
                "SNODO_REGION_URL is or its file is in SNODO_REGIONS, and an agency that sends files where its TOML file is named by --files, a region's also where it is in SNODO_REGIONS."
            )


def in_words(flow: FlowComparison, *, records: bool) -> Iterator[str]:
    """A comparison in lines; names records only where `records`."""
    yield f"{flow.agency_code} {flow.flow}: {_word(*flow.days) or 'the same on both sides'}"
    if flow.files is not None:
        yield f"  {_files(flow.files)}"
    for one in flow.days:
        yield (
            f"  {_day(one.day) or 'no day':10}  hub {one.hub.records:>7,} {one.hub.digest[:16]}"
            f"  agency {one.agency.records:>7,} {one.agency.digest[:16]}  {_verdict(one)}"
        )
        if records:
            yield from (f"    {difference.why.value:11} {difference.key}" for difference in one.differences)


def _files(files: Files) -> str:
    said = f"{files.compared:,} received files were read again"
    if files.gone == 0:
        return f"{said}: all there were."
    return f"{said}; {files.gone:,} are not in the folder any more: what only they told cannot be compared, and is unverified."


def _word(*days: DayComparison) -> str:
    """What a difference is called; "" where there is none."""
    if not any(one.differs for one in days):
        return ""
    whys = {difference.why for one in days for difference in one.differences}
    return "UNVERIFIED" if whys == {Why.UNVERIFIED} else "DIFFERS"


def _verdict(one: DayComparison) -> str:
    counts = Counter(difference.why for difference in one.differences)
    said = ", ".join(f"{counts[why]} {why.value}" for why in Why if counts[why])
    return f"{_word(one)}: {said}" if one.differs else "the same"


def in_json(flow: FlowComparison, *, records: bool) -> dict[str, Any]:
    """A comparison for programs; names records only where `records`."""
    return {
        "agency": flow.agency_code,
        "flow": flow.flow,
        "differs": flow.differs,
        **({} if flow.files is None else {"files": flow.files}),
        "days": [_day_in_json(one, records=records) for one in flow.days],
    }


def _day_in_json(one: DayComparison, *, records: bool) -> dict[str, Any]:
    counts = Counter(difference.why for difference in one.differences)
    said: dict[str, Any] = {
        "day": _day(one.day),
        "differs": one.differs,
        "hub": one.hub,
        "agency": one.agency,
        **{why.value: counts[why] for why in Why},
    }
    if records:
        said["records"] = [{"key": each.key, "why": each.why.value} for each in one.differences]
    return said


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
