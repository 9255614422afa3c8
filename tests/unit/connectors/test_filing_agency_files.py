# SPDX-License-Identifier: EUPL-1.2
"""The file of an agency that sends files: read strictly, refused with a sentence that names the file and the place."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.file_exchange import FilingAgency, FilingRegion, Format, Sftp
from connectors.file_exchange.checksums import told_digest
from connectors.file_exchange.configuration import Encoding, ReceiptFormat, Separator
from connectors.file_exchange.limits import FileLimits
from connectors.file_exchange.refusals import FileRefused
from connectors.region_files import read_filing, read_region, read_regions
from hub.errors import ConfigurationError

LEAST = """
kind = "batch"
region = "13"
format = "csv"
folder = "uscita"

[files]
pacts = "patti-*.csv*"
"""
INPS = """
kind = "batch"
agency = "inps"
format = "csv"
folder = "uscita"

[files]
admitted_households = "ammesse-*"

[columns.admitted_households]
"beneficiari.2.cod_fiscale" = "CF2"
"""
SFTP = """
[sftp]
host = "sftp.regione.example"
user = "snodo"
key = "hub_key"
host_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
"""
ALL = """
kind = "batch"
region = "13"
format = "csv"
encoding = "cp1252"
separator = "\\t"
folder = "/uscita"
receipts = "ricevute"
receipt_format = "csv"

[files]
pacts = "patti-*.csv"
job_offers = "offerte-?.csv"

[columns.pacts]
idPatto = "ID"
"politicheAttive.2.ultimoEvento.evento" = "EV2"

