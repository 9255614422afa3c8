# SPDX-License-Identifier: EUPL-1.2
"""A region's files: each format lands what REST would, each fault is refused where it is, and nothing is read twice."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg
import pytest

from connectors.file_exchange import FilingRegion, Format
from connectors.file_exchange.configuration import Encoding, ReceiptFormat, Separator
from connectors.file_exchange.folders import LocalFolder
from connectors.file_exchange.limits import FileLimits
from connectors.inbound import pull_admitted_households, pull_region
from connectors.inbound.files import FilesReport, pull_files
from connectors.simulators.filing_agency import FileFault, FileSender
from connectors.simulators.region_world import SimulatedOffer
from hub.errors import ConfigurationError, UpstreamUnavailable
from hub.store.engine import Database
from tests.spans import Gathered, said_by

if TYPE_CHECKING:
    from tests.flows.inbound.conftest import Agencies, Tables

    Look = Callable[[], Awaitable[Tables]]
Clock = Callable[[], datetime]
Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

LAZIO = "regione-12"
FILES = {"pacts": "patti*", "job_offers": "offerte*", "training_courses": "corsi*"}


def region_of(folder: Path, written: Format = Format.CSV, **more: Any) -> FilingRegion:
    return FilingRegion(LAZIO, written, str(folder), **{"files": FILES, **more})


async def pull(hub: Database, region: FilingRegion, clock: Clock, page_size: int = 7) -> list[FilesReport]:
    folder = LocalFolder(Path(region.folder), region.receipts, region.agency_code)
    return await pull_files(hub.write, region, folder, clock=clock, page_size=page_size)


def send_world(sender: FileSender, agencies: Agencies, end: str = "") -> None:
    world = agencies.world.region
    sender.send(f"offerte{end}", "job_offers", world.offers)
    sender.send(f"corsi{end}", "training_courses", world.courses)
    sender.send(f"patti{end}", "pacts", world.pacts)


@pytest.fixture
async def people(hub: Database, agencies: Agencies, clock: Clock) -> None:
    await pull_admitted_households(hub.write, agencies.inps_connector(), clock=clock)


def times(folder: Path) -> dict[str, int]:
    return {one.name: one.stat().st_mtime_ns for one in folder.iterdir()}


async def rows(owner: Owner) -> list[tuple[str, str, str | None, int, int]]:
    found = await owner.fetch("SELECT name, state, code, landed, refused FROM received_file ORDER BY id")
    return [tuple(one.values()) for one in found]


@pytest.mark.parametrize(
    ("written", "encoding", "separator", "end"),
    [
        (Format.CSV, Encoding.UTF_8, Separator.SEMICOLON, ".csv"),
        (Format.CSV, Encoding.UTF_8_SIG, Separator.TAB, ".csv.gz"),
        (Format.CSV, Encoding.CP1252, Separator.COMMA, ".csv"),
        (Format.NDJSON, Encoding.UTF_8, Separator.SEMICOLON, ".ndjson.gz"),
        (Format.XML, Encoding.UTF_8, Separator.SEMICOLON, ".xml"),
        (Format.XML, Encoding.CP1252, Separator.SEMICOLON, ".xml.gz"),
    ],
)
async def test_files_land_what_the_same_region_by_rest_would(
    hub: Database,
    agencies: Agencies,
    people: None,
    owner: Owner,
    clock: Clock,
    tables: Look,
    tmp_path: Path,
    written: Format,
    encoding: Encoding,
    separator: Separator,
    end: str,
) -> None:
    sender = FileSender(tmp_path, written, encoding=encoding, separator=separator)
    send_world(sender, agencies, end)
    region = region_of(tmp_path, written, encoding=encoding, separator=separator)
    reports = await pull(hub, region, clock)
    by_files = await tables()
    assert [one.run.quarantined for one in reports] == [0, 0, 0]
    assert [one.run.landed for one in reports] == [
        len(by_files[name]) for name in ("job_offer", "training_course", "pact")
    ]
    assert len(by_files["pact_goal"]) > 10
    for table in ("pact_goal", "pact", "job_offer", "training_course"):
        await owner.execute(f"DELETE FROM {table}")
    await pull_region(hub.write, agencies.region_connector(), clock=clock)
    assert await tables() == by_files


async def test_a_run_of_files_in_spans(
    hub: Database, agencies: Agencies, people: None, clock: Clock, tmp_path: Path
) -> None:
    sender = FileSender(tmp_path, Format.CSV)
    send_world(sender, agencies, ".csv")
    sender.send("offerte-2.csv", "job_offers", agencies.world.region.offers[:1], FileFault.WRONG_CHECKSUM)
    gathering = Gathered()
    with gathering.taking():
        reports = await pull(hub, region_of(tmp_path), clock)
    told = [dict(one.attributes or {}) for one in gathering.named("inbound.run")]
    assert told == [
        {
            "snodo.agency": "regione-12",
            "snodo.flow": one.run.flow,
            "snodo.records.received": one.run.received,
            "snodo.records.landed": one.run.landed,
            "snodo.records.quarantined": one.run.quarantined,
            "snodo.records.released": one.run.released,
            "snodo.files.read": one.read,
            "snodo.files.refused": len(one.refused),
        }
        for one in reports
    ]
    assert [one["snodo.files.refused"] for one in told] == [1, 0, 0]
    assert [below for one in gathering.named("inbound.run") for below in gathering.tree(one)[1]].count(
        ("inbound.page", [])
    ) == len(gathering.named("inbound.page"))
    said = "\n".join(text for one in gathering.spans for text in said_by(one))
    assert "offerte" not in said


async def test_a_second_run_reads_nothing_and_changes_nothing(
    hub: Database, agencies: Agencies, people: None, owner: Owner, clock: Clock, tables: Look, tmp_path: Path
) -> None:
    send_world(FileSender(tmp_path, Format.CSV), agencies)
    region = region_of(tmp_path)
    await pull(hub, region, clock)
    before, files = await tables(), times(tmp_path)
    again = await pull(hub, region, clock)
    assert [(one.known, one.read, one.run.received) for one in again] == [(1, 0, 0)] * 3
    assert await tables() == before
    assert times(tmp_path) == files


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (FileFault.WRONG_CHECKSUM, "CHECKSUM_MISMATCH"),
        (FileFault.HALF, "CHECKSUM_MISMATCH"),
        (FileFault.CHECKSUM_OF_ANOTHER, "CHECKSUM_UNREADABLE"),
        (FileFault.WRONG_CHARSET, "HEADER_UNREADABLE"),
        (FileFault.MISSING_COLUMN, "COLUMNS_MISSING"),
        (FileFault.GZIP_CUT, "GZIP_BROKEN"),
    ],
)
async def test_a_file_that_is_not_right_is_refused_whole_and_taken_once_it_is(
    hub: Database, agencies: Agencies, owner: Owner, clock: Clock, tmp_path: Path, fault: FileFault, code: str
) -> None:
    name = "offerte.csv.gz" if fault is FileFault.GZIP_CUT else "offerte.csv"
    sender = FileSender(tmp_path, Format.CSV)
    digest = sender.send(name, "job_offers", agencies.world.region.offers, fault)
    report = (await pull(hub, region_of(tmp_path), clock))[0]
    assert [one[:2] for one in report.refused] == [(name, code)]
    assert report.run.received == 0
    assert await owner.fetchval("SELECT count(*) FROM job_offer") == 0
    if fault is FileFault.CHECKSUM_OF_ANOTHER:  # the file was not read
        digest = "unread"
    about, refused = sender.receipt(name, digest)
    assert (about["outcome"], about["code"], about["records"], refused) == ("REFUSED", code, 0, [])

    assert (await pull(hub, region_of(tmp_path), clock))[0].known == 1
    digest = sender.send(name, "job_offers", agencies.world.region.offers)
    assert (await pull(hub, region_of(tmp_path), clock))[0].run.landed == 20
    assert sender.receipt(name, digest)[0]["outcome"] == "READ"


@pytest.mark.parametrize("fault", [FileFault.NO_CHECKSUM, FileFault.CHECKSUM_BEGUN])
async def test_a_file_without_its_whole_checksum_is_left_alone(
    hub: Database, agencies: Agencies, owner: Owner, clock: Clock, tmp_path: Path, fault: FileFault
) -> None:
    sender = FileSender(tmp_path, Format.CSV)
    sender.send("offerte.csv", "job_offers", agencies.world.region.offers, fault)
    report = (await pull(hub, region_of(tmp_path), clock))[0]
    assert (report.incomplete, report.read, report.refused) == (1, 0, [])
    assert await rows(owner) == []
    sender.send("offerte.csv", "job_offers", agencies.world.region.offers)
    assert (await pull(hub, region_of(tmp_path), clock))[0].run.landed == 20


async def test_records_that_cannot_land_are_told_by_line_and_nothing_else_of_them(
    hub: Database, agencies: Agencies, people: None, owner: Owner, clock: Clock, tmp_path: Path
) -> None:
    sender = FileSender(tmp_path, Format.CSV)
    records = [one.record() for one in agencies.world.region.pacts[:6]]
    records[1]["codTipoPatto"] = "QUALE"
    records[2] = {**records[2], "codiceFiscale": "RSSMRA80A01H501U"}
    lines = sender.content("pacts", records).splitlines(keepends=True)
    lines[4] = lines[4].replace(b";", b';"', 1)  # a quote that never closes
    lines[5] = b"\x00" + lines[5]
    digest = sender.send_bytes("patti.csv", b"".join(lines))
    report = (await pull(hub, region_of(tmp_path), clock))[2]
    assert (report.run.received, report.run.landed, report.run.quarantined) == (6, 2, 4)
    about, refused = sender.receipt("patti.csv", digest)
    assert (about["outcome"], about["records"], about["landed"], about["refused"]) == ("READ", 6, 2, 4)
    assert [(one["line"], one["key"], one["code"], one["field"]) for one in refused] == [
        (3, "120001", "INVALID", "codTipoPatto"),
        (4, str(records[2]["idPatto"]), "WAITING", "codiceFiscale"),
        (5, None, "INVALID", None),
        (6, None, "INVALID", None),
    ]
    written = (tmp_path / f"patti.csv.{digest[:16]}.receipt.ndjson").read_text(encoding="utf-8")
    assert "RSSMRA80A01H501U" not in written
    assert all(one["codiceFiscale"] not in written for one in records if one["codiceFiscale"])


async def test_the_same_content_is_landed_once_under_any_name(
    hub: Database, agencies: Agencies, owner: Owner, clock: Clock, tables: Look, tmp_path: Path
) -> None:
    sender = FileSender(tmp_path, Format.CSV)
    offers = agencies.world.region.offers
    digest = sender.send("offerte-1.csv", "job_offers", offers, FileFault.DUPLICATES)
    assert (await pull(hub, region_of(tmp_path), clock))[0].run.landed == 40
    before = await tables()
    assert len(before["job_offer"]) == 20
    sender.send("offerte-2.csv", "job_offers", offers, FileFault.DUPLICATES)
    (tmp_path / "offerte-1.csv").touch()
    report = (await pull(hub, region_of(tmp_path), clock))[0]
    assert (report.repeated, report.read, report.run.received) == (2, 0, 0)
    assert await tables() == before
    about, _ = sender.receipt("offerte-2.csv", digest)
    assert (about["outcome"], about["repeats"], about["records"]) == ("REPEATED", "offerte-1.csv", 40)
    first = offers[0]
    assert isinstance(first, SimulatedOffer)
    changed = replace(first, places=99)
    # The same name with other content is another file, and has a receipt of its own.
    other = sender.send("offerte-1.csv", "job_offers", [changed])
    report = (await pull(hub, region_of(tmp_path), clock))[0]
    assert (report.read, report.run.landed) == (1, 1)
    assert await owner.fetchval("SELECT count(*) FROM job_offer WHERE places = 99") == 1
    assert sender.receipt("offerte-1.csv", other)[0]["records"] == 1
    assert sender.receipt("offerte-1.csv", digest)[0]["records"] == 40


async def test_unknown_columns_are_named_and_passed_over(
    hub: Database, agencies: Agencies, clock: Clock, tmp_path: Path
) -> None:
    sender = FileSender(tmp_path, Format.CSV)
    digest = sender.send(
        "corsi.csv", "training_courses", agencies.world.region.courses, FileFault.OTHER_COLUMNS
    )
    report = (await pull(hub, region_of(tmp_path), clock))[1]
    assert report.run.landed == 12
    assert sender.receipt("corsi.csv", digest)[0]["unknownColumns"] == ["umore"]


async def test_a_region_has_its_own_names_of_columns_and_its_own_place_for_receipts(
    hub: Database, agencies: Agencies, clock: Clock, tmp_path: Path
) -> None:
    (tmp_path / "ricevute").mkdir()
    columns = {"job_offers": {"idOfferta": "ID OFFERTA", "titolo": "TITOLO"}}
    sender = FileSender(tmp_path, Format.CSV, columns=columns)
    digest = sender.send("offerte.csv", "job_offers", agencies.world.region.offers)
    region = region_of(tmp_path, columns=columns, receipts="ricevute")
    assert (await pull(hub, region, clock))[0].run.landed == 20
    assert sender.receipt("offerte.csv", digest, "ricevute")[0]["landed"] == 20
    assert sorted(times(tmp_path)) == ["offerte.csv", "offerte.csv.sha256", "ricevute"]


async def test_a_receipt_as_csv_holds_no_formula(
    hub: Database, agencies: Agencies, clock: Clock, tmp_path: Path
) -> None:
    sender = FileSender(tmp_path, Format.NDJSON)
    record = {**agencies.world.region.offers[0].record(), "idOfferta": "=1+1", "codStato": "Q"}
    digest = sender.send_bytes("offerte.ndjson", json.dumps(record).encode())
    region = region_of(tmp_path, Format.NDJSON, receipt_format=ReceiptFormat.CSV)
    await pull(hub, region, clock)
    text = (tmp_path / f"offerte.ndjson.{digest[:16]}.receipt.csv").read_text(encoding="utf-8")
    header, about, refused = text.splitlines()
    assert header.startswith("type,name,outcome")
    assert about.startswith("file,offerte.ndjson,READ")
    assert ",1,'=1+1,INVALID,codStato," in refused


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (FileLimits(bytes=1_000), "TOO_LARGE"),
        (FileLimits(unpacked=1_000), "TOO_LARGE"),
        (FileLimits(records=19), "TOO_MANY_RECORDS"),
    ],
)
async def test_what_is_too_large_is_refused_before_anything_lands(
    hub: Database,
    agencies: Agencies,
    owner: Owner,
    clock: Clock,
    tmp_path: Path,
    limits: FileLimits,
    code: str,
) -> None:
    name = "offerte.csv" if limits.unpacked > 1_000 else "offerte.csv.gz"
    sender = FileSender(tmp_path, Format.CSV)
    sender.send(name, "job_offers", agencies.world.region.offers)
    report = (await pull(hub, region_of(tmp_path, limits=limits), clock))[0]
    assert [one[1] for one in report.refused] == [code]
    assert await owner.fetchval("SELECT count(*) FROM job_offer") == 0


async def test_a_line_that_is_too_long_spoils_itself_alone(
    hub: Database, agencies: Agencies, clock: Clock, tmp_path: Path
) -> None:
    sender = FileSender(tmp_path, Format.NDJSON)
    good = [json.dumps(one.record()) for one in agencies.world.region.offers[:2]]
    sender.send_bytes("offerte.ndjson", f"{good[0]}\n{'x' * 5_000}\n{good[1]}".encode())
    region = region_of(tmp_path, Format.NDJSON, limits=FileLimits(line=1_000))
    report = (await pull(hub, region, clock))[0]
    assert (report.run.landed, report.run.quarantined) == (2, 1)


async def test_names_of_two_flows_and_a_folder_that_is_not_there(
    hub: Database, agencies: Agencies, clock: Clock, tmp_path: Path
) -> None:
    FileSender(tmp_path, Format.CSV).send("offerte.csv", "job_offers", [])
    both = region_of(tmp_path, files={"job_offers": "*.csv", "pacts": "o*.csv"})
    with pytest.raises(ConfigurationError, match="tell them apart"):
        await pull(hub, both, clock)
    with pytest.raises(UpstreamUnavailable, match="cannot be used"):
        await pull(hub, region_of(tmp_path / "none"), clock)


async def test_what_is_no_plain_file_is_not_looked_at(
    hub: Database, agencies: Agencies, owner: Owner, clock: Clock, tmp_path: Path
) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    FileSender(outside, Format.CSV).send("offerte.csv", "job_offers", agencies.world.region.offers)
    for name in ("offerte.csv", "offerte.csv.sha256"):
        (inside / name).symlink_to(outside / name)
    (inside / "offerte-cartella").mkdir()
    FileSender(inside, Format.CSV).send(".offerte.csv", "job_offers", agencies.world.region.offers)
    report = (await pull(hub, region_of(inside), clock))[0]
    assert (report.read, report.incomplete, report.refused) == (0, 0, [])


async def test_a_missing_receipt_is_written_by_the_next_run(
    hub: Database, agencies: Agencies, owner: Owner, clock: Clock, tmp_path: Path
) -> None:
    sender = FileSender(tmp_path, Format.CSV)
    digest = sender.send("offerte.csv", "job_offers", agencies.world.region.offers)
    region = region_of(tmp_path, receipts="ricevute")
    with pytest.raises(UpstreamUnavailable):
        await pull(hub, region, clock)  # the folder for receipts is not there
    assert await owner.fetchval("SELECT state FROM received_file") == "READ"
    (tmp_path / "ricevute").mkdir()
    report = (await pull(hub, region, clock))[0]
    assert (report.known, report.read) == (1, 0)
    assert sender.receipt("offerte.csv", digest, "ricevute")[0]["landed"] == 20
    assert list(times(tmp_path / "ricevute")) == [f"offerte.csv.{digest[:16]}.receipt.ndjson"]
