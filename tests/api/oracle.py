# SPDX-License-Identifier: EUPL-1.2
"""The reference: graphql-core's own executor over rows in memory, and the rules of who sees what, written from their words.

Nothing here is shared with the planner: the schema comes from its SDL, the rows from plain SQL.
"""

from __future__ import annotations

import base64
import json
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from math import acos, cos, radians, sin
from typing import Any
from uuid import UUID

import asyncpg
from graphql import GraphQLResolveInfo, build_schema, execute_sync, parse

Row = dict[str, Any]

TABLES = (
    "municipality", "employment_centre", "agency", "household", "benefit", "beneficiary", "activity", "convocation",
    "pact", "pact_goal", "puc_project", "puc_assignment", "job_offer", "training_course", "conditionality_event", "feed_entry",
)  # fmt: skip
PREFIX = {
    "Beneficiary": "ben",
    "Household": "hsh",
    "Pact": "pct",
    "ConditionalityEvent": "evt",
    "JobOffer": "job",
    "TrainingCourse": "crs",
    "PucProject": "puc",
}
TABLE = {
    "Beneficiary": "beneficiary",
    "Household": "household",
    "Pact": "pact",
    "ConditionalityEvent": "conditionality_event",
    "JobOffer": "job_offer",
    "TrainingCourse": "training_course",
    "PucProject": "puc_project",
}
OF_PEOPLE = ("beneficiary", "household", "pact", "conditionality_event", "activity", "puc_assignment")
"""Tables that are listed, and have people in them."""
ACTIVITY = {
    "ORIENTATION": "OrientationActivity",
    "TRAINING": "TrainingActivity",
    "PLACEMENT": "PlacementActivity",
    "JOB_SEARCH": "JobSearchActivity",
    "SCHOOLING": "SchoolingActivity",
    "SOCIAL_SUPPORT": "SocialSupportActivity",
}
"""The type of an activity of each kind."""
LISTED_FROM = {"JobOffer": "published_on", "TrainingCourse": "starts_on", "PucProject": "starts_on"}
"""The kinds of opportunity, and the day each is listed by."""
RANKED = ("fiscal_code",)
"""Text that lists are ordered by: as the database collates it."""
ORDERS = {
    ("beneficiary", "FAMILY_NAME"): ("$family", "$given"),
    ("beneficiary", "NEXT_CONVOCATION"): ("$next",),
    ("pact", "EXPIRES_ON"): ("$last_day",),
    ("job_offer", "EXPIRES_ON"): ("$last_day",),
}
"""What a word of an order compares, where it is not the column of that name."""
NEVER = datetime.max.replace(tzinfo=UTC)
UNACCENTED = str.maketrans(
    {"Þ": "TH", "ð": "d", "ß": "ss", "ø": "o", "Ø": "O", "đ": "d", "ł": "l", "æ": "ae"}
)
APOSTROPHES = str.maketrans("", "", "'’‘ʼ`´′")


def name_key(name: str) -> str:
    """A name as names are compared: without accents, capitals and apostrophes."""
    bare = "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))
    return bare.translate(UNACCENTED).translate(APOSTROPHES).lower()


def kilometres(one: Row, other: Row) -> float:
    """Between two municipalities, by the spherical law of cosines."""
    here, there = (map(radians, (place["latitude"], place["longitude"])) for place in (one, other))
    (a, b), (c, d) = here, there
    return 6371.0088 * acos(max(-1.0, min(1.0, sin(a) * sin(c) + cos(a) * cos(c) * cos(b - d))))


@dataclass(frozen=True)
class Sight:
    """How far a caller sees: the kind of its territory, and the codes of its areas; SELF: a citizen, by fiscal code."""

    kind: str
    areas: tuple[str, ...] = ()
    unseen: frozenset[str] = frozenset()
    """Types of activities of which the caller sees none."""


