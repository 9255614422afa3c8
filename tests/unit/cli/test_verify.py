# SPDX-License-Identifier: EUPL-1.2
"""`snodo verify` on files, without a database."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hub.cli import command_line
from hub.errors import InvalidInput
from tests.unit.ledger.test_format_page import EXAMPLE

LINES, _, NOTE, KEY = EXAMPLE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The worked example of the format's page, as files."""
    for name, text in (("feed.ndjson", LINES), ("checkpoint", NOTE), ("key", KEY)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def verify(folder: Path, *words: str) -> Result:
    words = tuple(str(folder / word) if (folder / word).exists() else word for word in words)
    return CliRunner().invoke(command_line(["verify"]), ["verify", *words])


def test_a_whole_feed(folder: Path) -> None:
    result = verify(folder, "feed.ndjson", "--checkpoint", "checkpoint", "--key", "key")
    assert result.exit_code == 0, result.output
    assert "3 of them are what was signed." in result.output
    assert "not checked" not in result.output
    assert verify(folder, "feed.ndjson", "--checkpoint", "checkpoint", "--key", KEY.strip()).exit_code == 0


def test_what_was_not_checked_is_said(folder: Path) -> None:
    assert "give --key" in verify(folder, "feed.ndjson", "--checkpoint", "checkpoint").output
    assert "0 of them are what was signed" in verify(folder, "feed.ndjson").output


@pytest.mark.parametrize(
    ("file", "before", "after", "message"),
    [
        (
            "feed.ndjson",
            "INPS-ADI-2026-0000001",
            "INPS-ADI-2026-0000009",
            "Line 1: its content is not the one",
        ),
        ("feed.ndjson", '"type":"CONVOCATION_MISSED"', '"type":"HIRED"', "Lines 1 to 3: the root"),
        ("checkpoint", "\n3\n", "\n4\n", "does not hold"),
        ("checkpoint", "— snodo", "snodo", "not a signature"),
        ("checkpoint", NOTE, "", "an empty line"),
        ("key", "snodo.example", "other.example", "its name and key give"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    folder: Path, file: str, before: str, after: str, message: str
) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")
    result = verify(folder, "feed.ndjson", "--checkpoint", "checkpoint", "--key", "key")
    assert result.exit_code == 1
    assert isinstance(result.exception, InvalidInput)
    assert message in result.exception.message


def test_a_file_that_is_not_there_is_refused(folder: Path) -> None:
    assert isinstance(verify(folder, str(folder / "nowhere")).exception, InvalidInput)
