# SPDX-License-Identifier: EUPL-1.2
"""INPS's daily list as a file: it lands what the service would, beside it and in any order, and is told back line by line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.file_exchange import FilingAgency, Format
from connectors.file_exchange.configuration import Encoding
from connectors.file_exchange.folders import LocalFolder
from connectors.inbound import pull_admitted_households
from connectors.inbound.files import FilesReport, pull_files
from connectors.reconciliation import Why, reconcile_files
from connectors.simulators.filing_agency import FileFault, FileSender
from hub.store.engine import Database
from tests.flows.inbound.test_inbound_any_order import REPORTS, clean, entry
from tests.flows.inbound.test_reconciliation import EVER, differing

if TYPE_CHECKING:
    from tests.flows.inbound.conftest import Agencies, ScriptedInps, Tables

    Look = Callable[[], Awaitable[Tables]]
    Scripted = type[ScriptedInps]
Clock = Callable[[], datetime]
Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

FLOW = "admitted_households"


def inps_of(folder: Path, written: Format = Format.NDJSON, **more: Any) -> FilingAgency:
    return FilingAgency("inps", written, str(folder), {FLOW: "ammesse*"}, **more)


async def pull(hub: Database, inps: FilingAgency, clock: Clock, page_size: int = 7) -> FilesReport:
    folder = LocalFolder(Path(inps.folder), inps.receipts, inps.agency_code)
    (report,) = await pull_files(hub.write, inps, folder, clock=clock, page_size=page_size)
    return report


async def empty(owner: Owner) -> None:
    await clean(owner)
    await owner.execute("DELETE FROM received_file_refusal")
    await owner.execute("DELETE FROM received_file")


@pytest.mark.parametrize(
    ("written", "encoding", "end"),
    [
        (Format.NDJSON, Encoding.UTF_8, ".ndjson.gz"),
        (Format.XML, Encoding.CP1252, ".xml"),
        (Format.CSV, Encoding.UTF_8, ".csv"),
    ],
)
async def test_a_file_lands_what_the_service_would(
    hub: Database,
    agencies: Agencies,
    owner: Owner,
    clock: Clock,
    tables: Look,
    tmp_path: Path,
    written: Format,
    encoding: Encoding,
    end: str,
) -> None:
    admissions = agencies.world.inps.admissions
    assert max(len(one.members) for one in admissions) > 2
    sender = FileSender(tmp_path, written, encoding=encoding)
    digest = sender.send(f"ammesse{end}", FLOW, admissions)
    inps = inps_of(tmp_path, written, encoding=encoding)
    report = (await pull(hub, inps, clock)).run
    by_file = await tables()
    assert report.received == len(admissions)
    assert len(by_file["household"]) > 10
    about, _ = sender.receipt(f"ammesse{end}", digest)
    assert (about["landed"], about["refused"]) == (report.landed, report.quarantined)
    assert (await pull(hub, inps, clock)).known == 1

    await empty(owner)
    assert (await tables())["household"] == []
    served = await pull_admitted_households(hub.write, agencies.inps_connector(), clock=clock)
    assert (served.landed, served.quarantined) == (report.landed, report.quarantined)
    by_service = await tables()
    for found in (by_file, by_service):
        # What was refused is kept as it came: columns hold no more than the hub reads.
        found["quarantined_record"] = [(*row[:3], *row[4:]) for row in found["quarantined_record"]]
    assert by_file == by_service


async def test_the_services_cursor_stays_where_it_was(
    hub: Database, agencies: Agencies, clock: Clock, tmp_path: Path
) -> None:
    whole = await pull_admitted_households(hub.write, agencies.inps_connector(), clock=clock)
    FileSender(tmp_path, Format.NDJSON).send("ammesse", FLOW, agencies.world.inps.admissions)
    assert (await pull(hub, inps_of(tmp_path), clock)).run.landed == whole.landed
    after = await pull_admitted_households(hub.write, agencies.inps_connector(), clock=clock)
    assert (after.received, after.watermark) == (0, whole.watermark)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), told=REPORTS, page_size=st.integers(1, 4))
async def test_by_file_and_by_service_in_any_order_the_tables_end_the_same(
    hub: Database,
    owner: Owner,
    clock: Clock,
    tables: Look,
    scripted: Scripted,
    data: st.DataObject,
    told: dict[tuple[int, int], dict[str, Any]],
    page_size: int,
) -> None:
    reports = [entry(*key, told[key]) for key in sorted(told, key=lambda one: (one[1], one[0]))]
    await empty(owner)
    await pull_admitted_households(hub.write, scripted(reports), clock=clock)  # type: ignore[arg-type]
    expected = await tables()
    assert len(expected["household"]) + len(expected["quarantined_record"]) > 0

    await empty(owner)
    shuffled = data.draw(st.permutations(reports), label="order")
    cuts = sorted(data.draw(st.lists(st.integers(0, len(reports)), max_size=3), label="cut into parts"))
    parts = [shuffled[a:b] for a, b in zip([0, *cuts], [*cuts, len(reports)], strict=True)]
    parts.append(data.draw(st.lists(st.sampled_from(reports), max_size=4), label="repeated"))
    by_service = scripted([])
    with TemporaryDirectory() as folder:
        sender = FileSender(Path(folder), Format.NDJSON)
        for number, part in enumerate(parts):
            if data.draw(st.booleans(), label="by file"):
                sender.send_bytes(f"ammesse-{number}", sender.content(FLOW, part))
                await pull(hub, inps_of(Path(folder)), clock, page_size)
            else:
                by_service.entries += part
                await pull_admitted_households(hub.write, by_service, clock=clock, page_size=page_size)  # type: ignore[arg-type]
        assert await tables() == expected


async def test_households_that_cannot_land_are_told_by_line_and_nothing_else_of_them(
    hub: Database, agencies: Agencies, owner: Owner, clock: Clock, tmp_path: Path
) -> None:
    sender = FileSender(tmp_path, Format.NDJSON)
    records = [one.record() for one in agencies.world.inps.admissions[:5]]
    records[1]["beneficio"]["importo_mensile"] = "-1.00"
    for member in records[2]["beneficiari"]:
        member["cod_comune_residenza"] = "Z998"
    people = {
        member[name]
        for one in records
        for member in one["beneficiari"]
        for name in ("cod_fiscale", "des_cognome")
    }
    records[3]["beneficiari"] = []
    lines = sender.content(FLOW, records).splitlines(keepends=True)
    lines[4] = lines[4][:-9] + b"\n"
    digest = sender.send_bytes("ammesse", b"".join(lines))
    report = await pull(hub, inps_of(tmp_path), clock)
    assert (report.run.received, report.run.landed, report.run.quarantined) == (5, 1, 4)
    about, refused = sender.receipt("ammesse", digest)
    assert (about["outcome"], about["landed"], about["refused"]) == ("READ", 1, 4)
    assert [(one["line"], one["key"], one["field"]) for one in refused] == [
        (2, records[1]["cod_protocollo_inps"], "beneficio.importo_mensile"),
        (3, records[2]["cod_protocollo_inps"], "beneficiari[0].cod_comune_residenza"),
        (4, records[3]["cod_protocollo_inps"], "beneficiari"),
        (5, None, None),
    ]
    written = (tmp_path / f"ammesse.{digest[:16]}.receipt.ndjson").read_text(encoding="utf-8")
    assert not [one for one in people if one in written]

    # A later file tells of them as they are, and what was kept aside is done with.
    sender.send("ammesse-2", FLOW, agencies.world.inps.admissions[:5])
    assert (await pull(hub, inps_of(tmp_path), clock)).run.landed == 5
    waiting = await owner.fetch("SELECT record_key FROM quarantined_record WHERE resolved_at IS NULL")
    assert [row["record_key"][:7] for row in waiting] == ["sha256:"], "a line that is no JSON names nobody"


@pytest.mark.parametrize(
    ("written", "fault", "code"),
    [
        (Format.NDJSON, FileFault.HALF, "CHECKSUM_MISMATCH"),
        (Format.NDJSON, FileFault.WRONG_CHECKSUM, "CHECKSUM_MISMATCH"),
        (Format.CSV, FileFault.MISSING_COLUMN, "COLUMNS_MISSING"),
        (Format.CSV, FileFault.WRONG_CHARSET, "HEADER_UNREADABLE"),
        (Format.XML, FileFault.WRONG_CHARSET, "XML_REFUSED"),
    ],
)
async def test_a_file_that_is_not_right_is_refused_whole(
    hub: Database,
    agencies: Agencies,
    owner: Owner,
    clock: Clock,
    tmp_path: Path,
    written: Format,
    fault: FileFault,
    code: str,
) -> None:
    sender = FileSender(tmp_path, written)
    digest = sender.send("ammesse", FLOW, agencies.world.inps.admissions, fault)
    report = await pull(hub, inps_of(tmp_path, written), clock)
    assert [one[1] for one in report.refused] == [code]
    assert await owner.fetchval("SELECT count(*) FROM household") == 0
    assert sender.receipt("ammesse", digest)[0]["code"] == code


async def test_what_was_received_is_compared_with_what_is_held(
    hub: Database, agencies: Agencies, owner: Owner, clock: Clock, tmp_path: Path
) -> None:
    sender = FileSender(tmp_path, Format.NDJSON)
    sender.send("ammesse", FLOW, agencies.world.inps.admissions[:5])
    inps = inps_of(tmp_path)
    assert (await pull(hub, inps, clock)).run.landed == 5
    folder = LocalFolder(tmp_path, "", "inps")
    (same,) = await reconcile_files(hub.write, inps, folder, EVER, page_size=7)
    assert (same.agency_code, same.flow, same.differs) == ("inps", "admitted-households", False)
    assert sum(day.agency.records for day in same.days) == 5
    protocol = agencies.world.inps.admissions[0].protocol
    await owner.execute(
        "UPDATE benefit SET monthly_amount = monthly_amount + 1 WHERE household_id ="
        " (SELECT id FROM household WHERE inps_protocol = $1)",
        protocol,
    )
    (found,) = await reconcile_files(hub.write, inps, folder, EVER, page_size=7)
    assert differing(found) == [(protocol, Why.CHANGED)]
    for name in ("ammesse", "ammesse.sha256"):
        (tmp_path / name).unlink()
    (gone,) = await reconcile_files(hub.write, inps, folder, EVER, page_size=7)
    assert {why for _, why in differing(gone)} == {Why.UNVERIFIED}
