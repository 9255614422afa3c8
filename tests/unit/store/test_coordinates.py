# SPDX-License-Identifier: EUPL-1.2
"""A file of coordinates: every line is one, or the line is named and nothing is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.store.municipalities.coordinates import InvalidCoordinates, Place, places_of, read_coordinates
from hub.store.reference.demo import demo_municipalities

HEAD = "belfiore_code,latitude,longitude\n"


def test_lines_are_read_whatever_stands_beside_them() -> None:
    text = "name,longitude,latitude,belfiore_code\nRoma,12.48,41.89,H501\n"
    assert places_of(text) == (Place("H501", 41.89, 12.48),)
    assert places_of(HEAD) == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no column belfiore_code, latitude, longitude"),
        ("belfiore_code,latitude\nH501,41\n", "no column longitude"),
        (HEAD + "H501,12.48,41.89\n", "line 2: a latitude"),
        (HEAD + "H501,41.89\n", "line 2: a longitude"),
        (HEAD + 'H501,"41,89",12.48\n', "line 2: a latitude"),
        (HEAD + "H501,nan,12.48\n", "line 2: a latitude"),
        (HEAD + "H501,41.89,-12\n", "line 2: a longitude"),
        (HEAD + "h501,41.89,12.48\n", "line 2: a Belfiore code"),
        (HEAD + "H501,41.89,12.48\nH501,41.89,12.48\n", "line 3: H501 stands in the file twice"),
    ],
)
def test_files_that_are_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidCoordinates, match=message):
        places_of(text)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InvalidCoordinates, match="cannot be read"):
        read_coordinates(tmp_path / "none.csv")
    (tmp_path / "latin.csv").write_bytes("è".encode("latin-1"))
    with pytest.raises(InvalidCoordinates, match="not UTF-8"):
        read_coordinates(tmp_path / "latin.csv")
    (tmp_path / "marked.csv").write_bytes(b"\xef\xbb\xbf" + HEAD.encode())
    assert read_coordinates(tmp_path / "marked.csv") == ()


def test_the_demos_municipalities_lie_in_italy() -> None:
    lines = "".join(f"{p.belfiore_code},{p.latitude},{p.longitude}\n" for p in demo_municipalities())
    assert len(places_of(HEAD + lines)) == len(demo_municipalities())
