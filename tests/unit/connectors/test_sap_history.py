# SPDX-License-Identifier: EUPL-1.2
"""What a SAP says of pact and policies, in the hub's words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given

from connectors.cooperation import facts_of, pact_of
from connectors.cooperation.messages import read_document, request
from connectors.records.delivery import RecordRefused
from connectors.sap import SapDocument, SapRefused, read_sap
from hub.ledger.wire_codes import Unmapped, read_wire_codes
from hub.store.vocabulary import GoalStatus, PactKind, PactStatus
from tests.unit.connectors.sap_documents import GOOD, canonical, documents

SAP = read_sap(GOOD.encode())
(PACT,) = SAP.sap.policies
COURSE = replace(
    PACT, kind="C06", title="Corso di saldatura", proposed_on=date(2018, 2, 1), starts_on=date(2018, 3, 1),
    ends_on=date(2018, 5, 1), event="10", event_on=date(2018, 5, 1), identifier="08008B3B95C",
)  # fmt: skip


def with_pact(**changed: object) -> SapDocument:
    return SAP.with_policy(replace(PACT, **changed), 0)  # type: ignore[arg-type]


def test_the_pact_is_the_latest_and_later_policies_are_its_goals() -> None:
    earlier = replace(COURSE, title="Prima", proposed_on=date(2017, 12, 5))
    pact = pact_of(SAP.with_policy(COURSE).with_policy(earlier))
    assert pact is not None
    assert (pact.external_id, pact.kind, pact.status) == ("08008B3B94B", PactKind.SERVICE, PactStatus.ACTIVE)
    assert (pact.proposed_on, pact.signed_on, pact.ends_on) == (
        date(2018, 1, 1),
        date(2018, 1, 2),
        date(2018, 6, 30),
    )
    assert (pact.fiscal_code, pact.inps_protocol) == ("RSSMRA80A01H501U", None)
    assert [(one.description, one.status, one.due_on) for one in pact.goals] == [
        ("Corso di saldatura", GoalStatus.ACHIEVED, date(2018, 5, 1))
    ]
    assert (pact.changed_at.date(), pact.changed_at.utcoffset() is not None) == (date(2018, 7, 1), True)


@pytest.mark.parametrize(
    ("event", "on", "status", "signed"),
    [
        ("01", date(2018, 1, 1), PactStatus.PROPOSED, None),
        ("03", date(2018, 1, 1), PactStatus.REFUSED, None),
        ("04", date(2018, 1, 1), PactStatus.REFUSED, None),
        ("02", date(2018, 1, 2), PactStatus.ACTIVE, date(2018, 1, 2)),
        ("09", date(2018, 6, 30), PactStatus.SUSPENDED, date(2018, 1, 2)),
        ("10", date(2018, 6, 30), PactStatus.COMPLETED, date(2018, 1, 2)),
        ("12", date(2018, 6, 30), PactStatus.TERMINATED, date(2018, 1, 2)),
    ],
)
def test_the_last_event_says_where_the_pact_stands(
    event: str, on: date, status: PactStatus, signed: date | None
) -> None:
    pact = pact_of(with_pact(event=event, event_on=on))
    assert pact is not None
    assert (pact.status, pact.signed_on) == (status, signed)


def test_a_person_without_a_pact_has_none() -> None:
    assert pact_of(with_pact(kind="C06", title="Corso")) is None


def test_a_document_that_breaks_a_rule_gives_no_pact() -> None:
    with pytest.raises(SapRefused):
        pact_of(with_pact(event="02", event_on=date(2018, 1, 3)))


def test_a_pact_from_before_identifiers_is_refused_by_the_field_it_lacks() -> None:
    old = with_pact(
        proposed_on=date(2016, 1, 1), starts_on=date(2016, 1, 2), ends_on=date(2016, 6, 1), identifier=None,
        event=None, event_on=None,
    )  # fmt: skip
    with pytest.raises(RecordRefused) as refused:
        pact_of(old)
    assert refused.value.refusal.field == "evento"


def test_events_are_told_with_why_they_are_not_recorded() -> None:
    (fact,) = facts_of(SAP, read_wire_codes())
    assert (fact.policy_id, fact.kind, fact.code, fact.on) == ("08008B3B94B", "A02", "02", date(2018, 1, 2))
    assert fact.event is Unmapped.NOT_ESTABLISHED
    assert facts_of(with_pact(event=None, event_on=None), read_wire_codes()) == ()
    assert "08008B3B94B" not in repr(fact)


@given(documents)
def test_every_document_goes_through_a_message_without_loss(content: bytes) -> None:
    """As text in one element, which is then part of another document."""
    before = read_sap(content)
    answer = request("risposta_richiestaSAP", "urn:t", SAP=before.to_bytes().decode())
    after = read_document(answer)
    assert after is not None
    assert canonical(after.to_bytes()) == canonical(content)
