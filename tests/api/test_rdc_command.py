# SPDX-License-Identifier: EUPL-1.2
"""`snodo rdc`: one hub asks another's serviceRDC, over HTTP; who looked is written down first, and what is told goes into a file."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from typer.testing import CliRunner, Result

from hub.cli import command_line
from hub.errors import SnodoError, UpstreamRefused, UpstreamUnavailable
from tests.api.soap import PASSWORD, write_clients
from tests.api.world import NORTH_CODE, UNKNOWN_CODE

if TYPE_CHECKING:
    from tests.api.conftest import Opener, Service

Run: TypeAlias = Callable[..., Awaitable[Result]]
PROTOCOL = "INPS-ADI-2026-mixed"


@pytest.fixture(scope="module")
async def hub(
    ask: Service, open_hub: Opener, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Service]:
    file = tmp_path_factory.mktemp("soap") / "soap.toml"
    await write_clients(ask, file)
    async with open_hub("rdc", soap_file=file, sequencer=False) as service:
        yield service


@pytest.fixture
def run(hub: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """The command, of a hub whose database is the same: what it writes down is seen there."""
    monkeypatch.setenv("SNODO_DATABASE_URL", hub.database_url)
    monkeypatch.setenv("SNODO_DATA_DIR", str(tmp_path))
    (tmp_path / "password").write_text(f"{PASSWORD}\n", encoding="utf-8")
    purpose = hub.registry.consumer("centre").purpose_for("hub").purpose_id
    given: dict[str, str] = {
        "--address": f"{hub.url}/soap/serviceRDC", "--purpose": purpose, "--by": "m.rossi", "--user": "two-regions",
        "--password-file": str(tmp_path / "password"), "--to": str(tmp_path / "people.ndjson"),
    }  # fmt: skip

    async def running(code: str = "", /, **changed: str | None) -> Result:
        options = {**given, **{f"--{name.replace('_', '-')}": value for name, value in changed.items()}}
        asked = [
            "rdc",
            *(word for option, value in options.items() if value is not None for word in (option, value)),
        ]
        return await asyncio.to_thread(
            lambda: CliRunner().invoke(command_line(asked), asked, input=f"{code}\n")
        )

    return running


async def last_look(hub: Service) -> tuple[Any, ...]:
    row = await hub.owner.fetchrow(
        "SELECT operation, user_id, subjects FROM access_log WHERE operation = 'snodo rdc' ORDER BY at DESC, id DESC LIMIT 1"
    )
    return tuple(row.values()) if row else ()


@pytest.mark.parametrize("by", ["code", "protocol"])
async def test_a_household_is_asked_of_another_hub(run: Run, hub: Service, tmp_path: Path, by: str) -> None:
    result = await (run(NORTH_CODE) if by == "code" else run(protocol=PROTOCOL))
    assert result.exit_code == 0, (result.output, result.exception)
    file = tmp_path / "people.ndjson"
    people = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert NORTH_CODE in {one["fiscalCode"] for one in people}
    assert {one["inpsProtocol"] for one in people} == {PROTOCOL}
    assert all(one["state"] and one["role"] for one in people)
    assert result.stdout.strip() == f"{len(people)} people written to {file}."
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    about = hub.world.people["north"].id if by == "code" else hub.world.households["mixed"]
    assert await last_look(hub) == ("snodo rdc", "m.rossi", [about])
    again = await run(NORTH_CODE)
    assert isinstance(again.exception, SnodoError)
    assert "name a new one" in again.exception.message


async def test_whom_it_does_not_know_is_nobody(run: Run, tmp_path: Path) -> None:
    result = await run(UNKNOWN_CODE)
    assert (result.exit_code, result.stdout.strip()) == (1, "The service knows nobody by this.")
    assert not (tmp_path / "people.ndjson").exists()


async def test_another_password_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("other", encoding="utf-8")
    result = await run(NORTH_CODE, password_file=str(tmp_path / "other"))
    assert isinstance(result.exception, (UpstreamRefused, UpstreamUnavailable)), result.output
    assert NORTH_CODE not in str(result.exception)
    assert not (tmp_path / "people.ndjson").exists()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"address": "http://rdc.example/soap/serviceRDC"}, "https://"),
        ({"address": "https://who@rdc.example/"}, "names no user"),
        ({"address": "ftp://127.0.0.1/"}, "https://"),
        ({"user": None}, "go together"),
        ({"password_file": None}, "go together"),
        ({"user": "a:b"}, "without a colon"),
        ({"password_file": "/nowhere"}, "There is no file"),
        ({"purpose": "0199a000-0000-7000-8000-00000000dead"}, "No such purpose"),
        ({"certificate": "/nowhere.pem"}, "/nowhere.pem"),
        ({"to": "/nowhere/people.ndjson"}, "cannot be written"),
    ],
)
async def test_what_cannot_be_asked_is_told(
    run: Run, hub: Service, changed: dict[str, str | None], words: str
) -> None:
    before = await hub.owner.fetchval("SELECT count(*) FROM access_log")
    result = await run(NORTH_CODE, **changed)
    assert isinstance(result.exception, SnodoError), result.output
    assert words in result.exception.message
    assert await hub.owner.fetchval("SELECT count(*) FROM access_log") == before


async def test_what_is_no_fiscal_code_is_told(run: Run) -> None:
    result = await run("x")
    assert isinstance(result.exception, SnodoError)
    assert "fiscal code" in result.exception.message
