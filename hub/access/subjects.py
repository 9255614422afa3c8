# SPDX-License-Identifier: EUPL-1.2
"""Whom a row is about: the person, or the household where it is no one person's.

    beneficiary                                      the person
    household                                        the household
    pact                                             its person; an inclusion pact's, the household
    event, delivery, activity, convocation, place in a PUC     its person
    benefit, goal of a pact, proposal                whom the row it is reached from is about
    record in quarantine                             nobody the hub could name: that somebody looked is written down all the same

A household reached from one of its people says nothing new: the person stands for it (docs/adr/0023).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, FromClause, func, select

from hub.access.rows import GUARDED, OF_AGENCIES, PUBLIC
from hub.store.base import table_of
from hub.store.tables import ConditionalityEvent

Subject: TypeAlias = Callable[[FromClause], ColumnElement[Any]]


WHOLE_FEED = "feed"
"""Where entries come from whose places are written down in place of their people (`access_log.positions`)."""

REPORT = "report"
"""Where lines of the log come from that are told to whoever they are about, or of one person: that person is marked once."""


def _itself(row: FromClause) -> ColumnElement[Any]:
    return row.c["id"]


def _its_person(row: FromClause) -> ColumnElement[Any]:
    return row.c["beneficiary_id"]


def _its_events_person(row: FromClause) -> ColumnElement[Any]:
    event = table_of(ConditionalityEvent).alias()
    return select(event.c.beneficiary_id).where(event.c.id == row.c["event_id"]).scalar_subquery()


def _its_person_or_household(row: FromClause) -> ColumnElement[Any]:
    return func.coalesce(row.c["beneficiary_id"], row.c["household_id"])


SUBJECTS: Mapping[str, Subject] = {
    "beneficiary": _itself,
    "household": _itself,
    "pact": _its_person_or_household,
    "conditionality_event": _its_person,
    "feed_entry": _its_person,
    "event_outcome": _its_events_person,
    "event_evidence": _its_events_person,
    "activity": _its_person,
    "convocation": _its_person,
    "puc_assignment": _its_person,
    "delivery": _its_person,
}
"""By table, where a row stands for itself. A row of `feed_entry` carries its event's columns (`hub.plan.feed`)."""

STEPS: frozenset[tuple[str, str]] = frozenset(
    {
        ("beneficiary", "household"),
        ("beneficiary", "pact"),
        ("beneficiary", "conditionality_event"),
        ("beneficiary", "activity"),
        ("beneficiary", "convocation"),
        ("beneficiary", "puc_assignment"),
        ("conditionality_event", "beneficiary"),
        ("activity", "beneficiary"),
        ("convocation", "beneficiary"),
        ("puc_assignment", "beneficiary"),
        ("pact", "beneficiary"),
        ("pact", "household"),
        ("pact", "pact_goal"),
        ("household", "benefit"),
        (WHOLE_FEED, "feed_entry"),
        (REPORT, "access_log"),
        ("feed_entry", "conditionality_event"),
        ("feed_entry", "feed_proposal"),
        ("conditionality_event", "event_outcome"),
        ("event_outcome", "conditionality_event"),
        ("conditionality_event", "event_evidence"),
        ("conditionality_event", "delivery"),
        ("delivery", "conditionality_event"),
        ("delivery", "delivery_attempt"),
        ("activity", "delivery"),
        ("conditionality_event", "conditionality_event"),  # a withdrawal is of the same person
    }
)
"""(from, to): steps that stay with the same person. A pact that an event or an activity names may be another member's."""


def is_personal(table: str) -> bool:
    """Whether rows of a table are about people; those of the guarded ones are about who may see what."""
    return table not in PUBLIC | GUARDED


def subject_of(row: FromClause, table: str, reached_from: str | None = None) -> ColumnElement[Any] | None:
    """The key of whom `row`, of `table`, is about, where the row it was reached from has not said so; None if it has.

    Raises KeyError for a table about people without a rule: none can be shown and nobody named.
    """
    if not is_personal(table) or table in OF_AGENCIES:
        return None
    return None if (reached_from, table) in STEPS else SUBJECTS[table](row)
