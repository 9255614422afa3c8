# SPDX-License-Identifier: EUPL-1.2
"""EventiCondizionalitaRDC: what a request says, and when two are the same event."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from lxml import etree

from connectors.rdc.events import TYPES, DeletedEvent, LoadedEvent, read_deletion, read_event
from connectors.soap import NotAnswered, element
from connectors.soap.envelope import Element

GOOD = {
    "cod_cpi": "H501C000523",
    "cod_evento": "X01",
    "cod_fiscale": "RSSMRA80A41H501Y",
    "cod_fiscale_ope": "BNCLCU15H01H501S",
    "cod_protocollo_inps": "INPS-RDC-2020-1",
    "dtt_domanda": "2020-02-10T00:00:00.000+01:00",
    "dtt_evento": "2020-09-15T08:30:00.000Z",
}


def request(**changes: str | None) -> Element:
    asked = etree.Element(f"{{{TYPES}}}loadEventiCondizionalitaRDC")
    for name, value in {**GOOD, **changes}.items():
        if value is not None:
            element(asked, name, value)
    return asked


def test_a_request_is_read() -> None:
    assert read_event(request(txt_note=" Non si è presentato ")) == LoadedEvent(
        "H501C000523",
        "X01",
        "RSSMRA80A41H501Y",
        "BNCLCU15H01H501S",
        "INPS-RDC-2020-1",
        datetime(2020, 2, 9, 23, tzinfo=UTC),
        datetime(2020, 9, 15, 8, 30, tzinfo=UTC),
        "Non si è presentato",
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2020-09-15T10:30:00", datetime(2020, 9, 15, 8, 30, tzinfo=UTC)),  # by Rome's clock
        ("2020-12-15T10:30:00", datetime(2020, 12, 15, 9, 30, tzinfo=UTC)),
        ("2020-09-15T10:30:00+02:00", datetime(2020, 9, 15, 8, 30, tzinfo=UTC)),
        ("2020-09-15T08:30:00.0Z", datetime(2020, 9, 15, 8, 30, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read(written: str, meant: datetime) -> None:
    assert read_event(request(dtt_evento=written)).occurred_at == meant


def test_the_same_event_has_one_key_and_another_has_another() -> None:
    key = read_event(request()).key
    same = [
        {"txt_note": "un'altra"},
        {"cod_fiscale_ope": "00488410010"},
        {"dtt_evento": "2020-09-15T10:30:00"},
    ]
    assert {read_event(request(**one)).key for one in same} == {key}
    others = [
        {"cod_cpi": "H501C000524"},
        {"cod_evento": "X02"},
        {"cod_fiscale": "BNCLCU15H01H501S"},
        {"cod_protocollo_inps": "INPS-RDC-2020-2"},
        {"dtt_domanda": "2020-02-11T00:00:00Z"},
        {"dtt_evento": "2020-09-15T08:31:00Z"},
    ]
    assert len({key, *(read_event(request(**one)).key for one in others)}) == len(others) + 1
    assert len(key) <= 200


def deletion(day: str = "2020-09-15", applied: str = "2020-02-10") -> Element:
    asked = etree.Element(f"{{{TYPES}}}deleteEventiCondizionalitaRDC")
    for name, value in {**GOOD, "dtt_domanda": applied, "dtt_evento": day}.items():
        element(asked, name, value)
    return asked


@pytest.mark.parametrize("day", ["2020-09-15", "2020-09-15Z", "2020-09-15+02:00"])
def test_a_deletion_is_read(day: str) -> None:
    assert read_deletion(deletion(day)) == DeletedEvent(
        "H501C000523", "X01", "RSSMRA80A41H501Y", "BNCLCU15H01H501S", "INPS-RDC-2020-1", date(2020, 9, 15)
    )


@pytest.mark.parametrize(("day", "hours"), [("2020-09-15", 24), ("2020-03-29", 23), ("2020-10-25", 25)])
def test_a_day_is_one_of_rome(day: str, hours: int) -> None:
    begins, ends = read_deletion(deletion(day)).hours
    assert (ends.astimezone(UTC) - begins.astimezone(UTC)).total_seconds() == hours * 3_600


@pytest.mark.parametrize(
    "day", ["2020-09-31", "15/09/2020", "2020-09-15T08:30:00Z", "2020-9-15", "0001-01-01", "9999-12-31"]
)
def test_what_is_no_day_is_refused(day: str) -> None:
    with pytest.raises(NotAnswered, match="dtt_evento"):
        read_deletion(deletion(day))
    with pytest.raises(NotAnswered, match="dtt_domanda"):
        read_deletion(deletion(applied=day))


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("value", [None, "", "<>"])
def test_an_element_that_is_missing_or_wrong_is_named_and_not_what_is_in_it(
    name: str, value: str | None
) -> None:
    if value == "<>" and name in ("cod_evento", "cod_protocollo_inps"):
        return  # which are looked up: there is no such code, and no such protocol
    with pytest.raises(NotAnswered, match=name) as refused:
        read_event(request(**{name: value}))
    assert "<>" not in refused.value.message


@pytest.mark.parametrize(
    "moment",
    [
        "2020-09-15",
        "15/09/2020 08:30",
        "2020-13-01T00:00:00",
        "2020-02-30T00:00:00Z",
        "2020-09-15T08:30",
        "2020-09-15T25:00:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "0001-01-01T00:00:00",
        "9999-12-31T23:59:59-01:00",
    ],
)
def test_what_is_no_moment_is_refused(moment: str) -> None:
    with pytest.raises(NotAnswered, match="dtt_evento"):
        read_event(request(dtt_evento=moment))


def test_what_is_there_twice_or_unknown_is_refused() -> None:
    twice = request()
    element(twice, "cod_cpi", "H501C000523")
    with pytest.raises(NotAnswered, match="cod_cpi"):
        read_event(twice)
    with pytest.raises(NotAnswered, match="no other"):
        read_event(request(cod_altro="1"))
