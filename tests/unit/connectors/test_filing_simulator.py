# SPDX-License-Identifier: EUPL-1.2
"""An agency that leaves files: right ones, each wrong kind, again under the next number; and the file a hub finds them by."""

from __future__ import annotations

import gzip
import hashlib
from datetime import date
from pathlib import Path

import pytest

from connectors.file_exchange import FilingRegion, Format
from connectors.region_files import read_filing, read_region
from connectors.simulators.demo_regions import demo_filing_inps, demo_filing_region
from connectors.simulators.demo_world import DemoWorld, demo_world
from connectors.simulators.filing_agency import FileFault
from connectors.simulators.filing_simulator import FilingSimulator
from connectors.simulators.region_world import SimulatedOffer


@pytest.fixture(scope="module")
def world() -> DemoWorld:
    return demo_world(date(2026, 11, 23))


@pytest.fixture
def lazio(world: DemoWorld, tmp_path: Path) -> FilingSimulator:
    return demo_filing_region(world, tmp_path / "lazio")


def names(folder: Path) -> set[str]:
    return {one.name for one in folder.iterdir() if one.is_file()}


def checksum(file: Path) -> str:
    return file.with_name(f"{file.name}.sha256").read_text().split()[0]


def test_what_it_leaves_is_what_the_service_tells(lazio: FilingSimulator, world: DemoWorld) -> None:
    lazio.send(lazio.flows)
    assert names(lazio.folder) == {
        f"{stem}-0001.csv{end}" for stem in ("offerte", "corsi", "patti") for end in ("", ".sha256")
    }
    file = lazio.folder / lazio.sent["job_offers"]
    assert checksum(file) == hashlib.sha256(file.read_bytes()).hexdigest()
    lines = file.read_text().splitlines()
    assert len(lines) == 1 + len(world.region.offers)
    first = world.region.offers[0]
    assert isinstance(first, SimulatedOffer)
    assert lines[1].startswith(first.number)


def test_each_sending_has_the_next_number_after_a_start_too(lazio: FilingSimulator, world: DemoWorld) -> None:
    lazio.send(lazio.flows)
    lazio.send(["pacts"])
    assert lazio.sent["pacts"] == "patti-0002.csv"
    assert lazio.sent["job_offers"] == "offerte-0001.csv"
    (lazio.folder / "patti-0009.csv.gz.sha256").touch()
    (lazio.folder / "ricevute" / "patti-0044.csv.receipt.ndjson").touch()
    again = demo_filing_region(world, lazio.folder)
    again.send(["pacts"])
    assert again.sent == {"pacts": "patti-0010.csv"}


@pytest.mark.parametrize("fault", FileFault)
def test_every_fault_is_of_the_files_sent_with_it_and_no_others(
    lazio: FilingSimulator, fault: FileFault
) -> None:
    lazio.send(lazio.flows)
    good = (lazio.folder / lazio.sent["pacts"]).read_bytes()
    lazio.send(["pacts"], fault)
    assert lazio.faults == {"pacts": fault}
    file = lazio.folder / lazio.sent["pacts"]
    told = file.with_name(f"{file.name}.sha256")
    if fault is FileFault.GZIP_CUT:
        assert file.suffix == ".gz"
        with pytest.raises(EOFError):
            gzip.decompress(file.read_bytes())
    elif fault is FileFault.NO_CHECKSUM:
        assert not told.exists()
    elif fault in {FileFault.CHECKSUM_BEGUN, FileFault.CHECKSUM_OF_ANOTHER}:
        assert told.read_text() != f"{hashlib.sha256(good).hexdigest()}  {file.name}\n"
    elif fault in {FileFault.WRONG_CHECKSUM, FileFault.HALF}:
        assert checksum(file) != hashlib.sha256(file.read_bytes()).hexdigest()
    else:
        assert file.read_bytes() != good
    lazio.send(["pacts"])
    assert lazio.faults == {}
    assert (lazio.folder / lazio.sent["pacts"]).read_bytes() == good


def test_a_hub_reads_how_the_files_are_found(
    lazio: FilingSimulator, world: DemoWorld, tmp_path: Path
) -> None:
    file = tmp_path / "lazio.toml"
    file.write_text(lazio.configuration(), encoding="utf-8")
    region = read_region(file)
    assert isinstance(region, FilingRegion)
    assert (region.region_code, region.format, region.folder) == ("12", Format.CSV, str(lazio.folder))
    assert region.files.keys() == set(lazio.flows)
    inps = demo_filing_inps(world, tmp_path / "inps")
    file.write_text(inps.configuration(), encoding="utf-8")
    (agency,) = read_filing(file)
    assert (agency.agency_code, agency.format) == ("inps", Format.NDJSON)
    assert (Path(agency.folder) / agency.receipts).is_dir()
