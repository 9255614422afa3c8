# SPDX-License-Identifier: EUPL-1.2
"""The file of wire codes: what is shipped, and every way a file of one's own can be wrong, told with its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hub.errors import ConfigurationError
from hub.ledger.wire_codes import CODES, Unmapped, WireTable, read_wire_codes
from hub.store.vocabulary import ConditionalityEventType as Type

SHIPPED = Path(__file__).parents[3] / "hub" / "ledger" / "wire_codes.csv"
PAGE = Path(__file__).parents[3] / "docs" / "reference" / "wire-codes.md"

KNOWN = {
    (WireTable.CONVOCATION_OUTCOME, "P"): Type.CONVOCATION_ATTENDED,
    (WireTable.CONVOCATION_OUTCOME, "AG"): Type.ABSENCE_JUSTIFIED,
    (WireTable.CONVOCATION_OUTCOME, "AI"): Type.CONVOCATION_MISSED,
    (WireTable.CONVOCATION_OUTCOME, "AN"): Unmapped.NO_EVENT,
    (WireTable.OFFER_OUTCOME, "ACC"): Type.SUITABLE_OFFER_ACCEPTED,
    (WireTable.OFFER_OUTCOME, "RCP"): Type.SUITABLE_OFFER_REFUSED,
    (WireTable.OFFER_OUTCOME, "RSP"): Unmapped.NO_EVENT,
}
"""What public sources say; of every other code which fact it is was not found."""


def test_what_is_shipped_is_what_is_known_and_no_more() -> None:
    codes = read_wire_codes()
    found = {(one.table, one.code): one.event for one in codes}
    assert found.keys() == {(table, code) for table, every in CODES.items() for code in every}
    assert found == dict.fromkeys(found, Unmapped.NOT_ESTABLISHED) | KNOWN
    for table, code in found:
        assert codes.event_type_of(table, code) is found[table, code]


def test_a_code_of_nobodys_is_unknown() -> None:
    codes = read_wire_codes()
    for code in ("X00", "X14", "x01", " X01", "", "P"):
        assert codes.event_type_of(WireTable.RDC_EVENT, code) is Unmapped.UNKNOWN


def test_a_file_of_ones_own_says_what_somebody_established(tmp_path: Path) -> None:
    own = SHIPPED.read_text(encoding="utf-8").replace(
        "rdc-event,X03,,,not established,loadEventiCondizionalitaRDC: the code set alone",
        "rdc-event,X03,Mancata presentazione,CONVOCATION_MISSED,established,letter of the ministry 12/2026\n"
        "rdc-event,X14,,,not established,a later WSDL",
    )
    file = tmp_path / "codes.csv"
    file.write_text("\ufeff" + own, encoding="utf-8")
    codes = read_wire_codes(file)
    assert codes.event_type_of(WireTable.RDC_EVENT, "X03") is Type.CONVOCATION_MISSED
    assert codes.event_type_of(WireTable.RDC_EVENT, "X14") is Unmapped.NOT_ESTABLISHED


LINE = "convocation-outcome,P,Presente,CONVOCATION_ATTENDED,established,ANPAL Servizi: DB_PLUS2022"
WRONG = {
    "no such table": ("esiti,P,Presente,CONVOCATION_ATTENDED,established,x", "line 2: there is no table esiti"),
    "no table": (",P,Presente,CONVOCATION_ATTENDED,established,x", "line 2: there is no table (none)"),
    "a code of another form": ("convocation-outcome,p,Presente,none,established,x", "line 2: p has not the form"),
    "no code": ("convocation-outcome,,Presente,none,established,x", "line 2: (nothing) has not the form"),
    "no source": ("convocation-outcome,P,Presente,none,established,", "line 2: the code P has no source"),
    "no status": ("convocation-outcome,P,Presente,none,,x", "line 2: the status of P is neither"),
    "another status": ("convocation-outcome,P,Presente,none,Established,x", "line 2: the status of P is neither"),
    "no meaning": ("convocation-outcome,P,,none,established,x", "line 2: the code P is established, and has no meaning"),
    "no such event": ("convocation-outcome,P,Presente,ATTENDED,established,x", "line 2: the event of P is no type"),
    "no event": ("convocation-outcome,P,Presente,,established,x", "line 2: the event of P is no type"),
    "an event that only the hub writes": (
        "convocation-outcome,P,Presente,CONTENT_ERASED,established,x", "line 2: the event of P is CONTENT_ERASED",
    ),
    "an event of what is not established": (
        "convocation-outcome,P,Presente,CONVOCATION_ATTENDED,not established,x", "line 2: the code P is not established",
    ),
    "a code twice": (f"{LINE}\n{LINE}", "line 3: the code P stands in table convocation-outcome twice"),
    "a code left out": ("", "table convocation-outcome has no line for P"),
}  # fmt: skip


@pytest.mark.parametrize(("line", "said"), WRONG.values(), ids=WRONG.keys())
def test_a_file_that_is_wrong_is_refused_with_its_name_and_line(line: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "codes.csv"
    text = SHIPPED.read_text(encoding="utf-8")
    assert LINE in text
    file.write_text(text.replace(LINE + "\n", line + "\n" if line else ""), encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        read_wire_codes(file)
    assert refused.value.message.startswith(f"SNODO_WIRE_CODES, {file}: {said}")


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes("table,code,meaning,event,status,source\nperch\u00e9".encode("latin-1"))
    (tmp_path / "columns").write_text("table,code\n")
    for name, said in (
        ("nowhere", "cannot be read"), ("latin", "is not UTF-8"), ("columns", "has no column meaning"),
    ):  # fmt: skip
        with pytest.raises(ConfigurationError, match=said):
            read_wire_codes(tmp_path / name)


def test_the_page_shows_what_is_shipped() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| (.*?) \| (.*?) \| (.*?) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    shown = {
        Unmapped.NOT_ESTABLISHED: "not established",
        Unmapped.NO_EVENT: "none",
    }
    assert rows == [
        (
            one.code,
            one.meaning or "–",
            shown[one.event] if isinstance(one.event, Unmapped) else f"`{one.event}`",
            one.source,
        )
        for one in read_wire_codes()
    ]
