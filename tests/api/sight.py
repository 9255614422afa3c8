# SPDX-License-Identifier: EUPL-1.2
"""The reference's rules: who sees which rows, computed from the tables, in the words of docs/explanation and not in the hub's code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from tests.api.oracle import Oracle

Row = dict[str, Any]
NEVER = datetime.max.replace(tzinfo=UTC)
"""When nothing is to come."""


ACTIVITY = {
    "ORIENTATION": "OrientationActivity",
    "TRAINING": "TrainingActivity",
    "PLACEMENT": "PlacementActivity",
    "JOB_SEARCH": "JobSearchActivity",
    "SCHOOLING": "SchoolingActivity",
    "SOCIAL_SUPPORT": "SocialSupportActivity",
}
"""The type of an activity of each kind."""


@dataclass(frozen=True)
class Sight:
    """How far a caller sees: the kind of its territory, and the codes of its areas; SELF: a citizen, by fiscal code."""

    kind: str
    areas: tuple[str, ...] = ()
    unseen: frozenset[str] = frozenset()
    """Types of activities of which the caller sees none."""
    agency: str = ""
    """The code of the caller's agency: it matters what it recorded itself, and what it sent."""
    administers: bool = False


class Reader:
    """The rows, as one caller sees them."""

    def __init__(self, oracle: Oracle, sight: Sight) -> None:
        self.oracle = oracle
        self.rows = oracle.rows
        self.by_id = oracle.by_id
        self.sight = sight
        mine = [one for one in self.rows["beneficiary"] if one["fiscal_code"] in sight.areas]
        self.myself: Row | None = mine[0] if sight.kind == "SELF" and mine else None

    # ── who sees what: hub/access/rows.py, in its own words ───────────────────────────────────────────

    def territory_holds(self, row: Row) -> bool:
        place = self.by_id["municipality"][row["municipality_id"]]
        match self.sight.kind:
            case "NATIONAL":
                return True
            case "CENTRE":  # a centre's territory holds people; households have no centre
                key = row.get("employment_centre_id")
                return key is not None and self.by_id["employment_centre"][key]["code"] in self.sight.areas
            case "AGGREGATE" | "OWN":
                return False
            case "MUNICIPALITY":
                return place["belfiore_code"] in self.sight.areas
            case _:
                return place["region_code"] in self.sight.areas

    def sees(self, table: str, row: Row) -> bool:
        if table == "quarantined_record":
            return self.is_told_of(row)
        return self.citizen_sees(table, row) if self.sight.kind == "SELF" else self.agency_sees(table, row)

    def is_told_of(self, record: Row) -> bool:
        """Of what could not land: who runs the hub of everything, an agency of what it sent, but where that would tell it of somebody."""
        if self.sight.kind == "SELF":
            return False
        sent_by = self.by_id["agency"][record["agency_id"]]["code"]
        return self.sight.administers or (record["is_told"] and sent_by == self.sight.agency)

    def citizen_sees(self, table: str, row: Row) -> bool:
        """Itself and its household; of what was recorded about the people in it, its own."""
        me = self.myself
        match table:
            case "beneficiary":
                return me is not None and row["household_id"] == me["household_id"]
            case "household":
                return me is not None and row["id"] == me["household_id"]
            case "pact" if row["beneficiary_id"] is None:
                return me is not None and row["household_id"] == me["household_id"]
            case "pact" | "conditionality_event" | "delivery" | "activity" | "convocation" | "puc_assignment":
                return me is not None and row["beneficiary_id"] == me["id"]
            case "feed_entry" | "event_outcome" | "event_evidence":
                return self.sees("conditionality_event", self.by_id["conditionality_event"][row["event_id"]])
            case _:
                return True

    def read(self, table: str, row: Row) -> Row:
        """A row it sees, without what a citizen is not told of the others in its household."""
        if self.sight.kind != "SELF" or table != "beneficiary" or row is self.myself:
            return row
        return {**row, "$next": NEVER, "employment_centre_id": None}

    def agency_sees(self, table: str, row: Row) -> bool:
        match table:
            case "activity" if ACTIVITY[row["kind"]] in self.sight.unseen:
                return False
            case "job_offer" | "training_course" if self.sight.kind == "OWN":
                source = self.by_id["agency"][row["source_agency_id"]]["code"]
                return source in self.sight.areas
            case "puc_project" if self.sight.kind == "OWN":
                return False
            case "beneficiary":
                return self.territory_holds(row)
            case "household":
                return self.territory_holds(row) or any(
                    self.territory_holds(person)
                    for person in self.rows["beneficiary"]
                    if person["household_id"] == row["id"]
                )
            case "pact" if row["beneficiary_id"] is None:
                return self.sees("household", self.by_id["household"][row["household_id"]])
            case "conditionality_event" | "delivery" if (
                row["beneficiary_id"] is None
            ):  # what was erased, and what says so
                return self.sight.kind == "NATIONAL"
            case "pact" | "conditionality_event" | "delivery" | "activity" | "convocation" | "puc_assignment":
                return self.sees("beneficiary", self.by_id["beneficiary"][row["beneficiary_id"]])
            case "feed_entry" | "event_outcome" | "event_evidence":
                event = self.by_id["conditionality_event"][row["event_id"]]
                if table == "event_outcome" and self.recorded(event):
                    return True
                # An erasure is in each feed that the erased entry was in; which feeds those are, `tests.api.oracle` says.
                erasure = table == "feed_entry" and event["erases_position"] is not None
                reads_a_feed = self.sight.kind in ("MUNICIPALITY", "REGION")
                return (erasure and reads_a_feed) or self.sees("conditionality_event", event)
            case _:
                return True

    def recorded(self, event: Row) -> bool:
        """Whether the caller's agency recorded an event: then it is told what came of it, by the event's own key."""
        if self.sight.kind not in ("CENTRE", "MUNICIPALITY", "REGION"):
            return False
        recorder: str = self.by_id["agency"][event["agency_id"]]["code"]
        return recorder == self.sight.agency

    def counting(self) -> Reader:
        """The rows this caller may count: who sees nobody counts the whole country."""
        if self.sight.kind != "AGGREGATE":
            return self
        return Reader(self.oracle, replace(self.sight, kind="NATIONAL"))

    # ── rows ──────────────────────────────────────────────────────────────────────────────────────────

    def one(self, table: str, key: UUID | None) -> Row | None:
        row = None if key is None else self.by_id[table].get(key)
        return self.read(table, row) if row is not None and self.sees(table, row) else None

    def named(self, table: str, key: UUID) -> Row | None:
        """A row that is asked for by its own key."""
        row = self.by_id[table].get(key)
        if row is not None and table == "conditionality_event" and self.recorded(row):
            return row
        return self.one(table, key)

    def where(self, table: str, **equal: Any) -> list[Row]:
        seen = (self.read(table, row) for row in self.rows[table] if self.sees(table, row))
        return [row for row in seen if all(row[name] == value for name, value in equal.items())]

    def newest(self, table: str, column: str, **equal: Any) -> list[Row]:
        return sorted(self.where(table, **equal), key=lambda row: (row[column], row["id"]), reverse=True)


Field = Callable[[Reader, Row, dict[str, Any]], Any]
"""How a field is answered, of a row and its arguments."""
