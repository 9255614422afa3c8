# SPDX-License-Identifier: EUPL-1.2
"""The SAP's XML: read into records, written back as it was, changed in one place alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sap import NotASap, Policy, SapRule, read_sap
from connectors.sap.records import Contacts, Domicile
from connectors.xml import XmlRefused
from tests.unit.connectors.sap_documents import GOOD, POLICY, canonical, documents

GOOD_BYTES = GOOD.encode()


def test_a_good_document_is_read() -> None:
    document = read_sap(GOOD_BYTES)
    assert document.problems == ()
    sap = document.sap
    assert (sap.submission.identifier, sap.submission.updated_on) == ("AA28868621H", date(2018, 7, 1))
    assert (sap.person.fiscal_code, sap.person.birthplace) == ("RSSMRA80A01H501U", "H501")
    assert sap.residence.postcode == "00185"
    assert sap.domicile == Domicile()
    assert sap.contacts == Contacts()
    assert sap.standing.employment_status == "02"
    assert sap.policies == (
        Policy(
            kind="A02", proposed_on=date(2018, 1, 1), starts_on=date(2018, 1, 2), ends_on=date(2018, 6, 30),
            duration="180", duration_unit="G", project="01", promoter="H501C000523", identifier="08008B3B94B",
            profiling="0,5", event="02", event_on=date(2018, 1, 2),
        ),
    )  # fmt: skip


@given(documents)
def test_what_is_written_is_canonically_what_was_read(content: bytes) -> None:
    document = read_sap(content)
    assert canonical(document.to_bytes()) == canonical(content)
    assert read_sap(document.to_bytes()).sap == document.sap


def test_comments_and_instructions_around_the_root_stay() -> None:
    written = read_sap(GOOD_BYTES).to_bytes()
    assert b"<!-- as it was sent -->" in written
    assert b"<?after all?>" in written
    assert canonical(written) == canonical(GOOD_BYTES)


@pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1252", "utf-8"])
def test_another_charset_says_the_same(charset: str) -> None:
    content = GOOD.replace("UTF-8", charset).replace("Rossi", "Àlvarez").encode(charset)
    assert read_sap(content).sap.person.family_name == "Àlvarez"
    assert canonical(read_sap(content).to_bytes()) == canonical(content)


def test_a_policy_that_is_changed_changes_nothing_else() -> None:
    content = GOOD.replace("<durata>", "<nuovo attr='1'>ignoto</nuovo><!-- x --><durata>")
    document = read_sap(content.encode())
    [policy] = document.sap.policies
    changed = document.with_policy(replace(policy, event="10", event_on=policy.ends_on), 0)
    expected = content.replace("<evento>02", "<evento>10").replace(
        "<data_evento>2018-01-02", "<data_evento>2018-06-30"
    )
    assert canonical(changed.to_bytes()) == canonical(expected.encode())
    assert document.sap.policies == (policy,), "the document that was changed is as it was"


def test_a_policy_is_added_in_the_published_order() -> None:
    document = read_sap(GOOD_BYTES)
    [policy] = document.sap.policies
    both = document.with_policy(policy)
    assert both.sap.policies == (policy, policy)
    assert both.problems == ()
    bare = POLICY
    for empty in ("titolo_denominazione", "descrizione", "identificativo_presa_in_carico"):
        bare = bare.replace(f"<{empty}/>", "")
    assert canonical(both.to_bytes()) == canonical(GOOD.replace(POLICY, POLICY + bare).encode())


def test_an_element_that_was_not_there_is_put_in_its_place() -> None:
    document = read_sap(GOOD.replace("<titolo_denominazione/>", "").encode())
    [policy] = document.sap.policies
    titled = document.with_policy(replace(policy, title="Tirocinio"), 0)
    expected = GOOD.replace(
        "<titolo_denominazione/>", "<titolo_denominazione>Tirocinio</titolo_denominazione>"
    )
    assert canonical(titled.to_bytes()) == canonical(expected.encode())


def test_a_section_is_changed_and_made() -> None:
    document = read_sap(b"<lavoratore><altro>1</altro></lavoratore>")
    made = document.with_section(Contacts(email="a@b.it"))
    assert made.sap.contacts == Contacts(email="a@b.it")
    emptied = made.with_section(Contacts())
    assert emptied.sap.contacts == Contacts()
    assert canonical(emptied.to_bytes()) == (
        b"<lavoratore><altro>1</altro><datianagrafici><recapiti><email></email></recapiti></datianagrafici></lavoratore>"
    )


@given(documents, st.data())
def test_a_document_at_random_takes_any_policy(content: bytes, data: st.DataObject) -> None:
    text = st.none() | st.from_regex(r"[A-Za-z0-9]{1,12}", fullmatch=True)
    policy = Policy(
        kind=data.draw(text), title=data.draw(text), proposed_on=data.draw(st.none() | st.dates()),
        event=data.draw(text), event_on=data.draw(st.none() | st.dates()), intake=data.draw(text),
    )  # fmt: skip
    before = read_sap(content)
    after = before.with_policy(policy)
    assert after.sap.policies == (*before.sap.policies, policy)
    for place, was in enumerate(before.sap.policies):
        again = after.with_policy(policy, place).sap.policies
        assert again[place] == policy
        assert (*again[:place], was, *again[place + 1 :]) == after.sap.policies


@pytest.mark.parametrize("root", ["<Lavoratore/>", "<x:lavoratore xmlns:x='urn:x'/>", "<UniLav/>"])
def test_another_document_is_refused(root: str) -> None:
    with pytest.raises(NotASap):
        read_sap(root.encode())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<lavoratore>",
        b"<!DOCTYPE l [<!ENTITY a 'b'>]><lavoratore>&a;</lavoratore>",
        b"<lavoratore>" + b"<a>" * 100 + b"</a>" * 100 + b"</lavoratore>",
        b"<lavoratore>" + b" " * 1_000_000 + b"</lavoratore>",
        "<lavoratore>à</lavoratore>".encode("latin-1"),
    ],
)
def test_what_is_no_xml_or_could_hurt_is_refused(content: bytes) -> None:
    with pytest.raises(XmlRefused):
        read_sap(content)


@pytest.mark.parametrize(
    ("said", "twice", "path"),
    [
        ("<nome>Maria</nome>", "<nome>Maria</nome>", "datianagrafici/datipersonali/nome"),
        ("<domicilio/>", "<domicilio/>", "datianagrafici/domicilio"),
        ("<esperienzelavoro_lst/>", "<datiinvio/>", "datiinvio"),
        (
            "<evento>02</evento>",
            "<evento>10</evento>",
            "politiche_attive_lst/politiche_attive[1]/ultimo_evento/evento",
        ),
        ("</ultimo_evento>", "<ultimo_evento/>", "politiche_attive_lst/politiche_attive[1]/ultimo_evento"),
    ],
)
def test_an_element_that_stands_there_twice_is_a_problem(said: str, twice: str, path: str) -> None:
    problems = read_sap(GOOD.replace(said, said + twice).encode()).problems
    assert [(one.path, one.rule) for one in problems] == [(f"/lavoratore/{path}", SapRule.TWICE)]
