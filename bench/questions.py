# SPDX-License-Identifier: EUPL-1.2
"""The questions that are measured, as a front end sends them: one document each, different variables every time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

Variables: TypeAlias = Mapping[str, Any]

RATIO = 1.6
"""Server CPU per request of the hub, at most so many times the bare app's."""


@dataclass(frozen=True)
class Question:
    """A document, whose voucher asks it, and what it is asked with in turn."""

    name: str
    title: str
    consumer: str
    document: str
    asked: Sequence[Variables]
    ratio: float = RATIO

    def bodies(self) -> list[bytes]:
        """The request bodies, in turn."""
        return [orjson.dumps({"query": self.document, "variables": variables}) for variables in self.asked]


PERSON = """query Person($fiscalCode: FiscalCode!) {
  beneficiary(fiscalCode: $fiscalCode) { id fiscalCode givenName familyName birthDate obligation }
}"""

PAGE = """query PersonPage($fiscalCode: FiscalCode!, $events: Int!) {
  beneficiary(fiscalCode: $fiscalCode) {
    id fiscalCode givenName familyName birthDate sex employmentStatus obligation
    municipality { istatCode name province }
    employmentCentre { code name }
    household {
      id inpsProtocol measure
      benefit { status startsOn endsOn monthlyAmount }
      members { id fiscalCode givenName familyName birthDate obligation }
    }
    pacts { id kind status signedOn goals { ordinal description status dueOn } }
    conditionalityEvents(first: $events) { nodes { id type occurredAt note source { code name } } }
    pucAssignments { status weeklyHours startsOn endsOn project { id title field municipality { name } } }
  }
}"""

PEOPLE = """query People($first: Int!, $after: String, $events: Int!) {
  beneficiaries(first: $first, after: $after) {
    nodes {
      id fiscalCode givenName familyName birthDate obligation employmentStatus
      pacts { id kind status signedOn }
      conditionalityEvents(first: $events) { nodes { id type occurredAt } }
    }
    pageInfo { hasNextPage endCursor }
  }
}"""

FEED = """query Feed($after: String, $first: Int!) {
  conditionalityFeed(after: $after, first: $first) {
    entries { position fiscalCode inpsProtocol event { id type occurredAt recordedAt note source { code } } }
    endCursor hasMore
  }
}"""


def questions(codes: Sequence[str], cursors: Sequence[str], positions: Sequence[str]) -> list[Question]:
    """The questions over these people, pages of the centre's list, and places in the feed."""
    return [
        Question(
            "one_person", "one person, 6 fields", "centre", PERSON, [{"fiscalCode": code} for code in codes]
        ),
        Question(
            "person_page",
            "a person's page",
            "centre",
            PAGE,
            [{"fiscalCode": code, "events": 10} for code in codes],
        ),
        Question(
            "list_50",
            "list of 50, nested lists",
            "centre",
            PEOPLE,
            [{"first": 50, "after": cursor, "events": 3} for cursor in cursors],
        ),
        Question(
            "feed_500",
            "feed page of 500",
            "inps",
            FEED,
            [{"after": position, "first": 500} for position in positions],
        ),
    ]
