# SPDX-License-Identifier: EUPL-1.2
"""How the command line ends: one sentence that quotes no row, or quietly."""

from __future__ import annotations

import asyncio
import signal
import sys

import asyncpg
import httpx2
import pytest
import typer

import hub.cli
from hub.cli.demo import DemoFailed, walk_beside
from hub.cli.tour import TourFailed

ROW = "Key (fiscal_code)=(RSSMRA85T10A562S) already exists."


def _main(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(hub.cli, "command_line", lambda _words: fail)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(sys, "argv", ["snodo"])
    hub.cli.main()


def _wrapped(error: Exception) -> Exception:
    outer = RuntimeError(ROW)
    outer.__cause__ = error
    return outer


@pytest.mark.parametrize("wrap", [lambda error: error, _wrapped])
def test_a_refusal_of_the_database_names_class_and_constraint_and_no_row(
    wrap: type, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = asyncpg.UniqueViolationError(ROW)
    error.constraint_name = "beneficiary_fiscal_code_key"
    with pytest.raises(SystemExit) as ended:
        _main(wrap(error), monkeypatch)
    assert ended.value.code == 1
    assert (
        capsys.readouterr().err
        == "snodo: The database refuses: UniqueViolationError (beneficiary_fiscal_code_key).\n"
    )


@pytest.mark.parametrize("error", [asyncpg.InterfaceError(ROW), TimeoutError(ROW)])
def test_a_connection_that_is_lost(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        _main(error, monkeypatch)
    assert capsys.readouterr().err == f"snodo: The database does not answer: {type(error).__name__}.\n"


def test_what_our_own_scripts_say_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = asyncpg.RaiseError("role snodo_hub does not exist")
    error.hint = "As an administrator: CREATE ROLE snodo_hub NOLOGIN;"
    with pytest.raises(SystemExit):
        _main(error, monkeypatch)
    assert capsys.readouterr().err == f"snodo: role snodo_hub does not exist {error.hint}\n"


def test_a_fault_of_the_hub_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ZeroDivisionError):
        _main(ZeroDivisionError(), monkeypatch)


async def test_a_tour_whose_server_is_stopped_ends_quietly() -> None:
    async def refused() -> None:
        raise httpx2.ConnectError("refused")

    for walk in (asyncio.sleep(60), refused()):
        with pytest.raises(typer.Exit) as ended:
            await walk_beside(asyncio.create_task(asyncio.sleep(0.05)), walk)
        assert ended.value.exit_code == 130


async def test_a_tour_that_finds_a_fault_says_so() -> None:
    async def fail() -> None:
        raise TourFailed("no row")

    server = asyncio.create_task(asyncio.sleep(60))
    with pytest.raises(DemoFailed, match="no row"):
        await walk_beside(server, fail())
    server.cancel()
