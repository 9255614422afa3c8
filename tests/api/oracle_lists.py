# SPDX-License-Identifier: EUPL-1.2
"""The reference's lists: which rows meet a filter, in what order they stand, and which of them are on a page."""

from __future__ import annotations

import base64
import json
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from math import acos, cos, radians, sin
from typing import Any
from uuid import UUID

from tests.api.sight import NEVER, Field, Reader, Row

OF_PEOPLE = (
    "beneficiary",
    "household",
    "pact",
    "conditionality_event",
    "delivery",
    "activity",
    "puc_assignment",
)
"""Tables that are listed, and have people in them."""
RANKED = ("fiscal_code",)
"""Text that lists are ordered by: as the database collates it."""
ORDERS = {
    ("beneficiary", "FAMILY_NAME"): ("$family", "$given"),
    ("beneficiary", "NEXT_CONVOCATION"): ("$next",),
    ("pact", "EXPIRES_ON"): ("$last_day",),
    ("job_offer", "EXPIRES_ON"): ("$last_day",),
}
"""What a word of an order compares, where it is not the column of that name."""
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


def add_what_is_compared(rows: dict[str, list[Row]]) -> None:
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


def snake(name: str) -> str:
    """The column of a GraphQL name."""
    return "".join("_" + c.lower() if c.isupper() else c for c in name)


def place_of(reader: Reader, row: Row) -> Row:
    return reader.by_id["municipality"][row["municipality_id"]]


def meets(reader: Reader, table: str, row: Row, given: dict[str, Any]) -> bool:
    """Whether a row meets a whole filter; a null member is as absent."""
    return all(value is None or _holds(reader, table, row, name, value) for name, value in given.items())


RELATED = {
    ("beneficiary", "pacts"): ("pact", "beneficiary_id"),
    ("beneficiary", "convocations"): ("convocation", "beneficiary_id"),
    ("beneficiary", "conditionalityEvents"): ("conditionality_event", "beneficiary_id"),
    ("household", "pacts"): ("pact", "household_id"),
}


def _related(reader: Reader, table: str, row: Row, name: str, asked: dict[str, Any]) -> bool:
    other, column = RELATED[table, name]
    rows = reader.where(other, **{column: row["id"]})
    some, none = asked.get("some"), asked.get("none")
    return (some is None or any(meets(reader, other, one, some) for one in rows)) and (
        none is None or not any(meets(reader, other, one, none) for one in rows)
    )


def _holds(reader: Reader, table: str, row: Row, name: str, value: Any) -> bool:
    """Whether a row meets one condition of a filter."""
    match name:
        case "and":
            return all(meets(reader, table, row, one) for one in value)
        case "or":
            return any(meets(reader, table, row, one) for one in value)
        case "not":
            return not meets(reader, table, row, value)
        case "pacts" | "convocations" | "conditionalityEvents":
            return _related(reader, table, row, name, value)
        case "household":
            return meets(reader, "household", reader.by_id["household"][row["household_id"]], value)
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
            places = (*centre, place_of(reader, row))
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
            return bool(place_of(reader, row)["belfiore_code"] == value)
        case "regionCode":
            return bool(place_of(reader, row)["region_code"] == value)
        case "employmentCentre":
            key = row["employment_centre_id"]
            return key is not None and reader.by_id["employment_centre"][key]["code"] == value
        case "source":
            return bool(reader.by_id["agency"][row["agency_id"]]["code"] == value)
        case "receivedBefore":
            return bool(row["received_at"] < datetime.fromisoformat(value))
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
            return bool(row[snake(name)] == value)


def in_order(rows: list[Row], order: Sequence[tuple[str, bool]]) -> list[Row]:
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


def list_of(table: str, *default: tuple[str, bool], of: str | None = None) -> Field:
    """A list of a whole table, or of the rows `of` which column is the row it is asked of; `default`: its order when none is asked."""

    def whole(reader: Reader, source: Row, arguments: dict[str, Any]) -> list[Row]:
        rows = reader.where(table) if of is None else reader.where(table, **{of: source["id"]})
        return [row for row in rows if meets(reader, table, row, arguments.get("filter") or {})]

    def resolve(reader: Reader, source: Row, arguments: dict[str, Any]) -> Row:
        rows = whole(reader, source, arguments)
        asked = arguments.get("orderBy") or []
        words = [word.rpartition("_") for word in asked]
        order = [
            (column, way == "DESC")
            for word, _, way in words
            for column in ORDERS.get((table, word), (word.lower(),))
        ] or default
        page = page_of(in_order(rows, order), arguments)
        if reader.sight.kind == "AGGREGATE" and table in OF_PEOPLE:
            exact = len(whole(reader.counting(), source, arguments))
            page["totalCount"] = 5 * round(exact / 5)
        return page

    return resolve


def page_of(whole: list[Row], arguments: dict[str, Any]) -> Row:
    """The page of a list, as its arguments ask."""
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
