# SPDX-License-Identifier: EUPL-1.2
"""The questions that are measured, as a front end sends them: one document each, different variables every time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

Variables: TypeAlias = Mapping[str, Any]

FRESH = "@" * 32
"""Stands in a body for what must be new in every request: the load generator writes so many other characters over it."""
MOMENT = "2026-11-20T09:30:00.000000"
"""Stands in a body for the moment of another fact in every request: one fact is recorded once."""


@dataclass(frozen=True)
class Aims:
    """What the hub should reach at 32 connections.

    `cpu`: server CPU per request, at most so many times the bare app's. `rate`: requests/s, at least so many times the bare
    app's; None where it is only told. `peers`: requests/s, at least so many times each peer's.
    """

    cpu: float
    peers: float
    rate: float | None = None


@dataclass(frozen=True)
class Question:
    """A document, whose voucher asks it, and what it is asked with in turn."""

    name: str
    title: str
    consumer: str
    document: str
    asked: Sequence[Variables]
    aims: Aims
    writes: bool = False

    def bodies(self) -> list[bytes]:
        """The request bodies, in turn."""
        return [body(self.document, variables) for variables in self.asked]


def body(document: str, variables: Variables) -> bytes:
    """A request's body."""
    return orjson.dumps({"query": document, "variables": variables})


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

RECORD = """mutation Record($input: RecordConditionalityEventInput!) {
  recordConditionalityEvent(input: $input) {
    event { id type occurredAt recordedAt note }
    userErrors { code message path }
  }
}"""

LIST, PAGE_SIZE = "list_50", 50
FEED_PAGE, FEED_SIZE = "feed_1000", 1_000


def questions(codes: Sequence[str], cursors: Sequence[str], positions: Sequence[str]) -> list[Question]:
    """The questions over these people, pages of the centre's list, and places in the feed; the one that writes is last."""
    return [
        Question(
            "one_person",
            "one person, 6 fields",
            "centre",
            PERSON,
            [{"fiscalCode": code} for code in codes],
            Aims(cpu=1.5, rate=1.2, peers=1.0),
        ),
        Question(
            "person_page",
            "a person's page",
            "centre",
            PAGE,
            [{"fiscalCode": code, "events": 10} for code in codes],
            Aims(cpu=1.25, rate=1.2, peers=2.0),
        ),
        Question(
            LIST,
            "list of 50, nested lists",
            "centre",
            PEOPLE,
            [{"first": PAGE_SIZE, "after": cursor, "events": 3} for cursor in cursors],
            Aims(cpu=1.25, peers=2.0),
        ),
        Question(
            FEED_PAGE,
            "feed page of 1,000",
            "inps",
            FEED,
            [{"after": position, "first": FEED_SIZE} for position in positions],
            Aims(cpu=1.25, peers=2.0),
        ),
        Question(
            "insert_event",
            "record one event",
            "centre",
            RECORD,
            [
                {
                    "input": {
                        "idempotencyKey": FRESH,
                        "fiscalCode": code,
                        "type": "CONVOCATION_ATTENDED",
                        "occurredAt": MOMENT + "+00:00",
                        "note": "Came as convened.",
                    }
                }
                for code in codes
            ],
            Aims(cpu=1.25, peers=1.0),
            writes=True,
        ),
    ]