class Oracle:
    """What the hub should answer, from the rows as they are now."""

    def __init__(self, sdl: str, rows: dict[str, list[Row]]) -> None:
        self.rows = rows
        _add_what_is_compared(rows)
        self.by_id = {
            table: {row["id"]: row for row in found if "id" in row} for table, found in rows.items()
        }
        self._schema = build_schema(sdl)
        for kind in ("Query", *PREFIX, *ACTIVITY.values(), "FeedEntry", "Benefit", "PactGoal", "Convocation", "PucAssignment",
                     "Municipality", "EmploymentCentre", "Agency"):  # fmt: skip
            for name, field in self._schema.type_map[kind].fields.items():  # type: ignore[attr-defined]
                field.resolve = _resolver(kind, name)
        for name in ("Node", "Opportunity"):
            interface: Any = self._schema.type_map[name]
            interface.resolve_type = lambda row, _info, _type: row["$type"]
        activity: Any = self._schema.type_map["Activity"]
        activity.resolve_type = lambda row, _info, _type: ACTIVITY[row["kind"]]

    @classmethod
    async def read(cls, connection: asyncpg.Connection[asyncpg.Record], sdl: str) -> Oracle:
        """Read every table."""
        rows: dict[str, list[Row]] = {}
        for table in TABLES:
            ranks = "".join(f", dense_rank() OVER (ORDER BY {name}) AS {name}_rank" for name in RANKED)
            extra = ranks if table == "beneficiary" else ""
            rows[table] = [dict(row) for row in await connection.fetch(f"SELECT *{extra} FROM {table}")]
        return cls(sdl, rows)

    def answer(
        self, query: str, sight: Sight, variables: dict[str, Any] | None = None, **how: Any
    ) -> dict[str, Any]:
        """The `data` of a query that must not fail; `how`: further arguments of graphql-core's executor."""
        result = execute_sync(
            self._schema,
            parse(query),
            context_value=_Reader(self, sight),
            variable_values=variables or {},
            **how,
        )
        if result.errors:
            raise AssertionError(result.errors)
        assert result.data is not None
        return result.data


def _add_what_is_compared(rows: dict[str, list[Row]]) -> None:
    """Under names with `$`: what orders and filters compare, from the rows it follows from."""
    for person in rows["beneficiary"]:
        person["$family"] = name_key(person["family_name"]).encode()
        person["$given"] = name_key(person["given_name"]).encode()
        person["$next"] = min(
            (
                call["scheduled_at"]
                for call in rows["convocation"]
                if call["beneficiary_id"] == person["id"] and call["outcome"] is None
            ),
            default=NEVER,
        )
    for pact in rows["pact"]:
        end = pact["period"].upper
        pact["$last_day"] = date.max if end is None else end - timedelta(days=1)
    for offer in rows["job_offer"]:
        offer["$last_day"] = offer["expires_on"] or date.max


class _Reader:
    """The rows, as one caller sees them."""

    def __init__(self, oracle: Oracle, sight: Sight) -> None:
        self.oracle = oracle
        self.rows = oracle.rows
        self.by_id = oracle.by_id
        self.sight = sight
        mine = [one for one in self.rows["beneficiary"] if one["fiscal_code"] in sight.areas]
        self.myself = mine[0] if sight.kind == "SELF" and mine else None

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
        return self.citizen_sees(table, row) if self.sight.kind == "SELF" else self.agency_sees(table, row)

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
            case "pact" | "conditionality_event" | "activity" | "convocation" | "puc_assignment":
                return me is not None and row["beneficiary_id"] == me["id"]
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
            case "pact" | "conditionality_event" | "activity" | "convocation" | "puc_assignment":
                return self.sees("beneficiary", self.by_id["beneficiary"][row["beneficiary_id"]])
            case _:
                return True

    def counting(self) -> _Reader:
        """The rows this caller may count: who sees nobody counts the whole country."""
        return (
            _Reader(self.oracle, replace(self.sight, kind="NATIONAL"))
            if self.sight.kind == "AGGREGATE"
            else self
        )

    # ── rows ──────────────────────────────────────────────────────────────────────────────────────────

    def one(self, table: str, key: UUID | None) -> Row | None:
        row = None if key is None else self.by_id[table].get(key)
        return self.read(table, row) if row is not None and self.sees(table, row) else None

    def where(self, table: str, **equal: Any) -> list[Row]:
        seen = (self.read(table, row) for row in self.rows[table] if self.sees(table, row))
        return [row for row in seen if all(row[name] == value for name, value in equal.items())]

    def newest(self, table: str, column: str, **equal: Any) -> list[Row]:
        return sorted(self.where(table, **equal), key=lambda row: (row[column], row["id"]), reverse=True)


