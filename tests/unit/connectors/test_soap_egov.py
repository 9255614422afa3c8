# SPDX-License-Identifier: EUPL-1.2
"""The e-Gov header: written, read, and what it must have."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sap.regions import SENDERS
from connectors.soap import (
    EGovHeader,
    InvalidEGovHeader,
    element,
    message_identifier,
    read_egov,
    read_envelope,
    write_egov,
    write_envelope,
)
from connectors.soap.egov import GATEWAY, HIGHEST_NUMBER, NAMESPACE
from connectors.soap.envelope import ENVELOPE

SAID = st.from_regex(r"[!-~]([ -~]{0,30}[!-~])?", fullmatch=True)
HEADERS = st.builds(
    EGovHeader, sender=st.sampled_from(sorted(SENDERS.values())), recipient=st.just("Nazionale"), service=SAID, action=SAID,
    identifier=SAID, registered_at=SAID, refers_to=st.none() | SAID,
)  # fmt: skip


def sent(header: EGovHeader) -> bytes:
    payload = element(write_egov(header), "any")  # some element, of whatever namespace
    return write_envelope(payload, [write_egov(header)])


@given(HEADERS)
def test_what_is_written_is_read(header: EGovHeader) -> None:
    assert read_egov(read_envelope(sent(header)).headers) == header


def test_it_is_for_the_gateway_and_must_be_understood_there() -> None:
    header = EGovHeader("UMBRIA", "Nazionale", "Servizi SAP", "InvioSAP", "id", "2026-03-01T10:00:00")
    [block] = read_envelope(sent(header)).headers
    assert block.get(f"{{{ENVELOPE}}}actor") == GATEWAY
    assert block.get(f"{{{ENVELOPE}}}mustUnderstand") == "1"
    assert block.findtext(f".//{{{NAMESPACE}}}ProfiloCollaborazione") == "EGOV_IT_ServizioSincrono"
    assert block.find(f".//{{{NAMESPACE}}}OraRegistrazione").get("tempo") == "EGOV_IT_Locale"  # type: ignore[union-attr]


def test_a_message_without_it_has_none() -> None:
    assert read_egov(()) is None


@pytest.mark.parametrize(
    "part", ["Mittente", "Destinatario", "Servizio", "Azione", "Identificatore", "OraRegistrazione"]
)
def test_a_part_that_is_missing_is_named(part: str) -> None:
    block = write_egov(
        EGovHeader("UMBRIA", "Nazionale", "Servizi SAP", "InvioSAP", "id", "2026-03-01T10:00:00")
    )
    found = block.find(f".//{{{NAMESPACE}}}{part}")
    assert found is not None
    found.getparent().remove(found)  # type: ignore[union-attr]
    with pytest.raises(InvalidEGovHeader, match=part):
        read_egov((block,))


def test_a_message_is_called_by_its_sender_and_minute() -> None:
    at = datetime(2026, 3, 1, 9, 5)  # noqa: DTZ001 (the gateway's own clock)
    assert (
        message_identifier("UMBRIA", "UmbriaSPCoopIT", 42, at)
        == "UMBRIA_UmbriaSPCoopIT_0000042_2026-03-01_09:05"
    )
    with pytest.raises(ValueError, match="seven digits"):
        message_identifier("UMBRIA", "UmbriaSPCoopIT", HIGHEST_NUMBER + 1, at)
