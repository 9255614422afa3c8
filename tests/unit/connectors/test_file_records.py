# SPDX-License-Identifier: EUPL-1.2
"""The records of a file: what is wrong with a line is told of that line alone; what refuses a file is found first."""

from __future__ import annotations

import gzip
import io
from collections.abc import AsyncIterator
from typing import Any

import pytest

from connectors.file_exchange import FilingRegion, Format
from connectors.file_exchange.configuration import Encoding
from connectors.file_exchange.limits import FileLimits
from connectors.file_exchange.lines import Unreadable
from connectors.file_exchange.records import open_records
from connectors.file_exchange.refusals import FileRefused, WholeRefusal
from connectors.file_exchange.spool import Spooled, spool

HEADER = "idCorso;denominazioneCorso;denomOperatore;codModalita;codComune;dataInizio;dataFine;numDurataOre;numPosti;numIscritti;codStato;dataAggiorn"
GOOD = "1;Contabilità;Ente;P;H501;2026-01-01;2026-02-01;10;5;0;A;2026-01-01"


def copied(content: bytes) -> Spooled:
    return Spooled(io.BytesIO(content), lines=content.count(b"\n") + 1)


def read(content: bytes, written: Format = Format.CSV, **more: Any) -> list[tuple[int, Any]]:
    region = FilingRegion("regione-13", written, "x", {"training_courses": "*"}, **more)
    records = open_records(copied(content), region, "training_courses")
    return [
        (row.line, row.value.reason if isinstance(row.value, Unreadable) else row.value)
        for row in records.rows
    ]


def csv_of(*lines: str, encoding: str = "utf-8") -> bytes:
    return "\r\n".join((HEADER, *lines)).encode(encoding)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (GOOD.replace("Ente", '"Ente'), "quotes"),
        (GOOD.replace("Ente", '"En"te'), "quotes"),
        (GOOD + ";", "13 cells"),
        (GOOD[:-2], None),
        (GOOD.rpartition(";")[0], "11 cells"),
        (GOOD.replace("Ente", "\x00"), "NUL"),
        (GOOD.replace("Ente", "=1+1"), "formula"),
        (GOOD.replace("Ente", '"=""00123"""'), "formula"),
        (GOOD.replace("Ente", "@SUM(A1)"), "formula"),
        (GOOD.replace("Ente", "+cmd|x"), "formula"),
        (GOOD.replace("Ente", "- vedi sotto"), None),
        (GOOD.replace("Ente", '"a;b"'), None),
        (GOOD.replace("Ente", '"a ""b"" c"'), None),
        (GOOD.replace("Ente", "x" * 900), "more than 500 bytes"),
    ],
)
def test_a_bad_line_spoils_itself_alone(line: str, reason: str | None) -> None:
    found = read(csv_of(GOOD, line, "", GOOD), limits=FileLimits(line=500))
    assert [number for number, _ in found] == [2, 3, 5]
    assert all(isinstance(found[at][1], dict) for at in (0, 2))
    if reason is None:
        assert isinstance(found[1][1], dict)
    else:
        assert reason in found[1][1]


def test_values_are_of_their_members() -> None:
    value = read(csv_of(GOOD))[0][1]
    assert (value["numPosti"], value["denominazioneCorso"], value["idCorso"]) == (5, "Contabilità", "1")
    assert read(csv_of(GOOD.replace(";5;", "; ;")))[0][1]["numPosti"] is None
    assert read(csv_of(GOOD.replace(";5;", ";cinque;")))[0][1]["numPosti"] == "cinque"


