# SPDX-License-Identifier: EUPL-1.2
"""One household of INPS's list: read right, or refused with the field that is wrong and without its value."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.inps import PROVISIONAL_CODES, AdmittedHousehold
from connectors.inps.admitted import read_household
from connectors.records.delivery import Refusal
from hub.store.vocabulary import BenefitStatus, EmploymentStatus, Measure, Obligation, Sex

Record = dict[str, Any]
MOTHER, CHILD = "RSSMRA80A41H501Y", "BNCLCU15H01H501S"


def good() -> Record:
    shared = {
        "cod_stato": "EROGATO",
        "cod_fiscale_richiedente": MOTHER,
        "cod_protocollo_inps": "INPS-ADI-2026-1",
        "cod_comune_residenza": "H501",
        "des_comune_residenza": "ROMA",
        "cod_cap_residenza": "00185",
        "des_indirizzo_residenza": "VIA DANTE 3",
        "dtt_domanda": "2025-12-10",
        "dtt_rendicontazione": "2026-03-02T05:00:00+01:00",
    }
    return {
        "cod_protocollo_inps": "INPS-ADI-2026-1",
        "tipo_domanda": "ADI",
        "beneficio": {"importo_mensile": "680.50", "dtt_inizio": "2026-01-01", "dtt_fine": "2027-06-30"},
        "beneficiari": [
            {
                **shared,
                "cod_fiscale": MOTHER,
                "cod_ruolo_beneficiario": "PL",
                "cod_sesso": "F",
                "des_cognome": "Rossi",
                "des_nome": "Maria",
                "dtt_nascita": "1980-01-01",
                "codstatooccupazionale": "02",
                "cod_cpi": "H501C900031",
            },
            {
                **shared,
                "cod_fiscale": CHILD,
                "cod_ruolo_beneficiario": "ESC",
                "des_cognome": "Bianchi",
                "des_nome": "Luca",
                "dtt_nascita": "2015-06-01",
            },
        ],
    }


def read(record: object) -> AdmittedHousehold | Refusal:
    return read_household(record, PROVISIONAL_CODES).content


def test_a_household_is_read_whole() -> None:
    delivered = read_household(good(), PROVISIONAL_CODES)
    household = delivered.content
    assert isinstance(household, AdmittedHousehold)
    assert delivered.key == household.inps_protocol == "INPS-ADI-2026-1"
    assert delivered.version == household.reported_at == datetime(2026, 3, 2, 4, tzinfo=UTC)
    assert (household.measure, household.status) == (Measure.ADI, BenefitStatus.ACTIVE)
    assert (household.monthly_amount, household.starts_on) == (Decimal("680.50"), date(2026, 1, 1))
    assert household.ends_on == date(2027, 6, 30)
    assert household.belfiore_code == "H501"
    mother, child = household.members
    assert (mother.obligation, mother.employment_status) == (Obligation.OBLIGED, EmploymentStatus.UNEMPLOYED)
    assert (mother.sex, mother.centre_code) == (Sex.F, "H501C900031")
    assert (child.obligation, child.employment_status) == (Obligation.EXCLUDED, EmploymentStatus.OTHER)
    assert (child.sex, child.centre_code) == (Sex.M, None)  # by the code's day of birth


def test_every_table_whose_values_no_source_gives_says_so() -> None:
    codes = PROVISIONAL_CODES
    assert all(table.unverified for table in (codes.status, codes.role, codes.measure, codes.payment))
    assert not codes.employment.unverified


def setting(path: str, value: Any) -> Callable[[Record], None]:
    """Put a value at `a.b` or `beneficiari.1.b`; `...` removes what is there."""

    def change(record: Record) -> None:
        *way, last = path.split(".")
        place: Any = record
        for step in way:
            place = place[int(step)] if isinstance(place, list) else place[step]
        if value is ...:
            del place[last]
        else:
            place[int(last) if isinstance(place, list) else last] = value

    return change


WRONG: list[tuple[str, Any, str, str]] = [
    # where, what, the field named, a word of the reason
    ("cod_protocollo_inps", ..., "cod_protocollo_inps", "missing"),
    ("cod_protocollo_inps", "a b", "cod_protocollo_inps", "visible"),
    ("cod_protocollo_inps", "x" * 41, "cod_protocollo_inps", "40"),
    ("tipo_domanda", "XYZ", "tipo_domanda", "table"),
    ("beneficio", ..., "beneficio", "missing"),
    ("beneficio", [], "beneficio", "object"),
    ("beneficio.importo_mensile", ..., "beneficio.importo_mensile", "missing"),
    ("beneficio.importo_mensile", "-0.01", "beneficio.importo_mensile", "negative"),
    ("beneficio.importo_mensile", -3, "beneficio.importo_mensile", "negative"),
    ("beneficio.importo_mensile", "680,50", "beneficio.importo_mensile", "amount"),
    ("beneficio.importo_mensile", "680.505", "beneficio.importo_mensile", "decimals"),
    ("beneficio.importo_mensile", "1e3", "beneficio.importo_mensile", "amount"),
    ("beneficio.importo_mensile", "100000000", "beneficio.importo_mensile", "range"),
    ("beneficio.importo_mensile", True, "beneficio.importo_mensile", "amount"),
    ("beneficio.importo_mensile", float("nan"), "beneficio.importo_mensile", "amount"),
    ("beneficio.dtt_inizio", "2026-02-30", "beneficio.dtt_inizio", "date"),
    ("beneficio.dtt_inizio", "01/02/2026", "beneficio.dtt_inizio", "date"),
    ("beneficio.dtt_inizio", "0001-01-01", "beneficio.dtt_inizio", "range"),
    ("beneficio.dtt_fine", "2025-12-31", "beneficio.dtt_fine", "before"),
    ("beneficiari", ..., "beneficiari", "members"),
    ("beneficiari", [], "beneficiari", "members"),
    ("beneficiari", {}, "beneficiari", "list"),
    ("beneficiari.1", "Luca", "beneficiari", "list"),
    ("beneficiari.1.cod_fiscale", CHILD[:15] + "A", "beneficiari[1].cod_fiscale", "check letter"),
    ("beneficiari.1.cod_fiscale", "BNCLCU", "beneficiari[1].cod_fiscale", "16 characters"),
    ("beneficiari.1.cod_fiscale", "12345678901", "beneficiari[1].cod_fiscale", "digit"),
    ("beneficiari.1.cod_fiscale", MOTHER, "beneficiari", "twice"),
    ("beneficiari.1.cod_fiscale", None, "beneficiari[1].cod_fiscale", "missing"),
    ("beneficiari.0.cod_fiscale_richiedente", CHILD, "beneficiari[1].cod_fiscale_richiedente", "differs"),
    ("beneficiari.1.cod_protocollo_inps", "OTHER", "beneficiari[1].cod_protocollo_inps", "differs"),
    ("beneficiari.1.cod_stato", "SOSPESO", "beneficiari[1].cod_stato", "differs"),
    ("beneficiari.0.cod_stato", "99", "beneficiari[0].cod_stato", "table"),
    ("beneficiari.1.dtt_rendicontazione", "2026-03-03", "beneficiari[1].dtt_rendicontazione", "differs"),
    ("beneficiari.1.dtt_rendicontazione", "ieri", "beneficiari[1].dtt_rendicontazione", "date"),
    ("beneficiari.1.cod_ruolo_beneficiario", "?", "beneficiari[1].cod_ruolo_beneficiario", "table"),
    ("beneficiari.1.des_nome", "  ", "beneficiari[1].des_nome", "missing"),
    ("beneficiari.1.des_nome", 7, "beneficiari[1].des_nome", "text"),
    ("beneficiari.1.des_nome", "a\x00", "beneficiari[1].des_nome", "control"),
    ("beneficiari.1.des_cognome", "x" * 1001, "beneficiari[1].des_cognome", "longer"),
    ("beneficiari.1.cod_sesso", "X", "beneficiari[1].cod_sesso", "F nor M"),
    ("beneficiari.1.cod_comune_residenza", "058091", "beneficiari[1].cod_comune_residenza", "Belfiore"),
    ("beneficiari.1.cod_cpi", "H501", "beneficiari[1].cod_cpi", "centre"),
    ("beneficiari.1.dtt_nascita", "2026-03-03", "beneficiari[1].dtt_nascita", "after the report"),
    ("beneficiari.1.codstatooccupazionale", "06", "beneficiari[1].codstatooccupazionale", "table"),
]


@pytest.mark.parametrize(("where", "what", "field", "word"), WRONG)
def test_what_is_wrong_is_named_by_its_field_and_not_by_its_value(
    where: str, what: Any, field: str, word: str
) -> None:
    record = good()
    setting(where, what)(record)
    refusal = read(record)
    assert isinstance(refusal, Refusal)
    assert refusal.field == field
    assert word in refusal.reason
    if isinstance(what, str) and len(what.strip()) > 4:
        assert what.strip() not in refusal.reason


@pytest.mark.parametrize(
    ("where", "what"),
    [
        ("beneficio.dtt_fine", None),
        ("beneficio.importo_mensile", 680.5),
        ("beneficio.importo_mensile", 0),
        ("beneficiari.1.cod_fiscale", "12345678903"),
        ("beneficiari.1.cod_fiscale", f" {CHILD.lower()}  "),
    ],
)
def test_what_may_be_so_is_taken(where: str, what: Any) -> None:
    record = good()
    setting(where, what)(record)
    setting("beneficiari.1.cod_sesso", "M")(record)
    household = read(record)
    assert isinstance(household, AdmittedHousehold)
    assert household.members[1].fiscal_code == (household.members[1].fiscal_code.strip().upper())


def test_the_sex_of_an_eleven_digit_code_must_be_told() -> None:
    record = good()
    setting("beneficiari.1.cod_fiscale", "12345678903")(record)
    refusal = read(record)
    assert isinstance(refusal, Refusal)
    assert refusal.field == "beneficiari[1].cod_sesso"


def test_the_sex_is_read_through_omocodia() -> None:
    from hub.store.fiscal_code import omocodia

    record = good()
    for entry in record["beneficiari"]:
        entry["cod_fiscale"], entry["cod_fiscale_richiedente"] = (
            omocodia(entry["cod_fiscale"], 7),
            omocodia(MOTHER, 7),
        )
    del record["beneficiari"][0]["cod_sesso"]
    household = read(record)
    assert isinstance(household, AdmittedHousehold)
    assert [member.sex for member in household.members] == [Sex.F, Sex.M]


def test_a_bare_day_and_a_time_without_offset_are_romes() -> None:
    record = good()
    for entry in record["beneficiari"]:
        entry["dtt_rendicontazione"] = "2026-07-01"
    assert read_household(record, PROVISIONAL_CODES).version == datetime(2026, 6, 30, 22, tzinfo=UTC)
    for entry in record["beneficiari"]:
        entry["dtt_rendicontazione"] = "2026-01-01T00:30:00"
    assert read_household(record, PROVISIONAL_CODES).version == datetime(2025, 12, 31, 23, 30, tzinfo=UTC)


def test_a_record_that_cannot_be_read_still_tells_its_version_where_it_can() -> None:
    record = good()
    setting("beneficiari.0.cod_fiscale", "NONE")(record)
    delivered = read_household(record, PROVISIONAL_CODES)
    assert isinstance(delivered.content, Refusal)
    assert delivered.version == datetime(2026, 3, 2, 4, tzinfo=UTC)
    assert delivered.payload == record


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
PATHS = [path for path, _, _, _ in WRONG if path.count(".") != 1 or not path.startswith("beneficiari")]


@given(path=st.sampled_from(PATHS), value=JSON)
def test_nothing_an_agency_sends_in_a_field_raises(path: str, value: Any) -> None:
    record = copy.deepcopy(good())
    setting(path, value)(record)
    delivered = read_household(record, PROVISIONAL_CODES)
    assert isinstance(delivered.content, AdmittedHousehold | Refusal)
    assert "\x00" not in str(delivered.payload)


def test_a_record_nested_without_end_is_kept_as_far_as_it_can_be() -> None:
    deep: Any = "end"
    for _ in range(900):
        deep = [deep]
    delivered = read_household({**good(), "altro": deep}, PROVISIONAL_CODES)
    assert isinstance(delivered.content, AdmittedHousehold)
    assert str(delivered.payload["altro"]).count("[") < 40


@given(value=JSON)
def test_nothing_an_agency_sends_as_a_record_raises(value: Any) -> None:
    delivered = read_household(value, PROVISIONAL_CODES)
    assert isinstance(delivered.content, Refusal)
    assert 0 < len(delivered.key) <= 100
