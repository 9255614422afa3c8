# SPDX-License-Identifier: EUPL-1.2
"""What a SAP says of pact and policies, in the hub's words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import orjson
import pytest
from hypothesis import given

from connectors.cooperation import (
    NoActivity,
    PolicyRecord,
    SapActivity,
    facts_of,
    policies_of,
    read_policy,
)
from connectors.cooperation.codes import ACTIVITIES, STATUSES
from connectors.cooperation.envelopes import ROME
from connectors.cooperation.messages import read_document, request
from connectors.records.delivery import Refusal
from connectors.regional import RegionalPact
from connectors.sap import POLICY_EVENTS, SapDocument, SapRule, read_sap
from hub.ledger.wire_codes import Unmapped, read_wire_codes
from hub.store.vocabulary import ActivityKind, ActivityStatus, GoalStatus, PactKind, PactStatus
from tests.unit.connectors.sap_documents import GOOD, canonical, documents

SAP = read_sap(GOOD.encode())
(PACT,) = SAP.sap.policies
COURSE = replace(
    PACT, kind="C06", title="Corso di saldatura", proposed_on=date(2018, 2, 1), starts_on=date(2018, 3, 1),
    ends_on=date(2018, 5, 1), event="10", event_on=date(2018, 5, 1), identifier="08008B3B95C",
)  # fmt: skip


KINDS = {**ACTIVITIES, "C06": ActivityKind.PLACEMENT}


def with_pact(**changed: object) -> SapDocument:
    return SAP.with_policy(replace(PACT, **changed), 0)  # type: ignore[arg-type]


def with_course(**changed: object) -> SapDocument:
    return SAP.with_policy(replace(COURSE, **changed))  # type: ignore[arg-type]


def read(document: SapDocument) -> list[PolicyRecord | Refusal]:
    """Every policy, as it is read now, and the same when it was kept."""
    told = policies_of(document)
    kept = [read_policy(orjson.loads(orjson.dumps(one)), KINDS) for one in told]
    assert kept == [read_policy(one, KINDS) for one in told]
    return [one.content for one in kept]


def pact(document: SapDocument) -> RegionalPact:
    found = read(document)[0]
    assert isinstance(found, RegionalPact)
    return found


def activity(document: SapDocument) -> SapActivity:
    found = read(document)[1]
    assert isinstance(found, SapActivity)
    return found


def test_a_policy_proposed_after_a_pact_is_its_goal_and_its_activity() -> None:
    earlier = replace(COURSE, title="Prima", proposed_on=date(2017, 12, 5), identifier="08008B3B96D")
    found = read(SAP.with_policy(COURSE).with_policy(earlier))
    one = found[0]
    assert isinstance(one, RegionalPact)
    assert (one.external_id, one.kind, one.status) == ("08008B3B94B", PactKind.SERVICE, PactStatus.ACTIVE)
    assert (one.proposed_on, one.signed_on, one.ends_on) == (
        date(2018, 1, 1),
        date(2018, 1, 2),
        date(2018, 6, 30),
    )
    assert (one.fiscal_code, one.inps_protocol) == ("RSSMRA80A01H501U", None)
    assert [(goal.description, goal.status, goal.due_on) for goal in one.goals] == [
        ("Corso di saldatura", GoalStatus.ACHIEVED, date(2018, 5, 1))
    ]
    assert (one.changed_at.astimezone(ROME).date(), one.changed_at.utcoffset() is not None) == (
        date(2018, 7, 1),
        True,
    )
    course, before = found[1:]
    assert isinstance(course, SapActivity)
    assert (course.external_id, course.kind, course.status, course.title) == (
        "08008B3B95C", ActivityKind.PLACEMENT, ActivityStatus.COMPLETED, "Corso di saldatura",
    )  # fmt: skip
    assert (course.starts_on, course.ends_on, course.pact) == (
        date(2018, 3, 1),
        date(2018, 5, 1),
        "08008B3B94B",
    )
    assert (course.fiscal_code, course.changed_at) == (one.fiscal_code, one.changed_at)
    assert isinstance(before, SapActivity)
    assert before.pact is None
    assert "RSSMRA" not in repr(course)


@pytest.mark.parametrize(
    ("event", "on", "status", "signed"),
    [
        ("01", date(2018, 1, 1), PactStatus.PROPOSED, None),
        ("03", date(2018, 1, 1), PactStatus.REFUSED, None),
        ("04", date(2018, 1, 1), PactStatus.REFUSED, None),
        ("06", date(2018, 1, 1), PactStatus.REFUSED, None),
        ("02", date(2018, 1, 2), PactStatus.ACTIVE, date(2018, 1, 2)),
        ("09", date(2018, 6, 30), PactStatus.SUSPENDED, date(2018, 1, 2)),
        ("10", date(2018, 6, 30), PactStatus.COMPLETED, date(2018, 1, 2)),
        ("12", date(2018, 6, 30), PactStatus.TERMINATED, date(2018, 1, 2)),
    ],
)
def test_the_last_event_says_where_the_pact_stands(
    event: str, on: date, status: PactStatus, signed: date | None
) -> None:
    found = pact(with_pact(event=event, event_on=on))
    assert (found.status, found.signed_on) == (status, signed)


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ("01", ActivityStatus.PROPOSED),
        ("02", ActivityStatus.STARTED),
        ("03", ActivityStatus.REFUSED),
        ("04", ActivityStatus.REFUSED),
        ("05", ActivityStatus.ABANDONED),
        ("06", ActivityStatus.CANCELLED),
        ("07", ActivityStatus.CANCELLED),
        ("08", ActivityStatus.CANCELLED),
        ("09", ActivityStatus.SUSPENDED),
        ("10", ActivityStatus.COMPLETED),
        ("11", ActivityStatus.COMPLETED),
        ("12", ActivityStatus.CANCELLED),
        ("13", ActivityStatus.CANCELLED),
        ("14", ActivityStatus.CANCELLED),
        ("15", ActivityStatus.CANCELLED),
    ],
)
def test_the_last_event_says_where_an_activity_stands(event: str, status: ActivityStatus) -> None:
    day = {"proposta": COURSE.proposed_on, "inizio": COURSE.starts_on}
    on = {"01": day["proposta"], "02": day["inizio"]}.get(event, COURSE.ends_on)
    assert activity(with_course(event=event, event_on=on)).status is status
    assert set(STATUSES.words) == set(POLICY_EVENTS)


def test_every_pact_is_one_and_policies_are_of_the_last_before_them() -> None:
    second = replace(PACT, identifier="08008B3B97E", proposed_on=date(2018, 4, 1), starts_on=date(2018, 4, 2),
                     event_on=date(2018, 4, 2))  # fmt: skip
    later = replace(COURSE, identifier="08008B3B98F", proposed_on=date(2018, 4, 1))
    found = read(SAP.with_policy(COURSE).with_policy(second).with_policy(later))
    assert [getattr(one, "pact", None) for one in found] == [None, "08008B3B94B", None, "08008B3B97E"]
    assert [len(one.goals) for one in found if isinstance(one, RegionalPact)] == [1, 1]


def test_a_type_that_is_no_activity_lands_nowhere_and_one_that_is_not_established_is_refused() -> None:
    did, unknown = read(
        SAP.with_policy(replace(COURSE, kind="N00")).with_policy(replace(COURSE, kind="B04"))
    )[1:]
    assert did == NoActivity()
    assert isinstance(unknown, Refusal)
    assert unknown.field == "tipo_attivita"
    assert "not established" in unknown.reason
    assert "[activities]" in unknown.reason


def test_a_policy_that_breaks_a_rule_is_refused_by_itself() -> None:
    wrong, good = read(with_course().with_policy(replace(PACT, event_on=date(2018, 1, 3)), 0))
    assert wrong == Refusal("ultimo_evento/data_evento", str(SapRule.EVENT_DAY))
    assert isinstance(good, SapActivity)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"event": "16"}, "ultimo_evento/evento"),
        ({"title": None}, "titolo_denominazione"),
        ({"identifier": None}, "identificativo_politica"),
        ({"ends_on": date(2018, 2, 2), "event_on": date(2018, 2, 2)}, "data_fine"),
        ({"proposed_on": date(2015, 1, 1), "starts_on": None}, "data"),
    ],
)
def test_what_an_activity_lacks_is_named(changed: dict[str, object], field: str) -> None:
    refused = read(with_course(**changed))[1]
    assert isinstance(refused, Refusal)
    assert refused.field == field


def test_a_policy_from_before_identifiers_is_passed_over() -> None:
    old = with_pact(
        proposed_on=date(2016, 1, 1), starts_on=date(2016, 1, 2), ends_on=date(2016, 6, 1), identifier=None,
        event=None, event_on=None,
    )  # fmt: skip
    assert policies_of(old) == ()
    assert read(with_pact(proposed_on=date(2016, 1, 1), event=None, event_on=None)) == [
        Refusal("ultimo_evento.evento", "The field is missing.")
    ]


def test_of_the_rest_of_a_working_life_nothing_is_told() -> None:
    (told,) = policies_of(SAP)
    assert "Marsala" not in str(told)
    assert "Rossi" not in str(told)
    assert [*told] == [
        "identificativo_politica", "codicefiscale", "dataultimoagg", "tipo_attivita", "titolo_denominazione", "data_proposta",
        "data", "data_fine", "evento", "data_evento", "patto", "obiettivi", "problemi",
    ]  # fmt: skip


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
