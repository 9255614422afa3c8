# SPDX-License-Identifier: EUPL-1.2
"""The rules of a SAP: each broken in a document that is good otherwise, found, named by path, and told without a value."""

from __future__ import annotations

import pytest

from connectors.sap import POLICY_EVENTS, PolicyDay, SapRefused, SapRule, read_sap
from tests.unit.connectors.sap_documents import GOOD, POLICY

FIRST = "politiche_attive_lst/politiche_attive[1]/"
BREAKS: list[tuple[str, str, str, SapRule]] = [
    ("AA28868621H", "AA28868621", "datiinvio/identificativosap", SapRule.SAP_ID),
    ("<codiceentetit>H501C000523", "<codiceentetit>H501", "datiinvio/codiceentetit", SapRule.BODY_CODE),
    ("2018-07-01T10:15:00", "01/07/2018", "datiinvio/dataultimoagg", SapRule.DAY),
    ("2018-07-01T10:15:00", "2018-02-30", "datiinvio/dataultimoagg", SapRule.DAY),
    (
        "RSSMRA80A01H501U",
        "RSSMRA80A01H501V",
        "datianagrafici/datipersonali/codicefiscale",
        SapRule.FISCAL_CODE,
    ),
    ("RSSMRA80A01H501U", "", "datianagrafici/datipersonali/codicefiscale", SapRule.FISCAL_CODE),
    (
        "<codcomune>H501</codcomune><codcitt",
        "<codcomune>058091</codcomune><codcitt",
        "datianagrafici/datipersonali/codcomune",
        SapRule.PLACE,
    ),
    (
        "<codcomune>H501</codcomune><cap>",
        "<codcomune>Roma</codcomune><cap>",
        "datianagrafici/residenza/codcomune",
        SapRule.PLACE,
    ),
    (
        "<domicilio/>",
        "<domicilio><codcomune>Roma</codcomune></domicilio>",
        "datianagrafici/domicilio/codcomune",
        SapRule.PLACE,
    ),
    ("<tipo_attivita>A02", "<tipo_attivita>A2", f"{FIRST}tipo_attivita", SapRule.KIND),
    ("<tipo_attivita>A02", "<tipo_attivita>C06", f"{FIRST}titolo_denominazione", SapRule.TITLE_NEEDED),
    ("<data_fine>2018-06-30", "<data_fine>", f"{FIRST}data_fine", SapRule.DAYS_NEEDED),
    ("<tipologia_durata>G", "<tipologia_durata>", f"{FIRST}tipologia_durata", SapRule.UNIT_NEEDED),
    ("<tipo_attivita>A02", "<tipo_attivita>E02", f"{FIRST}descrizione", SapRule.EMPLOYER_NEEDED),
    (
        "<codice_ente_promotore>H501C000523",
        "<codice_ente_promotore>x",
        f"{FIRST}codice_ente_promotore",
        SapRule.BODY_CODE,
    ),
    ("<titolo_progetto>01", "<titolo_progetto>04", f"{FIRST}titolo_progetto", SapRule.NATIONAL_PROJECT),
    ("08008B3B94B", "", f"{FIRST}identificativo_politica", SapRule.IDENTIFIER_NEEDED),
    ("08008B3B94B", "99008B3B94B", f"{FIRST}identificativo_politica", SapRule.POLICY_ID),
    ("<evento>02", "<evento>", f"{FIRST}ultimo_evento/evento", SapRule.EVENT_NEEDED),
    ("<evento>02", "<evento>16", f"{FIRST}ultimo_evento/evento", SapRule.EVENT),
    ("<data_evento>2018-01-02", "<data_evento>", f"{FIRST}ultimo_evento/data_evento", SapRule.EVENT_NEEDED),
    (
        "<data_evento>2018-01-02",
        "<data_evento>2018-01-03",
        f"{FIRST}ultimo_evento/data_evento",
        SapRule.EVENT_DAY,
    ),
]


def found(content: str) -> list[tuple[str, SapRule]]:
    return [(one.path.removeprefix("/lavoratore/"), one.rule) for one in read_sap(content.encode()).problems]


