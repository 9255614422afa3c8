# SPDX-License-Identifier: EUPL-1.2
"""INPS's ISEE, read: what the documents say, and that whatever is not as the contract has it is refused without its value."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from connectors.isee import attestation, indicator
from connectors.isee.attestation import read_attestation
from connectors.isee.indicator import read_indicator
from connectors.isee.outcomes import document, found, tells_failure
from connectors.isee.questions import (
    ATTESTATION as ASK_ATTESTATION,
)
from connectors.isee.questions import (
    INDICATOR as ASK_INDICATOR,
)
from connectors.isee.questions import (
    SERVICE,
    Office,
    ask_attestation,
    ask_indicator,
    ask_standing,
    first_askable,
)
from connectors.isee.questions import (
    STANDING as ASK_STANDING,
)
from connectors.isee.records import Attestation, IndicatorKind, Irregularity, IrregularityKind, MinorIsee
from connectors.isee.threshold import read_standing
from connectors.isee.values import NotAsAgreed, amount
from connectors.soap import Operation
from hub.errors import UpstreamRefused
from tests.unit.connectors.isee_documents import (
    ASKED,
    ATTESTATION,
    CHILD,
    INDICATOR,
    OTHER,
    STANDING,
    VALUES,
    answer,
    carried,
)

DAY = date(2026, 3, 1)


def attested(text: str = ATTESTATION, charset: str = "iso-8859-1") -> Attestation | None:
    result = found(
        answer("ConsultazioneAttestazione", carried("XmlEsitoAttestazione", text, charset)),
        ASK_ATTESTATION,
        "INPS",
    )
    assert result is not None
    return read_attestation(document(result, "XmlEsitoAttestazione", attestation.ROOT), ASKED)


def test_an_attestation_is_read() -> None:
    read = attested()
    assert read is not None
    assert (read.protocol, read.presented_on) == ("INPS-ISEE-2026-00000025W-00", date(2026, 1, 24))
    assert (read.valid_until, read.released_on) == (date(2026, 12, 31), date(2026, 2, 3))
    assert (read.is_current, read.current_until) == (True, date(2026, 7, 24))
    assert read.members == (ASKED, CHILD, OTHER)
    assert read.ordinary is not None
    assert (read.ordinary.isee, read.ordinary.ise) == (Decimal("5882.60"), Decimal("12000.50"))
    assert (read.ordinary.scale, read.ordinary.isr, read.ordinary.isp) == (
        Decimal("2.04"),
        Decimal("11000.50"),
        Decimal("5000.00"),
    )
    assert read.minors == (MinorIsee(CHILD, Decimal("5882.60")), MinorIsee(OTHER, Decimal("7000.00")))
    assert read.irregularities == (
        Irregularity(IrregularityKind.MOVABLE_ASSETS_BELOW_THRESHOLD, ASKED, date(2026, 2, 1)),
        Irregularity(IrregularityKind.INCOME_DEVIATION, OTHER, date(2026, 2, 2)),
    )
    assert "5882" not in repr(read)
    assert ASKED not in repr(read)


def test_a_reduced_household_alone_has_no_ordinary_indicator() -> None:
    start, end = ATTESTATION.index("<Ordinario"), ATTESTATION.index("</Ordinario>") + len("</Ordinario>")
    read = attested(ATTESTATION[:start] + ATTESTATION[end:])
    assert read is not None
    assert (read.ordinary, read.released_on, read.members, read.minors) == (None, None, (), ())
    assert len(read.irregularities) == 2


def test_a_document_without_an_attestation_has_none() -> None:
    start, end = ATTESTATION.index("<Attestazione "), ATTESTATION.index("</Attestazione>") + 15
    assert attested(ATTESTATION[:start] + ATTESTATION[end:]) is None


def test_a_minor_whose_indicator_cannot_be_worked_out() -> None:
    read = attested(ATTESTATION.replace('ISEE="5882.60"><ISEEOrd/>', "><ISEENonCalcolabile/>"))
    assert read is not None
    assert read.minors[0] == MinorIsee(CHILD, None)


def without(part: str) -> Callable[[str], str]:
    return lambda text: text.replace(part, "", 1)


def instead(was: str, now: str) -> Callable[[str], str]:
    return lambda text: text.replace(was, now, 1)


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (
            instead(f'RicercaCF CodiceFiscale="{ASKED}"', f'RicercaCF CodiceFiscale="{OTHER}"'),
            "somebody else",
        ),
        (without(f'<RicercaCF CodiceFiscale="{ASKED}" DataValidita="2026-03-01"/>'), "RicercaCF"),
        (without('NumeroProtocolloDSU="INPS-ISEE-2026-00000025W-00"'), "lacks NumeroProtocolloDSU"),
        (instead("INPS-ISEE-2026-00000025W-00", "INPS-ISEE-2026-25W-00"), "NumeroProtocolloDSU"),
        (instead('DataPresentazione="2026-01-24"', 'DataPresentazione="24/01/2026"'), "DataPresentazione"),
        (instead('DataPresentazione="2026-01-24"', 'DataPresentazione="2026-02-30"'), "DataPresentazione"),
        (instead('DataValidita="2026-12-31"', ""), "DataValidita"),
        (instead('ISEE="5882.60" ISR', 'ISEE="5882,60" ISR'), "ISEE of Valori"),
        (instead('ISEE="5882.60" ISR', 'ISEE="5882.601" ISR'), "ISEE of Valori"),
        (instead('ISEE="5882.60" ISR', 'ISEE="NaN" ISR'), "ISEE of Valori"),
        (instead('ISEE="5882.60" ISR', 'ISEE="1e9" ISR'), "ISEE of Valori"),
        (without(VALUES), "Valori"),
        (instead(VALUES, VALUES + VALUES), "Valori stands there twice"),
        (instead('Corrente="SI"', 'Corrente="NO"'), "Corrente"),
        (instead("<ISEEOrd/>", ""), "ComponenteMinorenne"),
        (instead("<ISEEOrd/>", "<ISEEOrd/><ISEENonCalcolabile/>"), "ComponenteMinorenne"),
        (instead("<ISEEOrd/>", "<ISEEAltro/>"), "ComponenteMinorenne"),
        (instead('ISEE="5882.60"><ISEEOrd/>', 'ISEE="1.00"><ISEEOrd/>'), "ComponenteMinorenne"),
        (instead("PatrimoniMobiliariSottoSoglia", "Altro"), "TipoOmissioneDifformita"),
        (instead(CHILD.lower(), "?"), "ComponenteNucleo"),
        (instead("EsitoAttestazione xmlns", "EsitoIndicatore xmlns"), "cannot be read"),
        (lambda text: text.replace("EsitoAttestazione", "Altro"), "no EsitoAttestazione"),
        (lambda text: text[:-40], "cannot be read"),
        (instead("<EsitoAttestazione", '<!DOCTYPE a [<!ENTITY b "c">]><EsitoAttestazione'), "XML_DOCTYPE"),
    ],
)
def test_what_is_not_as_agreed_is_named_and_not_told(spoil: Callable[[str], str], named: str) -> None:
    spoilt = spoil(ATTESTATION)
    assert spoilt != ATTESTATION
    with pytest.raises(NotAsAgreed) as refused:
        attested(spoilt)
    assert named in str(refused.value)
    for value in (ASKED, OTHER, CHILD, "5882", "24/01"):
        assert value not in str(refused.value)


def test_a_document_in_another_charset_than_it_says_is_refused() -> None:
    with pytest.raises(NotAsAgreed, match="XML_CHARSET"):
        attested(ATTESTATION.replace("ISO-8859-1", "UTF-8"), "iso-8859-1")


def test_an_indicator_is_read_and_no_other_passes_for_it() -> None:
    def read(text: str, kind: IndicatorKind = IndicatorKind.ORDINARY) -> Any:
        told = answer("ConsultazioneIndicatore", carried("XmlEsitoIndicatore", text))
        result = found(told, ASK_INDICATOR, "INPS")
        assert result is not None
        return read_indicator(document(result, "XmlEsitoIndicatore", indicator.ROOT), kind, ASKED)

    one = read(INDICATOR)
    assert (one.kind, one.values.isee, one.values.isp) == (IndicatorKind.ORDINARY, Decimal("5882.60"), 5000)
    assert one.presented_on == date(2026, 1, 24)
    for spoilt, kind in (
        (INDICATOR, IndicatorKind.MINOR),
        (INDICATOR.replace(ASKED, OTHER), IndicatorKind.ORDINARY),
        (INDICATOR.replace("Ordinario", "Straordinario"), IndicatorKind.ORDINARY),
        (INDICATOR.replace(' ISR="11000.50"', ""), IndicatorKind.ORDINARY),
    ):
        with pytest.raises(NotAsAgreed):
            read(spoilt, kind)


def test_a_standing_is_read() -> None:
    result = found(answer("ConsultazioneSogliaIndicatore", STANDING), ASK_STANDING, "INPS")
    assert result is not None
    one = read_standing(result)
    assert (one.kind, one.is_below, one.is_irregular) == ("ISEE Ordinario", True, False)
    assert one.members == ("MXABKP55H18F205I",)
    for spoilt in (
        "",
        STANDING + STANDING,
        STANDING.replace('SottoSoglia="SI"', 'SottoSoglia="FORSE"'),
        STANDING.replace('TipoIndicatore="ISEE Ordinario" ', ""),
        STANDING.replace(' PresenzaDifformita="NO"', ""),
    ):
        result = found(answer("ConsultazioneSogliaIndicatore", spoilt), ASK_STANDING, "INPS")
        assert result is not None
        with pytest.raises(NotAsAgreed):
            read_standing(result)


@pytest.mark.parametrize("operation", [ASK_ATTESTATION, ASK_INDICATOR, ASK_STANDING])
def test_every_outcome_is_what_it_is(operation: Operation) -> None:
    def told(outcome: str) -> Any:
        return answer(operation.name, "<DescrizioneErrore>Rossi Maria</DescrizioneErrore>", outcome)

    assert found(told("DATI_NON_TROVATI"), operation, "INPS") is None
    for outcome in ("RICHIESTA_INVALIDA", "RISCONTRO_NON_VALIDO"):
        with pytest.raises(UpstreamRefused) as refused:
            found(told(outcome), operation, "INPS")
        assert refused.value.extensions["outcome"] == outcome
        assert "Rossi" not in str(refused.value)
    for outcome in ("", "BOH", "ok"):
        with pytest.raises(NotAsAgreed):
            found(told(outcome), operation, "INPS")
    for outcome in ("OK", "DATI_NON_TROVATI", "RICHIESTA_INVALIDA", "BOH"):
        assert not tells_failure(told(outcome), operation)
    for outcome in ("DATABASE_OFFLINE", "ERRORE_INTERNO"):
        assert tells_failure(told(outcome), operation)
    with pytest.raises(NotAsAgreed, match="Result"):
        found(etree.Element(operation.answer), operation, "INPS")


@pytest.mark.parametrize(
    "content", ["", "<XmlEsitoAttestazione/>", "<XmlEsitoAttestazione>a%</XmlEsitoAttestazione>"]
)
def test_an_ok_that_carries_nothing_is_refused(content: str) -> None:
    result = found(answer("ConsultazioneAttestazione", content), ASK_ATTESTATION, "INPS")
    assert result is not None
    with pytest.raises(NotAsAgreed):
        document(result, "XmlEsitoAttestazione", attestation.ROOT)


def test_who_is_asked_by() -> None:
    provisional, changed, early = "12345678903", "RSSMRA80A01H50MZ", "RSSMRAUMA01H501A"
    assert first_askable([early, changed, ASKED]) == changed
    assert first_askable([early]) is None
    assert first_askable([]) is None
    assert first_askable([early, provisional]) == provisional


def test_a_question_has_what_is_asked_and_no_more() -> None:
    request = ask_attestation(ASKED, DAY)[0]
    assert [one.tag.partition("}")[2] for one in request.iter()] == [
        "request",
        "RicercaCF",
        "CodiceFiscale",
        "DataValidita",
    ]
    assert request.findtext(f"{{{SERVICE}}}RicercaCF/{{{SERVICE}}}DataValidita") == "2026-03-01"
    kind = ask_indicator(IndicatorKind.MINOR, ASKED, DAY)[0][0]
    assert kind.text == "Minorenne"
    assert dict(ask_standing("SNOD01", ASKED, DAY, with_members=True)[0].items()) == {
        "CodiceFiscale": ASKED,
        "CodiceSoglia": "SNOD01",
        "FornituraNucleo": "SI",
        "DataValidita": "2026-03-01",
    }
    block = Office("SNODO01", "000001").block()
    assert [one.text for one in block] == ["SNODO01", "000001"]


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**11), max_value=10**11))
def test_every_amount_of_the_contract_is_read_as_it_is(value: Decimal) -> None:
    made = etree.Element("Valori", ISEE=f"{value:f}")
    assert amount(made, "ISEE") == value


@given(st.text(max_size=12))
def test_whatever_else_is_refused_and_nothing_worse(text: str) -> None:
    made = etree.Element("Valori")
    try:
        made.set("ISEE", text)
    except ValueError:  # no XML could hold it
        return
    try:
        read = amount(made, "ISEE")
    except NotAsAgreed:
        return
    assert read.is_finite()
    assert -read.as_tuple().exponent <= 2  # type: ignore[operator]
