# SPDX-License-Identifier: EUPL-1.2
"""Files of reference data: what each fault is called, the same for every file."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.errors import InvalidInput
from hub.store.ambiti import AmbitoLine, InvalidAmbiti, ambiti_of, read_ambiti
from hub.store.csv_lines import lines_of, read_text
from hub.store.municipalities.coordinates import InvalidCoordinates, read_coordinates

HEAD = "name,code,other,region,belfiore_codes\n"


def test_columns_in_any_order_with_others_between() -> None:
    text = HEAD + "Roma 1, RM-1 ,x,12,H501  A123\nBare,RM-2,,12\n"  # a cell that is not there is empty
    assert ambiti_of(text) == (
        AmbitoLine("RM-1", "Roma 1", "12", ("H501", "A123")),
        AmbitoLine("RM-2", "Bare", "12", ()),
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Roma,RM 1,x,12,H501", "line 2: an ambito's code"),
        (",RM-1,x,12,H501", "line 2: RM-1 has no name"),
        ("Roma,RM-1,x,1,H501", "line 2: a region is two digits"),
        ("Roma,RM-1,x,12,H501 h502", "line 2: a Belfiore code"),
        ("Roma,RM-1,x,12,H501 H501", "line 2: H501 is in RM-1 already"),
        ("Roma,RM-1,x,12,H501\nRoma,RM-1,x,12,", "line 3: RM-1 stands in the file twice"),
    ],
)
def test_a_line_that_is_none_is_named(line: str, said: str) -> None:
    with pytest.raises(InvalidAmbiti) as refused:
        ambiti_of(HEAD + line)
    assert refused.value.message.startswith(said)


def test_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(InvalidAmbiti, match="cannot be read"):
        read_ambiti(tmp_path / "nothing.csv")
    (tmp_path / "latin.csv").write_bytes("città".encode("latin-1"))
    with pytest.raises(InvalidCoordinates, match="not UTF-8"):
        read_coordinates(tmp_path / "latin.csv")
    (tmp_path / "marked.csv").write_text("\ufeffcode", encoding="utf-8")
    assert read_text(tmp_path / "marked.csv", InvalidInput) == "code"
    with pytest.raises(InvalidAmbiti, match="no column region, belfiore_codes"):
        ambiti_of("code,name\n")
    with pytest.raises(InvalidInput, match="After line 1 the file is no CSV"):
        list(lines_of("code\n" + "x" * 200_000, ["code"], InvalidInput))
