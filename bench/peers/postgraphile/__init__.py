# SPDX-License-Identifier: EUPL-1.2
"""PostGraphile 5: its documents for the questions, and its answers in the hub's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from bench.dialect import Ask, Dialect
from bench.peers.world import Facts
from bench.questions import FEED_PAGE, LIST, PAGE_SIZE, Question, Variables, body

PERSON = """query Person($fiscalCode: String!) {
  beneficiary: beneficiaryByFiscalCode(fiscalCode: $fiscalCode) {
    id: rowId fiscalCode givenName familyName birthDate obligation
  }
}"""

PAGE = """query PersonPage($fiscalCode: String!, $events: Int!, $centre: UUID!) {
  beneficiary: beneficiaryByFiscalCode(fiscalCode: $fiscalCode) {
    id: rowId fiscalCode givenName familyName birthDate sex employmentStatus obligation
    municipality: municipalityByMunicipalityIdAndRegionCode { istatCode name province }
    employmentCentre { code name }
    household {
      id: rowId inpsProtocol measure
      benefit: benefitByBenefitIdAndRowId {
        status period { start { value } end { value inclusive } } monthlyAmount
      }
      members: beneficiaries(
        condition: { employmentCentreId: $centre } orderBy: [BIRTH_DATE_ASC, PRIMARY_KEY_ASC]
      ) { nodes { id: rowId fiscalCode givenName familyName birthDate obligation } }
    }
    pacts(orderBy: [CREATED_ON_DESC, PRIMARY_KEY_DESC]) {
      nodes {
        id: rowId kind status signedOn
        goals: pactGoals(orderBy: [ORDINAL_ASC]) { nodes { ordinal description status dueOn } }
      }
    }
    conditionalityEvents(first: $events, orderBy: [OCCURRED_AT_DESC, PRIMARY_KEY_DESC]) {
      nodes { id: rowId type occurredAt note source: agency { code name } }
    }
    pucAssignments(orderBy: [STARTS_ON_DESC, PRIMARY_KEY_DESC]) {
      nodes {
        status weeklyHours startsOn endsOn
        project: pucProject { id: rowId title field municipality { name } }
      }
    }
  }
}"""

PEOPLE = """query People($first: Int!, $after: Cursor, $events: Int!, $centre: UUID!) {
  beneficiaries(
    condition: { employmentCentreId: $centre } first: $first after: $after
    orderBy: [FAMILY_NAME_KEY_ASC, GIVEN_NAME_KEY_ASC, PRIMARY_KEY_ASC]
  ) {
    nodes {
      id: rowId fiscalCode givenName familyName birthDate obligation employmentStatus
      pacts(orderBy: [CREATED_ON_DESC, PRIMARY_KEY_DESC]) { nodes { id: rowId kind status signedOn } }
      conditionalityEvents(first: $events, orderBy: [OCCURRED_AT_DESC, PRIMARY_KEY_DESC]) {
        nodes { id: rowId type occurredAt }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}"""

FEED = """query Feed($after: Cursor, $first: Int!) {
  feed: feedEntries(first: $first, after: $after, orderBy: [POSITION_ASC]) {
    nodes {
      position
      event {
        id: rowId type occurredAt recordedAt note fiscalCode inpsProtocol source: agency { code }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}"""

RECORD = """mutation Record($input: RecordConditionalityEventInput!) {
  recordConditionalityEvent(input: $input) { event: result { id: rowId type occurredAt recordedAt note } }
}"""

DOCUMENTS = {
    "one_person": PERSON,
    "person_page": PAGE,
    "list_50": PEOPLE,
    "feed_1000": FEED,
    "insert_event": RECORD,
}
LISTS = frozenset({"members", "pacts", "goals", "pucAssignments"})
"""Connections where the hub has lists."""

CURSOR_AT = """query At($offset: Int!) {
  feed: feedEntries(first: 1, offset: $offset, orderBy: [POSITION_ASC]) { pageInfo { endCursor } }
}"""


@dataclass
class PostGraphileDialect(Dialect):
    """The schema it makes of the tables; the caller's centre is a condition of the document's."""

    def __init__(self, facts: Facts) -> None:
        super().__init__()
        self._facts = facts

    def document(self, question: Question) -> str:
        """Its document for the question."""
        return DOCUMENTS[question.name]

    def variables(self, question: Question, variables: Variables) -> Variables:
        """With its own cursor, and with who asks."""
        found = dict(variables)
        if question.writes:
            return {"input": {**found["input"], "agencyId": self._facts.agency}}
        if found.get("after") is not None:
            found["after"] = self.cursors.get((question.name, found["after"]))
        if question.name in ("person_page", LIST):
            found["centre"] = self._facts.centre
        return found

    def read(self, question: Question, data: Any) -> Any:
        """In the hub's words."""
        if question.writes:
            return {"recordConditionalityEvent": {**data["recordConditionalityEvent"], "userErrors": []}}
        if "feed" not in data:
            return _read(data)
        feed = data["feed"]
        entries = [_entry(node) for node in feed["nodes"]]
        return {"conditionalityFeed": {"entries": entries, "hasMore": feed["pageInfo"]["hasNextPage"]}}

    def learn(self, asked: list[Question], ask: Ask) -> None:
        """Its cursors for the same places."""
        for question in asked:
            if question.name == LIST:
                after = None
                for variables in question.asked:
                    page = {"first": PAGE_SIZE, "after": after, "events": 0, "centre": self._facts.centre}
                    after = ask(body(PEOPLE, page))["beneficiaries"]["pageInfo"]["endCursor"]
                    self.cursors[question.name, variables["after"]] = after
            elif question.name == FEED_PAGE:
                for variables in question.asked:
                    if (position := int(variables["after"])) > 0:
                        found = ask(body(CURSOR_AT, {"offset": position - 1}))
                        self.cursors[question.name, variables["after"]] = found["feed"]["pageInfo"][
                            "endCursor"
                        ]


def _read(value: Any) -> Any:
    if isinstance(value, list):
        return [_read(one) for one in value]
    if not isinstance(value, Mapping):
        return value
    found = {
        name: _read(one["nodes"] if name in LISTS and one is not None else one) for name, one in value.items()
    }
    if "period" in found:
        found |= _days(found.pop("period"))
    return found


def _days(period: Mapping[str, Any]) -> dict[str, str | None]:
    """The first and last day of a range."""
    end = period["end"]
    last = None if end is None else date.fromisoformat(end["value"])
    if last is not None and not end["inclusive"]:
        last -= timedelta(days=1)
    return {"startsOn": period["start"]["value"], "endsOn": None if last is None else last.isoformat()}


def _entry(node: Mapping[str, Any]) -> dict[str, Any]:
    event = dict(node["event"])
    return {
        "position": node["position"],
        "fiscalCode": event.pop("fiscalCode"),
        "inpsProtocol": event.pop("inpsProtocol"),
        "event": event,
    }
