# SPDX-License-Identifier: EUPL-1.2
"""`snodo region check`: what a folder of regions' files says, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.cli import command_line
from hub.errors import ConfigurationError

UMBRIA = """
kind = "application-cooperation"
region = "10"
[sap]
address = "https://pdd.umbria.example/PD/SPCServiziSAP/"
namespace = "http://pdd.umbria.example/PD/SPCServiziSAP/types"
"""
EGOV = '[egov]\nsender = "Nazionale"\ngateway = "SPCNazionale"\nrecipient = "UMBRIA"\n'


def test_each_region_has_a_line(tmp_path: Path) -> None:
    (tmp_path / "umbria.toml").write_text(UMBRIA + EGOV, encoding="utf-8")
    told = CliRunner().invoke(command_line(["region"]), ["region", "check", str(tmp_path)])
    assert told.exit_code == 0
    assert told.stdout == (
        "10  https://pdd.umbria.example/PD/SPCServiziSAP/  no certificate, e-Gov header\n1 region\n"
    )


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    (tmp_path / "umbria.toml").write_text(UMBRIA.replace("10", "99"), encoding="utf-8")
    told = CliRunner().invoke(command_line(["region"]), ["region", "check", str(tmp_path)])
    assert told.exit_code == 1
    assert isinstance(told.exception, ConfigurationError)
    assert "umbria.toml" in told.exception.message


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    told = CliRunner().invoke(command_line(["region"]), ["region", "check", str(tmp_path / "none")])
    with pytest.raises(ConfigurationError, match="no folder"):
        raise told.exception or AssertionError
