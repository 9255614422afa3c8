# SPDX-License-Identifier: EUPL-1.2
"""What `snodo doctor` finds out about agencies: each fault a sentence that says what to mend."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from connectors.exchange import Exchange, Policy
from connectors.file_exchange import FilingRegion, Format
from connectors.file_exchange.folders import LocalFolder
from connectors.pdnd import ClientIdentity, Passes
from connectors.pdnd.tokens import TokenEndpoint, Voucher
from connectors.reachability import (
    Finding,
    addresses,
    certificate_finding,
    clock_finding,
    examine,
    examine_files,
    examine_system,
    purposes,
)
from connectors.regional import RegionalConnector, RegionalSystem
from hub.errors import UpstreamRefused
from hub.settings import Settings
from tests.unit.connectors.test_tls import Authority

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SETTINGS: dict[str, Any] = {
    "pdnd_token_url": "https://pdnd.example/token.oauth2",
    "anpr_url": "https://anpr.example/base/",
    "anpr_purpose_id": "one",
    "inps_url": "https://inps.example",
    "inps_purpose_id": "two",
}


class Tokens(TokenEndpoint):
    """Gives a voucher for any purpose but those it is told to refuse."""

    def __init__(self, identity: ClientIdentity, *refused: str) -> None:
        self.refused, self.asked = refused, list[str]()

    async def voucher(self, purpose_id: str, digest: str | None = None) -> Voucher:
        self.asked.append(purpose_id)
        if purpose_id in self.refused:
            raise UpstreamRefused("PDND gave no voucher: check the purpose.", agency="PDND")
        return Voucher("a.b.c", 0.0)


async def found(
    settings: Settings, tokens: TokenEndpoint, answer: Callable[[httpx2.Request], httpx2.Response]
) -> dict[str, str | None]:
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as http:
        return {one.what: one.fault async for one in examine(settings, http, tokens, NOW)}


def at(moment: datetime, status: int = 200) -> httpx2.Response:
    return httpx2.Response(status, headers={"Date": format_datetime(moment, usegmt=True)})


async def test_where_all_is_well_nothing_is_said_to_be_wrong(identity: ClientIdentity) -> None:
    tokens, asked = Tokens(identity), list[str]()

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        return at(NOW, 405 if request.url.path.endswith("oauth2") else 200)

    told = await found(Settings(**SETTINGS), tokens, answer)
    assert set(told.values()) == {None}
    assert asked == [
        "https://pdnd.example/token.oauth2",
        "https://anpr.example/base/C020-servizioAccertamentoResidenza/v1/status",
        "https://inps.example/status",
    ]
    assert tokens.asked == ["one", "two"]
    assert "PDND at pdnd.example: answers HTTP 405" in told
    assert "clock of INPS: agrees" in told


async def test_what_is_wrong_is_said_with_what_to_do(identity: ClientIdentity) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.host == "anpr.example":
            raise httpx2.ConnectError("[Errno -2] Name or service not known")
        if request.url.host == "inps.example":
            raise httpx2.ConnectTimeout("")
        return at(NOW - timedelta(minutes=2), 503)

    told = await found(Settings(**SETTINGS), Tokens(identity, "two"), answer)
    assert told["PDND"] == "it answers HTTP 503; nothing here can mend that: ask PDND."
    assert "120 seconds ahead" in (told["clock of PDND"] or "")
    assert "SNODO_ANPR_URL" in (told["ANPR at anpr.example"] or "")
    assert "firewall" in (told["INPS at inps.example"] or "")
    assert told["voucher for INPS"] == "PDND gave no voucher: check the purpose."
    assert told["voucher for ANPR: given"] is None


@pytest.mark.parametrize(
    ("cause", "says"),
    [
        (ssl.SSLCertVerificationError("certificate verify failed"), "SNODO_CA_FILE"),
        (ssl.SSLError("tlsv13 alert certificate required"), "SNODO_INPS_CERTIFICATE_FILE"),
    ],
)
async def test_trouble_with_tls_names_its_setting(
    identity: ClientIdentity, cause: ssl.SSLError, says: str
) -> None:
    cause.verify_message = "self-signed certificate"  # type: ignore[attr-defined]

    def answer(_: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("TLS") from cause

    told = await found(Settings(inps_url="https://inps.example"), Tokens(identity), answer)
    assert says in (told["INPS at inps.example"] or "")


@pytest.mark.parametrize(
    ("file", "name", "certificate", "address"),
    [
        (None, "REGION", "SNODO_REGION_CERTIFICATE_FILE", "SNODO_REGION_URL"),
        (Path("12.toml"), "REGION-12", "certificate_file in its file", "its file"),
    ],
)
async def test_a_region_by_rest_is_looked_at_and_trouble_names_where_it_is_set(
    identity: ClientIdentity, file: Path | None, name: str, certificate: str, address: str
) -> None:
    system = RegionalSystem("12", "https://lavoro.example/v1/", "a", "twelve", file=file)
    trouble: list[httpx2.TransportError] = []
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        if trouble:
            raise trouble.pop()
        return at(NOW, 500 if len(asked) > 1 else 200)

    async def told(*refused: str) -> dict[str, str | None]:
        tokens = Tokens(identity, *refused)
        async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as http:
            exchange = Exchange(system.name, Policy(), http)
            region = RegionalConnector(identity, Passes(identity, tokens), exchange, system)
            return {one.what: one.fault async for one in examine_system(region, tokens, NOW)}

    assert await told() == {
        f"{name} at lavoro.example: answers HTTP 200": None,
        f"clock of {name}: agrees": None,
        f"voucher for {name}: given": None,
    }
    assert asked == ["https://lavoro.example/v1/status"]
    ill = await told("twelve")
    assert ill[name] == f"it answers HTTP 500; nothing here can mend that: ask {name}."
    assert ill[f"voucher for {name}"] == "PDND gave no voucher: check the purpose."
    demanded = httpx2.ConnectError("TLS")
    demanded.__cause__ = ssl.SSLError("tlsv13 alert certificate required")
    for error, says in (
        (demanded, certificate),
        (httpx2.ConnectError("unknown"), f"the address in {address},"),
    ):
        trouble.append(error)
        assert says in ((await told())[f"{name} at lavoro.example"] or "")


@pytest.mark.parametrize(
    ("ahead", "fault"),
    [(0.0, None), (2.9, None), (3.5, "ahead"), (600.0, "ahead"), (-29.0, None), (-31.0, "behind")],
)
def test_clocks_are_compared(ahead: float, fault: str | None) -> None:
    finding = clock_finding("ANPR", format_datetime(NOW, usegmt=True), NOW + timedelta(seconds=ahead))
    assert (finding.fault is None) == (fault is None)
    assert fault is None or fault in (finding.fault or "")


@pytest.mark.parametrize(
    "date",
    [
        "yesterday",
        f"Sun, 22 Nov {'9' * 30} 12:00:00 GMT",
        f"Sun, 22 Nov 2026 12:00:00 +{'9' * 30}",
        "Fri, 31 Dec 9999 23:59:59 -1200",
    ],
)
def test_a_date_that_is_none_is_no_fault(date: str) -> None:
    assert clock_finding("ANPR", date, NOW) == Finding("clock of ANPR: not told")


async def test_of_an_answer_only_its_head_is_read(identity: ClientIdentity) -> None:
    def answer(_: httpx2.Request) -> httpx2.Response:
        headers = {"Content-Encoding": "gzip", "Date": format_datetime(NOW, usegmt=True)}
        return httpx2.Response(200, headers=headers, stream=httpx2.ByteStream(b"\x1f\x8b cut"))

    told = await found(Settings(inps_url="https://inps.example"), Tokens(identity), answer)
    assert told == {"INPS at inps.example: answers HTTP 200": None, "clock of INPS: agrees": None}


def test_a_certificate_s_end_is_told_in_time(tmp_path: Path) -> None:
    path = Authority(tmp_path).issue("hub")  # for a day
    now = datetime.now(UTC)
    assert "have a new one made" in (certificate_finding(path, now).fault or "")
    assert "it ended on" in (certificate_finding(path, now + timedelta(days=2)).fault or "")
    assert certificate_finding(path, now - timedelta(days=60)).fault is None
    assert "cannot be read" in (certificate_finding(tmp_path / "absent.pem", now).fault or "")


def test_what_is_not_connected_is_not_looked_at() -> None:
    assert addresses(Settings()) == {}
    assert purposes(Settings()) == []


# ── agencies that send files ──────────────────────────────────────────────────────────────────────────


def filing(folder: Path) -> FilingRegion:
    return FilingRegion("regione-13", Format.CSV, str(folder), {"pacts": "patti*.csv"})


async def test_a_folder_that_is_there_is_said_to_be_reached(tmp_path: Path) -> None:
    for name in ("patti-1.csv", "patti-1.csv.sha256", ".hidden"):
        (tmp_path / name).write_text("RSSMRA80A01H501U", encoding="utf-8")
    found = await examine_files(filing(tmp_path))
    assert found == Finding(f"files of regione-13, {tmp_path}: reached, files in it: 2")


async def test_a_folder_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    for gone in (tmp_path / "gone", tmp_path / "file"):
        (tmp_path / "file").write_text("", encoding="utf-8")
        found = await examine_files(filing(gone))
        assert found.what == f"files of regione-13, {gone}"
        assert found.fault is not None
        assert found.fault.startswith(f"The folder {gone} cannot be used: ")


async def test_a_disk_that_does_not_answer_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = threading.Event()

    def hangs(_: object) -> list[object]:
        held.wait(10)
        return []

    monkeypatch.setattr(LocalFolder, "_entries", hangs)
    found = await examine_files(filing(tmp_path), patience=0.05)
    held.set()
    assert found.fault == "it does not answer in 0.05 seconds: is that disk mounted?"
