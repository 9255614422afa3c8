# SPDX-License-Identifier: EUPL-1.2
"""Mercurius: the hub's documents, but for who asks, which is an argument."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bench.dialect import Ask, Dialect
from bench.peers.world import Facts
from bench.questions import LIST, PAGE_SIZE, Question, Variables, body

WORDS = (
    ("FiscalCode!", "String!"),
    ("members {", "members(centre: $centre) {"),
    ("beneficiaries(first", "beneficiaries(centre: $centre, first"),
    ("$events: Int!)", "$events: Int!, $centre: ID!)"),
)


@dataclass
class MercuriusDialect(Dialect):
    """The schema written by hand for these questions; the caller's centre is an argument."""

    def __init__(self, facts: Facts) -> None:
        super().__init__()
        self._facts = facts

    def document(self, question: Question) -> str:
        """Its document for the question."""
        text = question.document
        for ours, theirs in WORDS:
            text = text.replace(ours, theirs)
        return text

    def variables(self, question: Question, variables: Variables) -> Variables:
        """With its own cursor, and with who asks."""
        found = dict(variables)
        if question.writes:
            return {"input": {**found["input"], "agencyId": self._facts.agency}}
        if question.name == LIST and found["after"] is not None:
            found["after"] = self.cursors.get((LIST, found["after"]))
        if "events" in found:
            found["centre"] = self._facts.centre
        return found

    def learn(self, asked: list[Question], ask: Ask) -> None:
        """Its cursors for the ends of the same pages."""
        for question in asked:
            if question.name == LIST:
                after: Any = None
                for variables in question.asked:
                    page = {"first": PAGE_SIZE, "after": after, "events": 0, "centre": self._facts.centre}
                    after = ask(body(self.document(question), page))["beneficiaries"]["pageInfo"]["endCursor"]
                    self.cursors[LIST, variables["after"]] = after
