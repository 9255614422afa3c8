# SPDX-License-Identifier: EUPL-1.2
"""Files behind a real SFTP server on loopback: taken and answered as those of this machine, and trusted no further than agreed."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import asyncssh
import pytest

from connectors.file_exchange import FilingAgency, FilingRegion, Format, Sftp
from connectors.file_exchange.configuration import filing_of
from connectors.file_exchange.opening import open_folder
from connectors.inbound.files import FilesReport, pull_files
from connectors.reachability import Finding, examine_files
from connectors.simulators.filing_agency import FileFault, FileSender
from connectors.toml_tables import read_toml
from hub.errors import ConfigurationError, UpstreamRefused, UpstreamUnavailable
from hub.store.engine import Database

if TYPE_CHECKING:
    from tests.flows.inbound.conftest import Agencies

Clock = Callable[[], datetime]
USER = "snodo"


class Server:
    """An SFTP server of one folder, with one host key, which lets one key in."""

    def __init__(self, folder: Path, keys: Path) -> None:
        self.folder = folder
        self.silent = asyncio.Event()
        self.silent.set()
        self.host = asyncssh.generate_private_key("ssh-ed25519")
        self.client = keys / "hub_key"
        key = asyncssh.generate_private_key("ssh-ed25519")
        key.write_private_key(self.client)
        self.authorized = asyncssh.import_authorized_keys(key.export_public_key().decode())
        self.port = 0

    def public_host_key(self) -> str:
        return " ".join(self.host.export_public_key().decode().split()[:2])

    def region(self, **more: object) -> FilingRegion:
        at = Sftp("127.0.0.1", USER, self.client, self.public_host_key(), self.port, timeout=20)
        files = {"job_offers": "offerte*.csv*"}
        return FilingRegion("regione-12", Format.CSV, "/", files, sftp=replace(at, **more))  # type: ignore[arg-type]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    folder = tmp_path / "served"
    folder.mkdir()
    made = Server(folder, tmp_path)

    class Served(asyncssh.SFTPServer):
        def __init__(self, channel: asyncssh.SSHServerChannel[bytes]) -> None:
            super().__init__(channel, chroot=str(folder).encode())

        async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
            await made.silent.wait()
            async for one in super().scandir(path):
                yield one

    listening = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[made.host],
        authorized_client_keys=made.authorized,
        sftp_factory=Served,
        allow_scp=False,
    )
    made.port = listening.get_port()
    try:
        yield made
    finally:
        made.silent.set()
        listening.close()
        await listening.wait_closed()


async def pull(hub: Database, region: FilingAgency, clock: Clock) -> FilesReport:
    async with open_folder(region) as folder:
        return (await pull_files(hub.write, region, folder, clock=clock, page_size=7))[0]


async def test_files_are_taken_and_receipts_written(
    hub: Database, agencies: Agencies, clock: Clock, server: Server
) -> None:
    sender = FileSender(server.folder, Format.CSV)
    offers = agencies.world.region.offers
    good = sender.send("offerte-1.csv.gz", "job_offers", offers)
    half = sender.send("offerte-2.csv", "job_offers", offers, FileFault.HALF)
    sender.send("offerte-3.csv", "job_offers", offers, FileFault.NO_CHECKSUM)
    (server.folder / "offerte-4.csv").symlink_to("/etc/passwd")
    (server.folder / "offerte-4.csv.sha256").symlink_to("/etc/passwd")
    report = await pull(hub, server.region(), clock)
    assert (report.read, report.incomplete, report.run.landed) == (1, 1, 20)
    assert [one[:2] for one in report.refused] == [("offerte-2.csv", "CHECKSUM_MISMATCH")]
    assert sender.receipt("offerte-1.csv.gz", good)[0]["landed"] == 20
    assert sender.receipt("offerte-2.csv", half)[0]["code"] == "CHECKSUM_MISMATCH"
    again = await pull(hub, server.region(), clock)
    assert (again.read, again.known, again.incomplete, again.refused) == (0, 2, 1, [])
    # A receipt that is there is replaced: the file comes again, with another time.
    # NOTE not by the clock: SFTP tells times in whole seconds.
    os.utime(server.folder / "offerte-1.csv.gz", (0, 0))
    assert (await pull(hub, server.region(), clock)).repeated == 1
    assert sender.receipt("offerte-1.csv.gz", good)[0]["outcome"] == "REPEATED"
    assert not list(server.folder.glob(".*"))


async def test_a_server_with_another_key_is_told_nothing(server: Server) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    with pytest.raises(UpstreamRefused, match="not the one whose key was agreed"):
        async with open_folder(server.region(host_key=" ".join(other.split()[:2]))):
            pass


async def test_a_key_it_does_not_know_is_not_let_in(server: Server, tmp_path: Path) -> None:
    stranger = tmp_path / "stranger"
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(stranger)
    with pytest.raises(UpstreamRefused, match="does not let the hub in"):
        async with open_folder(server.region(key=stranger)):
            pass


async def test_a_server_that_is_not_there_or_says_nothing(
    hub: Database, agencies: Agencies, clock: Clock, server: Server
) -> None:
    server.silent.clear()
    with pytest.raises(UpstreamUnavailable, match="TimeoutError"):
        await pull(hub, server.region(timeout=2.0), clock)
    server.silent.set()
    with pytest.raises(UpstreamUnavailable, match="does not answer"):
        async with open_folder(server.region(port=1)):
            pass


async def test_who_looks_is_told_whether_it_is_reached_and_does_not_wait_long(server: Server) -> None:
    (server.folder / "offerte-1.csv").write_text("", encoding="utf-8")
    region = server.region()
    what = f"files of regione-12, sftp://127.0.0.1:{server.port}/"
    assert await examine_files(region) == Finding(f"{what}: reached, files in it: 1")
    missing = await examine_files(replace(region, folder="/none"))
    assert (missing.fault or "").startswith("The SFTP server refuses")
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    changed = await examine_files(server.region(host_key=" ".join(other.split()[:2])))
    assert "not the one whose key was agreed" in (changed.fault or "")
    closed = await examine_files(server.region(port=1))
    assert "does not answer" in (closed.fault or "")
    server.silent.clear()
    began = time.monotonic()
    silent = await examine_files(server.region(timeout=600), patience=1.0)
    assert "does not answer" in (silent.fault or "")
    assert time.monotonic() - began < 5
    for found in (missing, changed, closed, silent):
        assert found.what.startswith("files of regione-12, sftp://127.0.0.1:")
        assert USER not in found.what


async def test_a_folder_that_is_not_there_is_refused(hub: Database, clock: Clock, server: Server) -> None:
    with pytest.raises(UpstreamRefused, match="refuses"):
        await pull(hub, replace(server.region(), folder="/none"), clock)


async def test_keys_that_are_none_are_said_of_the_configuration(server: Server, tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.write_text("no key", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"sftp\.key"):
        async with open_folder(server.region(key=bad)):
            pass
    with pytest.raises(ConfigurationError, match=r"sftp\.host_key"):
        async with open_folder(server.region(host_key="ssh-ed25519 AAAA")):
            pass


async def test_the_file_of_the_region_is_enough(
    hub: Database, agencies: Agencies, clock: Clock, server: Server
) -> None:
    file = server.client.parent / "lazio.toml"
    file.write_text(
        f"""
kind = "batch"
region = "12"
format = "csv"
folder = "/"
[files]
job_offers = "offerte*.csv"
[sftp]
host = "127.0.0.1"
port = {server.port}
user = "{USER}"
key = "hub_key"
host_key = "{server.public_host_key()}"
""",
        encoding="utf-8",
    )
    FileSender(server.folder, Format.CSV).send("offerte.csv", "job_offers", agencies.world.region.offers)
    assert (await pull(hub, filing_of(read_toml(file), file), clock)).run.landed == 20
