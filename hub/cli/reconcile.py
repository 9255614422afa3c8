# SPDX-License-Identifier: EUPL-1.2
"""`snodo sync reconcile`: whether the hub holds what an agency tells, by day; exit code 1 where it does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Annotated, Any

import orjson
import typer

from connectors.connected import connect_agencies
from connectors.reconciliation import (
    FlowComparison,
    Why,
    reconcile_admitted_households,
    reconcile_region,
)
from connectors.reconciliation.comparison import DayComparison, Period
from connectors.tls import open_client
from hub.cli.options import AsJson, DataDir, run, settings_of
from hub.errors import ConfigurationError, InvalidInput
from hub.settings import Settings
from hub.store.engine import database_url, open_database
from hub.store.migrations import check_version
from hub.store.reference.agency_codes import INPS_AGENCY_CODE


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
    data_dir: DataDir = None,
) -> None:
    """Compare what an agency tells with what the hub holds, by the day a record was changed; exit code 1 where they differ."""
    period = Period(first and first.date(), last and last.date())
    if period.first and period.last and period.first > period.last:
        raise InvalidInput("--from is after --to.")
    settings = settings_of(data_dir=data_dir)
    with database_url(settings) as url:
        found = run(_reconcile(settings, url, agency, period))
    if as_json:
        typer.echo(orjson.dumps([in_json(one, records=records) for one in found]))
    else:
        for one in found:
            for line in in_words(one, records=records):
                typer.echo(line)
    if any(one.differs for one in found):
        raise typer.Exit(1)


async def _reconcile(settings: Settings, url: str, agency: str, period: Period) -> Sequence[FlowComparison]:
    async with open_database(url, settings) as database, open_client(settings) as http:
        async with database.write.acquire() as connection:
            await check_version(connection, url)
        agencies = connect_agencies(settings, http)
        if agencies.inps is not None and agency == INPS_AGENCY_CODE:
            return [await reconcile_admitted_households(database.write, agencies.inps, period)]
        if agencies.region is not None and agency == agencies.region.system.agency_code:
            return await reconcile_region(database.write, agencies.region, period)
    raise ConfigurationError(
        f"{agency} cannot be compared here: {INPS_AGENCY_CODE} can where SNODO_INPS_URL is set, the region of SNODO_REGION_CODE where SNODO_REGION_URL is."
    )


def in_words(flow: FlowComparison, *, records: bool) -> Iterator[str]:
    """A comparison in lines; names records only where `records`."""
    yield f"{flow.agency_code} {flow.flow}: {'DIFFERS' if flow.differs else 'the same on both sides'}"
    for one in flow.days:
        yield (
            f"  {_day(one.day) or 'no day':10}  hub {one.hub.records:>7,} {one.hub.digest[:16]}"
            f"  agency {one.agency.records:>7,} {one.agency.digest[:16]}  {_verdict(one)}"
        )
        if records:
            yield from (f"    {difference.why.value:11} {difference.key}" for difference in one.differences)


def _verdict(one: DayComparison) -> str:
    counts = Counter(difference.why for difference in one.differences)
    said = ", ".join(f"{counts[why]} {why.value}" for why in Why if counts[why])
    return f"DIFFERS: {said}" if one.differs else "the same"


def in_json(flow: FlowComparison, *, records: bool) -> dict[str, Any]:
    """A comparison for programs; names records only where `records`."""
    return {
        "agency": flow.agency_code,
        "flow": flow.flow,
        "differs": flow.differs,
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