def test_charsets_are_told_apart() -> None:
    assert "not in UTF-8" in read(csv_of(GOOD, encoding="cp1252"))[0][1]
    assert (
        read(csv_of(GOOD, encoding="cp1252"), encoding=Encoding.CP1252)[0][1]["denominazioneCorso"]
        == "Contabilità"
    )
    assert "configuration says cp1252" in read(csv_of(GOOD), encoding=Encoding.CP1252)[0][1]
    assert read(csv_of(GOOD, encoding="utf-8-sig"), encoding=Encoding.UTF_8_SIG)[0][1]["idCorso"] == "1"
    with pytest.raises(FileRefused, match="byte order mark"):
        read(csv_of(GOOD, encoding="utf-8-sig"))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", WholeRefusal.HEADER_UNREADABLE),
        (
            GOOD.replace("2026-02", "2027-02").replace(";2026-01-01;2", ";2026-01-02;2").encode(),
            WholeRefusal.COLUMNS_MISSING,
        ),
        (HEADER.replace("numPosti", "numIscritti").encode(), WholeRefusal.HEADER_UNREADABLE),
        (HEADER.encode("utf-16"), WholeRefusal.HEADER_UNREADABLE),
        (HEADER.replace(";", ",").encode(), WholeRefusal.COLUMNS_MISSING),
    ],
)
def test_a_header_that_is_none_refuses_the_file(content: bytes, code: WholeRefusal) -> None:
    with pytest.raises(FileRefused) as refused:
        read(content)
    assert refused.value.code is code
    assert "Contabilità" not in refused.value.reason


def test_ndjson_with_a_member_twice_is_no_record() -> None:
    content = b'{"idCorso": 1}\n{"idCorso": 1, "idCorso": 2}\n[1]\nnull\n{"a": NaN}\n{"idCorso": 3}'
    found = read(content, Format.NDJSON)
    assert found[0] == (1, {"idCorso": 1})
    assert found[5] == (6, {"idCorso": 3})
    assert all(isinstance(value, str) for _, value in found[1:5])


def test_xml_records() -> None:
    content = b"""<?xml version="1.0" encoding="UTF-8"?>
<invio xmlns="urn:x"><!-- a -->
<corso><idCorso>1</idCorso><numPosti>5</numPosti></corso>
<altro/>
<corso><idCorso>2</idCorso><idCorso>3</idCorso></corso></invio>"""
    found = read(content, Format.XML)
    assert found[0] == (3, {"idCorso": "1", "numPosti": 5})
    assert (found[1][0], "element corso" in found[1][1]) == (4, True)
    assert (found[2][0], "twice" in found[2][1]) == (5, True)


@pytest.mark.parametrize(
    "content",
    [
        b'<!DOCTYPE a [<!ENTITY x "ha">]><a>&x;</a>',
        b"<a><b>",
        b'<?xml version="1.0" encoding="windows-1252"?><a/>',
        b"<a>" * 20 + b"</a>" * 20,
        b"<a>" + b" " * 2_000 + b"</a>",
    ],
)
def test_xml_that_is_not_read_refuses_the_file(content: bytes) -> None:
    with pytest.raises(FileRefused) as refused:
        read(content, Format.XML, limits=FileLimits(xml=1_000))
    assert refused.value.code is WholeRefusal.XML_REFUSED


async def pieces(content: bytes, size: int = 7) -> AsyncIterator[bytes]:
    for at in range(0, len(content), size):
        yield content[at : at + size]


async def unpacked(content: bytes, **limits: int) -> bytes | WholeRefusal:
    with await spool(pieces(content), packed=True, limits=FileLimits(**limits)) as copy:
        return copy.broken.code if copy.broken is not None else copy.file.read()


async def test_gzip_is_unpacked_as_far_as_agreed() -> None:
    packed = gzip.compress(b"a\nb\n" * 1_000)
    assert await unpacked(packed) == b"a\nb\n" * 1_000
    assert await unpacked(packed + gzip.compress(b"c")) == b"a\nb\n" * 1_000 + b"c"
    assert await unpacked(packed, unpacked=3_999) is WholeRefusal.TOO_LARGE
    bomb = gzip.compress(bytes(50_000_000))
    assert await unpacked(bomb, unpacked=1_000_000) is WholeRefusal.TOO_LARGE
    for broken in (packed[:-1], packed[:9], packed[:-5] + b"12345", b"", b"plain text", packed + b"more"):
        assert await unpacked(broken) is WholeRefusal.GZIP_BROKEN


async def test_lines_are_counted_and_the_digest_is_of_what_was_sent() -> None:
    import hashlib

    for content, lines in ((b"", 0), (b"a", 1), (b"a\n", 1), (b"a\nb", 2)):
        with await spool(pieces(content), packed=False, limits=FileLimits()) as copy:
            assert (copy.lines, copy.sha256) == (lines, hashlib.sha256(content).hexdigest())
    with pytest.raises(FileRefused):
        await spool(pieces(bytes(11)), packed=False, limits=FileLimits(bytes=10))