[limits]
bytes = 10
records = 5
"""


def write(folder: Path, text: str, name: str = "abruzzo.toml") -> Path:
    (folder / "hub_key").touch()
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_the_least(tmp_path: Path) -> None:
    one = read_region(write(tmp_path, LEAST))
    assert one == FilingRegion("regione-13", Format.CSV, str(tmp_path / "uscita"), {"pacts": "patti-*.csv*"})
    assert (one.agency_code, one.place) == ("regione-13", str(tmp_path / "uscita"))


def test_everything(tmp_path: Path) -> None:
    one = read_region(write(tmp_path, ALL + SFTP))
    assert isinstance(one, FilingRegion)
    assert (one.encoding, one.separator, one.receipts, one.receipt_format) == (
        Encoding.CP1252,
        Separator.TAB,
        "ricevute",
        ReceiptFormat.CSV,
    )
    assert one.columns == {"pacts": {"idPatto": "ID", "politicheAttive.2.ultimoEvento.evento": "EV2"}}
    assert one.limits == FileLimits(bytes=10, records=5)
    assert isinstance(one.sftp, Sftp)
    assert (one.sftp.key, one.sftp.port, one.sftp.timeout) == (tmp_path / "hub_key", 22, 30.0)
    assert one.place == "sftp://sftp.regione.example:22/uscita"


def test_regions_of_all_kinds_are_in_one_folder(tmp_path: Path) -> None:
    write(tmp_path, LEAST)
    write(tmp_path, 'kind = "none"\nregion = "14"\n', "molise.toml")
    assert [one.region_code for one in read_regions(tmp_path)] == ["13", "14"]
    write(tmp_path, 'kind = "none"\nregion = "13"\n', "again.toml")
    with pytest.raises(ConfigurationError, match="region 13 has a file already"):
        read_regions(tmp_path)


def test_inps_has_a_file_of_its_own_which_is_no_regions(tmp_path: Path) -> None:
    file = write(tmp_path, INPS, "inps.toml")
    expected = FilingAgency(
        "inps",
        Format.CSV,
        str(tmp_path / "uscita"),
        {"admitted_households": "ammesse-*"},
        columns={"admitted_households": {"beneficiari.2.cod_fiscale": "CF2"}},
    )
    assert read_filing(file) == (expected,)
    with pytest.raises(ConfigurationError, match="is of inps, and a region's is wanted here"):
        read_region(file)
    with pytest.raises(ConfigurationError, match="is of inps"):
        read_regions(tmp_path)


def test_of_a_folder_of_regions_those_that_send_files(tmp_path: Path) -> None:
    file = write(tmp_path, LEAST)
    none = write(tmp_path, 'kind = "none"\nregion = "14"\n', "molise.toml")
    assert read_filing(tmp_path) == read_filing(file)
    assert [one.agency_code for one in read_filing(tmp_path)] == ["regione-13"]
    assert read_filing(none) == ()


@pytest.mark.parametrize(
    ("was", "now", "sentence"),
    [
        ('agency = "inps"', 'agency = "anpr"', 'agency is "inps"; a region says its code'),
        ('agency = "inps"', 'agency = "inps"\nregion = "13"', "there is no region"),
        ('admitted_households = "ammesse-*"', 'pacts = "*"', "there is no files.pacts"),
        ('admitted_households = "ammesse-*"', "", "at least one of: admitted_households."),
        ("beneficiari.2.", "beneficiari.51.", "there is no member beneficiari.51.cod_fiscale"),
        ("cod_fiscale", "cod_iban", "there is no member beneficiari.2.cod_iban"),
    ],
)
def test_what_is_wrong_with_inpss_is_named(tmp_path: Path, was: str, now: str, sentence: str) -> None:
    spoilt = INPS.replace(was, now, 1)
    assert spoilt != INPS
    with pytest.raises(ConfigurationError) as told:
        read_filing(write(tmp_path, spoilt, "inps.toml"))
    assert "inps.toml" in told.value.message
    assert sentence in told.value.message


@pytest.mark.parametrize(
    ("was", "now", "sentence"),
    [
        ('kind = "batch"', 'kind = "post"', "kind is"),
        ('region = "13"', 'region = "0"', "region is ISTAT's code"),
        ('format = "csv"', 'format = "xls"', "format is one of: csv, ndjson, xml"),
        ('format = "csv"', 'format = "ndjson"', "encoding is utf-8, or absent, for NDJSON"),
        ('format = "csv"', 'format = "xml"', "separator is for CSV files"),
        ("[columns.pacts]", "[columns]\npacts = 1\n[columns.job_offers]", "columns.pacts is a table"),
        ('encoding = "cp1252"', 'encoding = "latin1"', "encoding is one of"),
        ('separator = "\\t"', 'separator = "x"', "separator is one of: ;, ,, \\t, |"),
        ('receipts = "ricevute"', 'receipts = "../x"', "receipts is the name of a folder below"),
        ('pacts = "patti-*.csv"', 'pacts = "../*"', "files.pacts is a pattern"),
        ("[files]", "[file]", "there is no file"),
        ('pacts = "patti-*.csv"', 'patti = "*"', "there is no files.patti"),
        ("[columns.pacts]", "[columns.patti]", "there is no columns.patti"),
        ("idPatto =", "id =", "columns.pacts: there is no member id"),
        ("politicheAttive.2", "politicheAttive.0", "there is no member politicheAttive.0"),
        ('= "EV2"', '= "ID"', "two members have one column"),
        ("bytes = 10", "bytes = 0", "limits.bytes is a whole number"),
        ("bytes = 10", "byte = 10", "there is no limits.byte"),
        ('host = "sftp', 'host = "-sftp', "sftp.host is a name"),
        ('key = "hub_key"', 'key = "none"', "sftp.key: there is no file"),
        ("ssh-ed25519 ", "", "sftp.host_key is the server's public key"),
        ("user =", 'password = "x"\nuser =', "there is no sftp.password"),
        ("user =", "port = 0\nuser =", "sftp.port"),
        ("user =", "timeout = 0\nuser =", "sftp.timeout"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, was: str, now: str, sentence: str) -> None:
    spoilt = (ALL + SFTP).replace(was, now, 1)
    assert spoilt != ALL + SFTP
    file = write(tmp_path, spoilt)
    with pytest.raises(ConfigurationError) as told:
        read_region(file)
    assert "abruzzo.toml" in told.value.message
    assert sentence in told.value.message


DIGEST = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    "line", [f"{DIGEST}  a.csv\n", f"{DIGEST.upper()} *a.csv\r\n", f"{DIGEST}  out/a.csv\n"]
)
def test_a_checksum_as_sha256sum_writes_it(line: str) -> None:
    assert told_digest(line.encode(), "a.csv") == DIGEST


@pytest.mark.parametrize("line", ["", DIGEST[:30], f"{DIGEST}  a.csv"])
def test_a_checksum_that_is_being_written(line: str) -> None:
    assert told_digest(line.encode(), "a.csv") is None


@pytest.mark.parametrize(
    "line",
    [
        f"{DIGEST}  b.csv\n",
        f"{DIGEST}\n",
        "\n",
        f"SHA256 (a.csv) = {DIGEST}\n",
        f"{DIGEST}  a.csv\n" * 2,
        "x" * 1001,
    ],
)
def test_a_checksum_that_is_none(line: str) -> None:
    with pytest.raises(FileRefused):
        told_digest(line.encode(), "a.csv")