@pytest.mark.parametrize(("good", "bad", "path", "rule"), BREAKS)
def test_each_rule_is_told_where_it_is_broken(good: str, bad: str, path: str, rule: SapRule) -> None:
    assert GOOD.count(good) == 1
    assert found(GOOD.replace(good, bad)) == [(path, rule)]


def test_every_rule_is_broken_by_some_document() -> None:
    elsewhere = {SapRule.TWICE, SapRule.END_NEEDED}
    assert {rule for *_, rule in BREAKS} | elsewhere == set(SapRule)


def test_a_policy_of_before_need_not_say_as_much() -> None:
    old = POLICY.replace("2018-01-01", "2015-12-08").replace("<data>2018-01-02", "<data>")
    old = old.replace("08008B3B94B", "").replace("<evento>02", "<evento>").replace("2018-01-02", "")
    assert found(GOOD.replace(POLICY, old)) == []
    assert found(GOOD.replace(POLICY, old.replace("2018-06-30", ""))) == []
    begins = old.replace("2015-12-08", "2015-12-09")
    assert found(GOOD.replace(POLICY, begins)) == [(f"{FIRST}data", SapRule.DAYS_NEEDED)]
    identified = begins.replace("2015-12-09", "2017-12-04").replace("<data>", "<data>2018-01-02")
    assert found(GOOD.replace(POLICY, identified)) == [
        (f"{FIRST}identificativo_politica", SapRule.IDENTIFIER_NEEDED),
        (f"{FIRST}ultimo_evento/evento", SapRule.EVENT_NEEDED),
    ]


@pytest.mark.parametrize("family", ["C01", "D02", "E09"])
def test_some_families_always_say_when_they_end(family: str) -> None:
    old = POLICY.replace("A02", family).replace("2018-01-01", "2014-01-01").replace("2018-06-30", "")
    old = old.replace("<titolo_denominazione/>", "<titolo_denominazione>x</titolo_denominazione>")
    assert found(GOOD.replace(POLICY, old)) == [(f"{FIRST}data_fine", SapRule.END_NEEDED)]


@pytest.mark.parametrize("employer", ["00488410010", "RSSMRA80A01H501U"])
def test_the_description_of_a_hire_is_its_employers_code(employer: str) -> None:
    hired = POLICY.replace("A02", "H01").replace("<descrizione/>", f"<descrizione>{employer}</descrizione>")
    assert found(GOOD.replace(POLICY, hired)) == []


@pytest.mark.parametrize("code", POLICY_EVENTS)
@pytest.mark.parametrize("day", ["2018-01-01", "2018-01-02", "2018-06-30", "2019-01-01"])
def test_an_event_falls_on_the_day_of_the_table(code: str, day: str) -> None:
    days = {PolicyDay.PROPOSAL: "2018-01-01", PolicyDay.START: "2018-01-02", PolicyDay.END: "2018-06-30"}
    falls_on = POLICY_EVENTS[code].falls_on
    changed = POLICY.replace("<evento>02", f"<evento>{code}").replace(
        "<data_evento>2018-01-02", f"<data_evento>{day}"
    )
    is_right = falls_on is None or days[falls_on] == day
    expected = [] if is_right else [(f"{FIRST}ultimo_evento/data_evento", SapRule.EVENT_DAY)]
    assert found(GOOD.replace(POLICY, changed)) == expected


def test_the_table_has_the_fifteen_events() -> None:
    assert list(POLICY_EVENTS) == [f"{number:02}" for number in range(1, 16)]


def test_a_refusal_names_the_second_policy_and_nothing_personal() -> None:
    content = GOOD.replace(POLICY, POLICY + POLICY.replace("<evento>02", "<evento>99"))
    with pytest.raises(SapRefused) as refused:
        read_sap(content.replace("RSSMRA80A01H501U", "RSSMRA80A01H501X").encode()).check()
    assert [one.path for one in refused.value.problems] == [
        "/lavoratore/datianagrafici/datipersonali/codicefiscale",
        "/lavoratore/politiche_attive_lst/politiche_attive[2]/ultimo_evento/evento",
    ]
    assert "RSSMRA" not in refused.value.message
    assert "and 1 more" in refused.value.message
    read_sap(GOOD.encode()).check()
