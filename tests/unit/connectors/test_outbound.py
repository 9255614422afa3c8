# SPDX-License-Identifier: EUPL-1.2
"""Waits, receipts, and a simulated region that takes nothing that is not of its form."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.outbound.fact import Fact, Receipt
from connectors.outbound.retries import Retries
from connectors.regional.facts import read_receipt, write_fact
from connectors.simulators.region_told import ToldEvents
from connectors.simulators.signed_service import NotConform
from hub.store.vocabulary import ConditionalityEventType, Measure

KEY, EVENT, OTHER = (UUID(int=(7 << 76) | (2 << 62) | number) for number in (1, 2, 3))
FACT = Fact(
    KEY, 7, EVENT, ConditionalityEventType.EVENT_WITHDRAWN, datetime(2026, 9, 1, 9, tzinfo=UTC),
    datetime(2026, 9, 1, 10, tzinfo=UTC), "cpi-h501c900031", "12345678903", "INPS-1", Measure.ADI, "4711", OTHER,
)  # fmt: skip


@given(
    first=st.floats(0.1, 100),
    factor=st.floats(1, 1000),
    failures=st.integers(1, 10_000),
    random=st.floats(0, 1, exclude_max=True),
)
def test_a_wait_is_between_half_of_its_bound_and_all_of_it(
    first: float, factor: float, failures: int, random: float
) -> None:
    retries = Retries(first, first * factor)
    bound = min(first * factor, first * 2 ** min(failures - 1, 30))
    assert bound / 2 <= retries.wait(failures, random) <= bound


def test_fifty_attempts_take_what_is_said_of_them() -> None:
    retries = Retries()
    least, most = (
        sum(retries.wait(failures, random) for failures in range(1, retries.most)) / 3600
        for random in (0.0, 1.0)
    )
    assert (round(least), round((least + most) / 2), round(most)) == (20, 30, 40)


@pytest.mark.parametrize("terms", [{"first": 0}, {"first": 5, "longest": 4}, {"most": 0}])
def test_terms_that_contradict_each_other_are_refused(terms: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="first"):
        Retries(**terms)


@pytest.mark.parametrize(
    ("answer", "receipt"),
    [
        ({"esito": "ACCETTATO"}, Receipt(accepted=True)),
        ({"esito": "GIA_RICEVUTO", "codice": "OK-1"}, Receipt(accepted=True, code="OK-1")),
        ({"esito": "RIFIUTATO", "codice": "E_01.2"}, Receipt(accepted=False, code="E_01.2")),
        ({"esito": "RIFIUTATO", "codice": "Mario Rossi, via Roma"}, Receipt(accepted=False)),
        ({"esito": "RIFIUTATO", "codice": "X" * 61}, Receipt(accepted=False)),
        ({"esito": "RIFIUTATO", "codice": 7}, Receipt(accepted=False)),
        ({"esito": "BOH"}, None),
        ({"esito": None}, None),
        ({"esito": ["ACCETTATO"]}, None),
        ({"esito": {"esito": "ACCETTATO"}}, None),
        ({"esito": "ACCETTATO", "idComunicazione": str(OTHER)}, None),
        ({"idComunicazione": str(KEY)}, None),
    ],
)
def test_a_receipt_is_of_what_was_sent(answer: dict[str, Any], receipt: Receipt | None) -> None:
    assert read_receipt({"idComunicazione": str(KEY), **answer}, FACT) == receipt


def test_the_region_takes_each_key_once() -> None:
    told = ToldEvents()
    for outcome in ("ACCETTATO", "GIA_RICEVUTO", "GIA_RICEVUTO"):
        assert read_receipt(told.take(write_fact(FACT)), FACT) == Receipt(accepted=True)
        assert told.take(write_fact(FACT))["esito"] == "GIA_RICEVUTO", outcome
    assert told.taken == [write_fact(FACT)]
    reused = told.take(write_fact(replace(FACT, position=8)))
    assert (reused["esito"], reused["codice"]) == ("RIFIUTATO", "CHIAVE_RIUSATA")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("idComunicazione", "x"), ("idComunicazione", KEY.hex), ("progressivo", 0), ("progressivo", True),
        ("progressivo", "7"), ("idEvento", None), ("tipoEvento", "NOTHING"), ("codiceFiscale", "12345678900"),
        ("codiceFiscale", None), ("codProtocolloInps", ""), ("misura", "X"), ("dataEvento", "2026-09-01"),
        ("dataEvento", "ieri"), ("dataRegistrazione", 1), ("enteRilevatore", "CPI Roma"), ("idPatto", 1),
        ("idEventoAnnullato", ""), ("altro", 1),
    ],
)  # fmt: skip
def test_the_region_refuses_what_is_not_of_its_form(name: str, value: object) -> None:
    told = ToldEvents()
    with pytest.raises(NotConform):
        told.take({**write_fact(FACT), name: value})
    with pytest.raises(NotConform):
        told.take({key: one for key, one in write_fact(FACT).items() if key != "misura"})
    assert (told.taken, told.heard) == ([], [])