Field = Callable[[_Reader, Row, dict[str, Any]], Any]


def _resolver(kind: str, name: str) -> Callable[..., Any]:
    written = FIELDS.get((kind, name))

    def resolve(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        if written is not None:
            return written(info.context, source, arguments)
        if name == "id":
            return f"{PREFIX[kind]}_{source['id'].hex}"
        return written_form(source[_snake(name)])

    return resolve


def written_form(value: Any) -> Any:
    """A value of a row as the API writes it."""
    match value:
        case datetime():
            text = value.astimezone(UTC).isoformat(timespec="microseconds")
            head, zone = text[:-6], text[-6:]
            return head.rstrip("0").rstrip(".") + zone
        case date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case _:
            return value


def _snake(name: str) -> str:
    return "".join("_" + c.lower() if c.isupper() else c for c in name)


def _to(table: str, column: str) -> Field:
    return lambda reader, row, _arguments: reader.one(table, row[column])


def _node(reader: _Reader, _source: Row, arguments: dict[str, Any]) -> Row | None:
    prefix, _, digits = arguments["id"].partition("_")
    for kind, known in PREFIX.items():
        if known == prefix:
            row = reader.one(TABLE[kind], UUID(hex=digits))
            return None if row is None else {**row, "$type": kind}
    return None


def _by_id(table: str) -> Field:
    return lambda reader, _source, arguments: reader.one(table, UUID(hex=arguments["id"][4:]))


def _person(reader: _Reader, _source: Row, arguments: dict[str, Any]) -> Row | None:
    found = reader.where("beneficiary", fiscal_code=arguments["fiscalCode"].strip().upper())
    return found[0] if found else None


# ── lists ─────────────────────────────────────────────────────────────────────────────────────────────


def _place(reader: _Reader, row: Row) -> Row:
    return reader.by_id["municipality"][row["municipality_id"]]


def _meets(reader: _Reader, table: str, row: Row, given: dict[str, Any]) -> bool:
    """Whether a row meets a whole filter; a null member is as absent."""
    return all(value is None or _holds(reader, table, row, name, value) for name, value in given.items())


RELATED = {
    ("beneficiary", "pacts"): ("pact", "beneficiary_id"),
    ("beneficiary", "convocations"): ("convocation", "beneficiary_id"),
    ("beneficiary", "conditionalityEvents"): ("conditionality_event", "beneficiary_id"),
    ("household", "pacts"): ("pact", "household_id"),
}


def _related(reader: _Reader, table: str, row: Row, name: str, asked: dict[str, Any]) -> bool:
    other, column = RELATED[table, name]
    rows = reader.where(other, **{column: row["id"]})
    some, none = asked.get("some"), asked.get("none")
    return (some is None or any(_meets(reader, other, one, some) for one in rows)) and (
        none is None or not any(_meets(reader, other, one, none) for one in rows)
    )


def _holds(reader: _Reader, table: str, row: Row, name: str, value: Any) -> bool:
    """Whether a row meets one condition of a filter."""
    match name:
        case "and":
            return all(_meets(reader, table, row, one) for one in value)
        case "or":
            return any(_meets(reader, table, row, one) for one in value)
        case "not":
            return not _meets(reader, table, row, value)
        case "pacts" | "convocations" | "conditionalityEvents":
            return _related(reader, table, row, name, value)
        case "household":
            return _meets(reader, "household", reader.by_id["household"][row["household_id"]], value)
        case "name":
            given = value.get("given")
            family, first = bytes(row["$family"]), bytes(row["$given"])
            return family.startswith(name_key(value["family"]).encode()) and (
                given is None or first.startswith(name_key(given).encode())
            )
        case "nextConvocation":
            start, end = value.get("from"), value.get("before")
            at: datetime = row["$next"]
            return (
                at < NEVER
                and (start is None or at >= datetime.fromisoformat(start))
                and (end is None or at < datetime.fromisoformat(end))
            )
        case "expiringBefore":
            return bool(row["$last_day"] < date.fromisoformat(value))
        case "outcomes":
            return row["outcome"] in value
        case "scheduledFrom":
            return bool(row["scheduled_at"] >= datetime.fromisoformat(value))
        case "scheduledBefore":
            return bool(row["scheduled_at"] < datetime.fromisoformat(value))
        case "profession":
            code = row["profession_code"]
            return code is not None and (code == value or code.startswith(value + "."))
        case "near":
            centre = [p for p in reader.rows["municipality"] if p["belfiore_code"] == value["municipality"]]
            places = (*centre, _place(reader, row))
            return (
                bool(centre)
                and all(place["latitude"] is not None for place in places)
                and kilometres(places[0], places[1]) <= value["withinKm"]
            )
        case "fiscalCode":
            return bool(row["fiscal_code"] == value.strip().upper())
        case "measure" if "household_id" in row:
            return bool(reader.by_id["household"][row["household_id"]]["measure"] == value)
        case "municipality":
            return bool(_place(reader, row)["belfiore_code"] == value)
        case "regionCode":
            return bool(_place(reader, row)["region_code"] == value)
        case "employmentCentre":
            key = row["employment_centre_id"]
            return key is not None and reader.by_id["employment_centre"][key]["code"] == value
        case "kinds":
            return row["kind"] in value
        case "statuses":
            return row["status"] in value
        case "types":
            return row["type"] in value
        case "occurredFrom":
            return bool(row["occurred_at"] >= datetime.fromisoformat(value))
        case "occurredBefore":
            return bool(row["occurred_at"] < datetime.fromisoformat(value))
        case _:
            return bool(row[_snake(name)] == value)


def _sorted(rows: list[Row], order: Sequence[tuple[str, bool]]) -> list[Row]:
    """By each column in turn, the first mention of a column deciding; then by key, as the last column goes."""
    known: dict[str, bool] = {}
    for column, descending in order:
        known.setdefault(column, descending)
    last = next(reversed(known.values()), False)
    found = sorted(rows, key=lambda row: row["id"], reverse=last)
    for column, descending in reversed(known.items()):
        name = f"{column}_rank" if column in RANKED else column
        found.sort(key=lambda row: row[name], reverse=descending)
    return found


def cursor_id(cursor: str) -> UUID:
    """Which row a cursor of the hub stands for."""
    return UUID(json.loads(base64.b64decode(cursor))[-1])


def _list(table: str, *default: tuple[str, bool], of: str | None = None) -> Field:
    def whole(reader: _Reader, source: Row, arguments: dict[str, Any]) -> list[Row]:
        rows = reader.where(table) if of is None else reader.where(table, **{of: source["id"]})
        return [row for row in rows if _meets(reader, table, row, arguments.get("filter") or {})]

    def resolve(reader: _Reader, source: Row, arguments: dict[str, Any]) -> Row:
        rows = whole(reader, source, arguments)
        asked = arguments.get("orderBy") or []
        words = [word.rpartition("_") for word in asked]
        order = [
            (column, way == "DESC")
            for word, _, way in words
            for column in ORDERS.get((table, word), (word.lower(),))
        ] or default
        page = _page(_sorted(rows, order), arguments)
        if reader.sight.kind == "AGGREGATE" and table in OF_PEOPLE:
            exact = len(whole(reader.counting(), source, arguments))
            page["totalCount"] = 5 * round(exact / 5)
        return page

    return resolve


def _opportunities(reader: _Reader, _source: Row, arguments: dict[str, Any]) -> Row:
    """Latest day first; of one day by kind, then by key, both from the end."""
    rows = [
        {**row, "$type": kind, "$at": row[day]}
        for kind, day in LISTED_FROM.items()
        for row in reader.where(TABLE[kind])
        if _meets(reader, TABLE[kind], row, arguments.get("filter") or {})
    ]
    rows.sort(key=lambda row: (row["$at"], row["$type"], row["id"]), reverse=True)
    return _page(rows, arguments)


def _listed_from(kind: str) -> Field:
    return lambda _reader, row, _arguments: row[LISTED_FROM[kind]].isoformat()


def _by(table: str, column: str, argument: str) -> Field:
    def resolve(reader: _Reader, _source: Row, arguments: dict[str, Any]) -> Row | None:
        return next(iter(reader.where(table, **{column: arguments[argument]})), None)

    return resolve


def _page(whole: list[Row], arguments: dict[str, Any]) -> Row:
    after, before = arguments.get("after"), arguments.get("before")
    first, last = arguments.get("first"), arguments.get("last")
    keys = [row["id"] for row in whole]
    start = 0 if after is None else keys.index(cursor_id(after)) + 1
    end = len(whole) if before is None else keys.index(cursor_id(before))
    within = whole[start:end]
    page = (
        within[max(len(within) - last, 0) :] if last is not None else within[: 50 if first is None else first]
    )
    more = len(page) < len(within)
    backward = last is not None
    return {
        "nodes": page,
        "edges": [{"node": row, "cursor": f"cursor:{row['id']}"} for row in page],
        "totalCount": len(whole),
        "pageInfo": {
            "hasNextPage": before is not None if backward else more,
            "hasPreviousPage": more if backward else after is not None,
            "startCursor": f"cursor:{page[0]['id']}" if page else None,
            "endCursor": f"cursor:{page[-1]['id']}" if page else None,
        },
    }


def _feed(reader: _Reader, _source: Row, arguments: dict[str, Any]) -> Row:
    start = int(arguments.get("after") or 0)
    entries = sorted(
        (row for row in reader.rows["feed_entry"] if row["position"] > start), key=lambda row: row["position"]
    )
    page = entries[: arguments["first"]]
    return {
        "entries": page,
        "endCursor": str(page[-1]["position"] if page else start),
        "hasMore": len(page) < len(entries),
    }


def _of_event(column: str) -> Field:
    return lambda reader, row, _arguments: reader.by_id["conditionality_event"][row["event_id"]][column]


def _position(reader: _Reader, row: Row, _arguments: dict[str, Any]) -> int | None:
    return next((e["position"] for e in reader.rows["feed_entry"] if e["event_id"] == row["id"]), None)


def _finite(name: str) -> Field:
    def resolve(_reader: _Reader, row: Row, _arguments: dict[str, Any]) -> str | None:
        value = row[name]
        return None if value in (NEVER, date.max) else str(written_form(value))

    return resolve


def _last_day(_reader: _Reader, row: Row, _arguments: dict[str, Any]) -> str | None:
    upper = row["period"].upper
    return None if upper is None else (upper - timedelta(days=1)).isoformat()


EVENTS = (("occurred_at", True),)
NAMES = (("$family", False), ("$given", False))

FIELDS: dict[tuple[str, str], Field] = {
    ("Query", "node"): _node,
    ("Query", "beneficiary"): _person,
    ("Query", "me"): lambda r, _, __: None if r.myself is None else r.one("beneficiary", r.myself["id"]),
    ("Query", "household"): _by_id("household"),
    ("Query", "pact"): _by_id("pact"),
    ("Query", "beneficiaries"): _list("beneficiary", *NAMES),
    ("Query", "households"): _list("household"),
    ("Query", "pacts"): _list("pact", ("created_on", True)),
    ("Query", "jobOffers"): _list("job_offer", ("published_on", True)),
    ("Query", "trainingCourses"): _list("training_course", ("starts_on", True)),
    ("Query", "pucProjects"): _list("puc_project", ("starts_on", True)),
    ("Query", "conditionalityEvents"): _list("conditionality_event", *EVENTS),
    ("Query", "conditionalityFeed"): _feed,
    ("Query", "opportunities"): _opportunities,
    ("Query", "municipality"): _by("municipality", "belfiore_code", "belfioreCode"),
    ("Query", "employmentCentre"): _by("employment_centre", "code", "code"),
    ("Municipality", "households"): _list("household", of="municipality_id"),
    ("Municipality", "beneficiaries"): _list("beneficiary", *NAMES, of="municipality_id"),
    ("EmploymentCentre", "beneficiaries"): _list("beneficiary", *NAMES, of="employment_centre_id"),
    ("EmploymentCentre", "municipality"): _to("municipality", "municipality_id"),
    ("Household", "conditionalityEvents"): _list("conditionality_event", *EVENTS, of="household_id"),
    ("Pact", "conditionalityEvents"): _list("conditionality_event", *EVENTS, of="pact_id"),
    ("Pact", "activities"): lambda r, row, _: r.newest("activity", "starts_on", pact_id=row["id"]),
    ("Convocation", "beneficiary"): _to("beneficiary", "beneficiary_id"),
    ("PucAssignment", "beneficiary"): _to("beneficiary", "beneficiary_id"),
    ("PucProject", "assignments"): _list("puc_assignment", ("starts_on", True), of="puc_project_id"),
    ("PucProject", "places"): lambda _r, row, _: sum(
        row[f"places_{pot}"] for pot in ("municipality", "centre", "volunteer")
    ),
    ("TrainingCourse", "participations"): _list("activity", ("starts_on", True), of="training_course_id"),
    ("TrainingActivity", "course"): _to("training_course", "training_course_id"),
    **{(kind, "availableFrom"): _listed_from(kind) for kind in LISTED_FROM},
    **{(kind, "beneficiary"): _to("beneficiary", "beneficiary_id") for kind in ACTIVITY.values()},
    **{(kind, "pact"): _to("pact", "pact_id") for kind in ACTIVITY.values()},
    ("Beneficiary", "conditionalityEvents"): _list("conditionality_event", *EVENTS, of="beneficiary_id"),
    ("Beneficiary", "nextConvocationAt"): _finite("$next"),
    ("Pact", "expiresOn"): _finite("$last_day"),
    ("Beneficiary", "municipality"): _to("municipality", "municipality_id"),
    ("Beneficiary", "employmentCentre"): _to("employment_centre", "employment_centre_id"),
    ("Beneficiary", "household"): _to("household", "household_id"),
    ("Beneficiary", "pacts"): lambda r, row, _: r.newest("pact", "created_on", beneficiary_id=row["id"]),
    ("Beneficiary", "activities"): lambda r, row, _: r.newest(
        "activity", "starts_on", beneficiary_id=row["id"]
    ),
    ("Beneficiary", "convocations"): lambda r, row, _: r.newest(
        "convocation", "scheduled_at", beneficiary_id=row["id"]
    ),
    ("Beneficiary", "pucAssignments"): lambda r, row, _: r.newest(
        "puc_assignment", "starts_on", beneficiary_id=row["id"]
    ),
    ("Household", "municipality"): _to("municipality", "municipality_id"),
    ("Household", "benefit"): _to("benefit", "benefit_id"),
    ("Household", "members"): lambda r, row, _: sorted(
        r.where("beneficiary", household_id=row["id"]), key=lambda one: (one["birth_date"], one["id"])
    ),
    ("Household", "pacts"): lambda r, row, _: r.newest("pact", "created_on", household_id=row["id"]),
    ("Benefit", "startsOn"): lambda _r, row, _: row["period"].lower.isoformat(),
    ("Benefit", "endsOn"): _last_day,
    ("Pact", "household"): _to("household", "household_id"),
    ("Pact", "beneficiary"): _to("beneficiary", "beneficiary_id"),
    ("Pact", "goals"): lambda r, row, _: sorted(
        r.where("pact_goal", pact_id=row["id"]), key=lambda one: int(one["ordinal"])
    ),
    ("PucAssignment", "project"): _to("puc_project", "puc_project_id"),
    ("PucProject", "municipality"): _to("municipality", "municipality_id"),
    ("JobOffer", "municipality"): _to("municipality", "municipality_id"),
    ("JobOffer", "source"): _to("agency", "source_agency_id"),
    ("TrainingCourse", "municipality"): _to("municipality", "municipality_id"),
    ("TrainingCourse", "source"): _to("agency", "source_agency_id"),
    ("ConditionalityEvent", "source"): _to("agency", "agency_id"),
    ("ConditionalityEvent", "beneficiary"): _to("beneficiary", "beneficiary_id"),
    ("ConditionalityEvent", "pact"): _to("pact", "pact_id"),
    ("ConditionalityEvent", "position"): _position,
    ("FeedEntry", "event"): _to("conditionality_event", "event_id"),
    ("FeedEntry", "fiscalCode"): _of_event("fiscal_code"),
    ("FeedEntry", "inpsProtocol"): _of_event("inps_protocol"),
}
