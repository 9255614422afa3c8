# SPDX-License-Identifier: EUPL-1.2
"""`snodo region check` and `list`: what a folder of regions' files says, and what is wrong with it."""

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


WORDS = '[notifications]\nHIRED = "ASSUNZIONE"\nEVENT_WITHDRAWN = "ANNULLAMENTO"\n'


def test_each_region_has_a_line(tmp_path: Path) -> None:
    (tmp_path / "umbria.toml").write_text(UMBRIA + EGOV + WORDS, encoding="utf-8")
    told = CliRunner().invoke(command_line(["region"]), ["region", "check", str(tmp_path)])
    assert told.exit_code == 0
    assert told.stdout == (
        "10  https://pdd.umbria.example/PD/SPCServiziSAP/  no certificate, e-Gov header. Told of EVENT_WITHDRAWN, HIRED.\n1 region\n"
    )


def test_a_region_by_rest_has_a_line_with_what_is_its_own(tmp_path: Path) -> None:
    rest = 'kind = "rest"\nregion = "{}"\nurl = "https://lavoro.{}.example/v1"\naudience = "a"\npurpose_id = "p"\n'
    own = (
        '[codes.opportunity]\nsource = "letter of 3 October"\nunverified = true\nwords = { X = "OPEN" }\n'
        '[codes.course_mode]\nsource = "its interface"\nunverified = false\nwords = { X = "ONLINE" }\n'
        '[names]\ntitolo = "nome"\nidOfferta = "id"\n'
    )
    (tmp_path / "1.toml").write_text(rest.format("01", "piemonte") + own, encoding="utf-8")
    (tmp_path / "2.toml").write_text(rest.format("12", "lazio"), encoding="utf-8")
    told = CliRunner().invoke(command_line(["region"]), ["region", "check", str(tmp_path)])
    assert told.stdout.splitlines() == [
        (
            "01  https://lavoro.piemonte.example/v1  REST over PDND, no certificate. Codes of its own: course_mode (established: its interface), "
            "opportunity (unverified: letter of 3 October). Names of its own: idOfferta, titolo."
        ),
        "12  https://lavoro.lazio.example/v1  REST over PDND, no certificate. No codes of its own.",
        "2 regions",
    ]
    (tmp_path / "hub.pem").write_text("no PEM", encoding="utf-8")
    (tmp_path / "2.toml").write_text(
        f'{rest.format("12", "lazio")}certificate_file = "hub.pem"\n', encoding="utf-8"
    )
    bad = CliRunner().invoke(command_line(["region"]), ["region", "check", str(tmp_path)])
    assert isinstance(bad.exception, ConfigurationError)
    assert bad.exception.message.startswith(f"{tmp_path / 'hub.pem'} is not a PEM file with a certificate")


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


def test_a_region_without_a_system_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "umbria.toml").write_text(UMBRIA, encoding="utf-8")
    (tmp_path / "molise.toml").write_text('kind = "none"\nregion = "14"\n', encoding="utf-8")
    lines = [
        (
            "10  https://pdd.umbria.example/PD/SPCServiziSAP/  no certificate, no e-Gov header. Region 10 is told nothing: which words NotificaSAP gives as "
            "its reason (MotivoNotifica) is published nowhere; agree on them with the region and name them in its file, under [notifications]."
        ),
        "14  Region 14 has no labour system of its own: its centres record at the hub directly; nothing is pulled from it, and it is told nothing.",
    ]
    monkeypatch.setenv("SNODO_REGIONS", str(tmp_path))
    told = CliRunner().invoke(command_line(["region"]), ["region", "check"])
    assert told.stdout.splitlines() == [lines[1], lines[0], "2 regions"]  # in the files' order
    monkeypatch.setenv("SNODO_REGION_CODE", "12")
    monkeypatch.setenv("SNODO_REGION_URL", "https://lavoro.lazio.example")
    listed = CliRunner().invoke(command_line(["region"]), ["region", "list"])
    assert listed.stdout.splitlines() == [
        lines[0],
        "12  https://lavoro.lazio.example  REST over PDND",
        lines[1],
    ]


def test_without_regions_the_list_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SNODO_REGIONS", raising=False)
    told = CliRunner().invoke(command_line(["region"]), ["region", "list"])
    assert told.stdout == "No region is connected: set SNODO_REGION_URL and its like, or SNODO_REGIONS.\n"
    refused = CliRunner().invoke(command_line(["region"]), ["region", "check"])
    assert isinstance(refused.exception, ConfigurationError)
