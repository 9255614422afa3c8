# SPDX-License-Identifier: EUPL-1.2
"""The commands beside the demo, in the order a new team meets them, on the embedded server; what each prints is what is there."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import migrations
from connectors.file_exchange import Format
from connectors.simulators.demo_opportunities import demo_offers
from connectors.simulators.demo_world import demo_world
from connectors.simulators.filing_agency import FileFault, FileSender
from tests.e2e.conftest import Snodo

HEADER = (
    "ID,DATAISTITUZIONE,DATACESSAZIONE,CODISTAT,CODCATASTALE,DENOMINAZIONE_IT,DENOMTRASLITTERATA,ALTRADENOMINAZIONE,"
    "ALTRADENOMTRASLITTERATA,ID_PROVINCIA,IDPROVINCIAISTAT,IDREGIONE,IDPREFETTURA,STATO,SIGLAPROVINCIA,FONTE,DATAULTIMOAGG,COD_DENOM"
)
ROWS = [
    '5,1861-03-17,1992-04-15,015001,A004,ABBADIA CERRETO,ABBADIA CERRETO,"","",15,015,03,"",C,MI,"",2016-06-17,""',
    '4,1992-04-16,9999-12-31,098001,A004,ABBADIA CERRETO,ABBADIA CERRETO,"","",98,098,03,LO,A,LO,"",2016-06-17,""',
    '9,1924-01-01,1947-09-15,701001,X001,CEDUTA,CEDUTA,"","",99,701,EX,"",C,PL,"",2016-06-17,""',
]


def good(snodo: Snodo, *words: str) -> str:
    """What a command prints, which must succeed."""
    ended = snodo(*words)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_a_database_from_empty_to_asked(snodo: Snodo, folder: Path) -> None:
    refused = snodo("serve", "--port", "0")
    assert (refused.returncode, "snodo migrate" in refused.stderr) == (1, True)
    versions = Path(migrations.__file__).parent / "versions"
    latest = max(path.name[:4] for path in versions.glob("0*.py"))
    assert f"revision {latest}" in good(snodo, "migrate")

    archive = folder / "archive.csv"
    archive.write_text("\ufeff" + "\n".join([HEADER, *ROWS]) + "\n", encoding="utf-8")
    imported = snodo("reference", "import-municipalities", str(archive))
    assert imported.returncode == 0, imported.stderr
    assert "3 rows: 1 municipalities, 1 in force; 1 added" in imported.stdout
    assert "1 rows refused" in imported.stdout
    assert "line 4" in imported.stderr
    for day, code in (("1990-01-01", "015001"), ("2000-01-01", "098001")):
        found = good(snodo, "reference", "municipality", "--belfiore", "A004", "--on", day)
        assert found.startswith(f"A004 {code} ABBADIA CERRETO")
    assert snodo("reference", "municipality", "--belfiore", "A004", "--on", "1850-01-01").returncode == 1

    seeded = snodo("seed", "--beneficiaries", "300", "--seed", "7")
    assert re.search(r"^beneficiary +300$", seeded.stdout, re.MULTILINE), seeded.stdout + seeded.stderr
    again = snodo("seed", "--beneficiaries", "300")
    assert (again.returncode, "Traceback" in again.stderr) == (1, False)
    assert re.match(r"Last position 1,800; 0 events wait", good(snodo, "feed"))

    identity = "00000000-0000-4000-8000-000000000001"
    good(
        snodo, "agency", "register", "comune-a004", "--name", "Comune di Abbadia Cerreto", "--kind", "MUNICIPALITY",
        "--client", identity, "--purpose", identity, "--scope", "MUNICIPALITY", "--area", "A004", "--capability", "RECORD_EVENTS",
    )  # fmt: skip
    listed = good(snodo, "agency", "list")
    assert re.search(
        rf"comune-a004 +client {identity} purpose {identity} MUNICIPALITY A004 RECORD_EVENTS", listed
    )
    _grants_by_hand(snodo, folder, identity)
    assert "presents EVIDENCE SIGNATURE" in good(
        snodo, "agency", "demand", "comune-a004", "SIGNATURE", "EVIDENCE"
    )
    assert "demands EVIDENCE SIGNATURE" in good(snodo, "agency", "list")
    assert "nothing besides" in good(snodo, "agency", "demand", "comune-a004")
    limited = good(snodo, "agency", "limit", "comune-a004", "--per-minute", "90", "--per-day", "5000")
    assert (
        limited == f"purpose {identity}: 90 a minute (0 used today); all purposes 5000 a day (0 used today)\n"
    )
    assert good(snodo, "agency", "limit", "comune-a004") == limited
    assert snodo("agency", "limit", "comune-a005").returncode == 1
    granted = good(snodo, "agency", "fields", "comune-a004", "--purpose", identity)
    assert granted.startswith(f"purpose {identity} (Comune di Abbadia Cerreto)\n")
    assert re.search(r"^PERSONAL Beneficiary\.fiscalCode +municipality$", granted, re.MULTILINE)
    assert re.search(r"^SPECIAL  SocialSupportActivity\.title +municipality$", granted, re.MULTILINE)
    assert "JobOffer." not in granted, "what is public is everybody's"
    assert "No agency has this code" in snodo("agency", "fields", "comune-a005").stderr
    assert "have ended: 1" in good(snodo, "agency", "revoke", identity)
    assert "No purpose of this agency" in snodo("agency", "fields", "comune-a004").stderr
    assert "no grant in force" in good(snodo, "agency", "list")

    unconnected = snodo("sync", "inps")
    assert (unconnected.returncode, "SNODO_INPS_URL" in unconnected.stderr) == (1, True)
    _files_of_a_region(snodo, folder)
    _files_of_inps(snodo, folder)
    assert "ok    database" in good(snodo, "doctor")


def test_all_headers_of_a_signed_request_are_printed(snodo: Snodo, folder: Path) -> None:
    (folder / "question.json").write_text("{}")
    token = good(snodo, "voucher", "--as", "inps")
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+\n", token), "alone"
    printed = good(snodo, "voucher", "--as", "inps", "--evidence", "op-7", "--sign", "question.json")
    headers = dict(line.split(": ", 1) for line in printed.splitlines())
    assert headers.keys() == {
        "Authorization",
        "Agid-JWT-TrackingEvidence",
        "Digest",
        "Content-Type",
        "Agid-JWT-Signature",
    }
    assert headers["Digest"] == "SHA-256=RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o="
    for options, method in (
        (("--dpop",), "POST"),
        (("--dpop", "--method", "GET", "--evidence", "op-7"), "GET"),
    ):
        headers = dict(
            line.split(": ", 1) for line in good(snodo, "voucher", "--as", "inps", *options).splitlines()
        )
        assert headers["Authorization"].startswith("DPoP ")
        (folder / "voucher").write_text(headers["Authorization"])
        (folder / "proof").write_text(headers["DPoP"])
        explained = good(snodo, "doctor", "voucher", "voucher", "--dpop", "proof", "--method", method)
        assert re.search(r"ok +proof +cnf\.jkt\n", explained)
        assert "Nothing here would have it refused" in explained
    citizen = snodo("voucher", "--as", "citizen", "--dpop")
    assert (citizen.returncode, "--dpop" in citizen.stderr) == (1, True)
    missing = snodo("voucher", "--as", "inps", "--sign", "nothing.json")
    assert (missing.returncode, "nothing.json" in missing.stderr) == (1, True)


def _files_of_a_region(snodo: Snodo, folder: Path) -> None:
    good(snodo, "agency", "register", "regione-03", "--name", "Regione Lombardia", "--kind", "REGION")
    (folder / "uscita").mkdir()
    (folder / "regions").mkdir()
    file = folder / "regions" / "lombardia.toml"
    file.write_text(
        'kind = "batch"\nregion = "03"\nformat = "ndjson"\nfolder = "../uscita"\n[files]\njob_offers = "*.ndjson"\n',
        encoding="utf-8",
    )
    assert "ndjson files: job_offers" in good(snodo, "region", "check", str(file.parent))
    sender = FileSender(folder / "uscita", Format.NDJSON)
    offers = demo_offers(date(2026, 9, 21), datetime(2026, 9, 21, 9, tzinfo=UTC))[:1]
    sender.send("offerte.ndjson", "job_offers", [replace(one, belfiore="A004") for one in offers])
    assert "1 files read, 0 refused" in good(snodo, "sync", "files", str(file))
    assert "1 dealt with earlier" in good(snodo, "sync", "files", str(file.parent))
    sender.send("meta.ndjson", "job_offers", offers, FileFault.HALF)
    refused = snodo("sync", "files", str(file))
    assert (refused.returncode, "meta.ndjson: CHECKSUM_MISMATCH." in refused.stderr) == (1, True)


def _files_of_inps(snodo: Snodo, folder: Path) -> None:
    (folder / "ammesse").mkdir()
    file = folder / "inps.toml"
    file.write_text(
        'kind = "batch"\nagency = "inps"\nformat = "xml"\nfolder = "ammesse"\n[files]\nadmitted_households = "*.xml"\n',
        encoding="utf-8",
    )
    admission = demo_world(date(2026, 9, 21)).inps.admissions[0]
    at_home = tuple(replace(one, belfiore="A004", centre=None) for one in admission.members)
    sender = FileSender(folder / "ammesse", Format.XML)
    sender.send("oggi.xml", "admitted_households", [replace(admission, members=at_home)])
    landed = good(snodo, "sync", "files", str(file))
    assert "inps admitted-households: 1 files read, 0 refused" in landed
    assert "1 records received, 1 landed" in landed
    compared = snodo("sync", "reconcile", "inps", "--files", str(file))
    assert (compared.returncode, compared.stderr) == (1, "")
    assert "1 received files were read again: all there were." in compared.stdout
    differing = re.findall(r"\d+ (missing|changed|extra)", compared.stdout)
    assert set(differing) == {"extra"}, "the seed's households were told by nobody"
    elsewhere = snodo("sync", "reconcile", "inps")
    assert (elsewhere.returncode, "named by --files" in elsewhere.stderr) == (1, True)


def _grants_by_hand(snodo: Snodo, folder: Path, purpose: str) -> None:
    ambiti = folder / "ambiti.csv"
    ambiti.write_text("code,name,region,belfiore_codes\nLO1,Lodi,03,A004 Z998\n", encoding="utf-8")
    imported = snodo("reference", "import-ambiti", str(ambiti))
    assert "1 ambiti: 1 added, 0 changed; municipalities: 1 joined, 0 left, 1 unknown" in imported.stdout
    assert "Z998" in imported.stderr
    again = good(snodo, "reference", "import-ambiti", str(ambiti))
    assert "0 added, 0 changed; municipalities: 0 joined" in again
    grant = (
        "agency",
        "grant",
        "comune-a004",
        "--purpose",
        purpose,
        "--description",
        "Comune di Abbadia Cerreto",
        "--scope",
        "AMBITO",
        "--area",
        "LO1",
    )
    refused = snodo(*grant)
    assert (refused.returncode, "agree in all else" in refused.stderr) == (1, False)
    assert "holds at the same time" in refused.stderr
    given = good(snodo, *grant, "--capability", "RECORD_EVENTS", "--to", "2099-01-01")
    (key,) = re.findall(r"gnt_[0-9a-f]{32}", given)
    shown = good(snodo, "agency", "show", "comune-a004")
    assert re.search(
        rf"{key} in force, from .+ until 2099-01-01T00:00:00\+00:00\n +reaches AMBITO LO1 RECORD_EVENTS",
        shown,
    )
    (purposes,) = json.loads(good(snodo, "agency", "show", "comune-a004", "--json"))["purposes"]
    assert {one["scope"] for one in purposes["grants"]} == {"MUNICIPALITY", "AMBITO"}
    assert f"{key} has ended" in good(snodo, "agency", "revoke", "--grant", key)
    assert "1 fields" in good(
        snodo, "agency", "field-set", "define", "mine", "--description", "x", "--field", "JobOffer.title"
    )
    assert "JobOffer.title" in good(snodo, "agency", "field-set", "show", "mine")
    assert "mine" in good(snodo, "agency", "field-set", "list")
    assert (
        snodo(
            "agency", "field-set", "define", "mine", "--description", "x", "--field", "JobOffer.pay"
        ).returncode
        == 1
    )
    assert "is withdrawn" in good(snodo, "agency", "withdraw", purpose)
    assert snodo("agency", "show", "nobody").returncode == 1


def test_the_schema_is_printed(snodo: Snodo) -> None:
    committed = Path(__file__).parents[2] / "schema" / "schema.graphql"
    assert good(snodo, "schema", "print") == committed.read_text(encoding="utf-8")


def test_what_is_no_archive_is_said_with_its_line(snodo: Snodo, folder: Path) -> None:
    (folder / "none.csv").write_text("a,b\n1,2\n")
    ended = snodo("reference", "import-municipalities", str(folder / "none.csv"))
    assert ended.returncode == 1
    assert "line 1" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_setting_that_cannot_be_read_is_named_and_its_value_is_not(snodo: Snodo) -> None:
    ended = snodo("serve", SNODO_PORT="secret-word")
    assert ended.returncode == 1
    assert "SNODO_PORT" in ended.stderr
    assert "secret-word" not in ended.stderr
