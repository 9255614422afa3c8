# SPDX-License-Identifier: EUPL-1.2
"""The professions of a pact in a region's files: where each format has them, and how it says that a pact names none."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from connectors.file_exchange import FilingRegion, Format
from connectors.file_exchange.records import open_records
from connectors.file_exchange.spool import Spooled
from connectors.records.delivery import RecordRefused
from connectors.regional import PROVISIONAL_CODES
from connectors.regional.pacts import decode_pact

PACT = {
    "idPatto": "4711",
    "codTipoPatto": "PSP",
    "codiceFiscale": "RSSMRA80A41H501Y",
    "dataPropostaPds": "2026-02-02",
    "ultimoEvento.evento": "01",
    "ultimoEvento.dataEvento": "2026-02-09",
    "dataAggiorn": "2026-02-09",
}
FIRST, SECOND = "qualifiche.1.codQualifica", "qualifiche.2.codQualifica"


def read(written: Format, content: str) -> tuple[Any, tuple[str, ...]]:
    """The professions of the file's one pact, and the columns nobody knows."""
    whole = Spooled(io.BytesIO(content.encode()), lines=content.count("\n") + 1)
    region = FilingRegion("regione-13", written, "x", {"pacts": "*"})
    records = open_records(whole, region, "pacts")
    [row] = records.rows
    return decode_pact(row.value, PROVISIONAL_CODES).professions, records.unknown  # type: ignore[arg-type]


def csv_of(**more: str) -> str:
    cells = PACT | more
    return f"{';'.join(cells)}\n{';'.join(cells.values())}\n"


def ndjson_of(**more: Any) -> str:
    record = {name: value for name, value in PACT.items() if "." not in name}
    event = {"evento": "01", "dataEvento": "2026-02-09"}
    return json.dumps({**record, "ultimoEvento": event, **more}) + "\n"


def xml_of(professions: str) -> str:
    members = "".join(f"<{name}>{value}</{name}>" for name, value in PACT.items() if "." not in name)
    event = "<ultimoEvento><evento>01</evento><dataEvento>2026-02-09</dataEvento></ultimoEvento>"
    return f"<patti><patto>{members}{event}{professions}</patto></patti>"


def named(*codes: str) -> list[dict[str, str]]:
    return [{"codQualifica": code} for code in codes]


@pytest.mark.parametrize(
    ("columns", "professions"),
    [
        ({FIRST: "5.2.2.1", SECOND: "4.1"}, ("5.2.2.1", "4.1")),
        ({SECOND: "4.1", FIRST: "5.2.2.1"}, ("5.2.2.1", "4.1")),
        ({FIRST: "", SECOND: " 4.1 "}, ("4.1",)),
        ({FIRST: "", SECOND: " "}, None),
        ({}, None),
    ],
)
def test_in_csv_each_has_a_column_and_all_blank_is_not_known(
    columns: dict[str, str], professions: tuple[str, ...] | None
) -> None:
    assert read(Format.CSV, csv_of(**columns)) == (professions, ())


def test_in_csv_there_are_twenty_columns() -> None:
    beyond = {"qualifiche.20.codQualifica": "5", "qualifiche.21.codQualifica": "6", "qualifiche.1.x": "7"}
    assert read(Format.CSV, csv_of(**beyond)) == (("5",), ("qualifiche.21.codQualifica", "qualifiche.1.x"))


@pytest.mark.parametrize(
    ("more", "professions"),
    [
        ({"qualifiche": named("5.2.2.1", "4.1")}, ("5.2.2.1", "4.1")),
        ({"qualifiche": []}, ()),
        ({"qualifiche": None}, None),
        ({}, None),
    ],
)
def test_in_ndjson_they_are_as_by_rest(more: dict[str, Any], professions: tuple[str, ...] | None) -> None:
    assert read(Format.NDJSON, ndjson_of(**more)) == (professions, ())


ONE = "<qualifica><codQualifica>{}</codQualifica></qualifica>"


@pytest.mark.parametrize(
    ("told", "professions"),
    [
        (f"<qualifiche>{ONE.format('5.2.2.1')}\n{ONE.format('4.1')}</qualifiche>", ("5.2.2.1", "4.1")),
        ("<qualifiche/>", ()),
        ("<qualifiche> </qualifiche>", ()),
        ("", None),
    ],
)
def test_in_xml_an_empty_element_names_none(told: str, professions: tuple[str, ...] | None) -> None:
    assert read(Format.XML, xml_of(told)) == (professions, ())


@pytest.mark.parametrize(
    ("written", "content", "field"),
    [
        (Format.CSV, csv_of(**{FIRST: "5", SECOND: "cuoco"}), "qualifiche[1].codQualifica"),
        (Format.NDJSON, ndjson_of(qualifiche=named("5", "cuoco")), "qualifiche[1].codQualifica"),
        (Format.NDJSON, ndjson_of(qualifiche={"codQualifica": "5"}), "qualifiche"),
        (Format.NDJSON, ndjson_of(qualifiche=named(*["5"] * 21)), "qualifiche"),
        (
            Format.XML,
            xml_of(f"<qualifiche>{ONE.format('5')}{ONE.format('cuoco')}</qualifiche>"),
            "qualifiche[1].codQualifica",
        ),
        (Format.XML, xml_of("<qualifiche><qualifica>5</qualifica></qualifiche>"), "qualifiche[0].codQualifica"),
        (Format.XML, xml_of("<qualifiche><codQualifica>5</codQualifica></qualifiche>"), "qualifiche"),
        (Format.XML, xml_of("<qualifiche>5</qualifiche>"), "qualifiche"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_in_each_format(written: Format, content: str, field: str) -> None:
    with pytest.raises(RecordRefused) as raised:
        read(written, content)
    assert raised.value.refusal.field == field
