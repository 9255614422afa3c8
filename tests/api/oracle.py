# SPDX-License-Identifier: EUPL-1.2
"""The reference: graphql-core's own executor over rows in memory. Who sees what is in `tests.api.sight`, lists in `tests.api.oracle_lists`.

Nothing here is shared with the planner: the schema comes from its SDL, the rows from plain SQL.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

import asyncpg
from graphql import GraphQLResolveInfo, build_schema, execute_sync, parse, print_schema

import schema.build
from tests.api.oracle_lists import (
    RANKED,
    add_what_is_compared,
    in_order,
    list_of,
    meets,
    page_of,
    snake,
)
from tests.api.sight import ACTIVITY, NEVER, Field, Reader, Row, Sight

TABLES = (
    "municipality", "employment_centre", "agency", "household", "benefit", "beneficiary", "activity", "convocation",
    "pact", "pact_goal", "puc_project", "puc_assignment", "job_offer", "training_course", "conditionality_event", "feed_entry",
    "event_outcome", "event_evidence", "delivery", "delivery_attempt", "feed_proposal", "inbound_run", "quarantined_record",
    "feed_acknowledgement",
)  # fmt: skip
PREFIX = {
    "Beneficiary": "ben",
    "Household": "hsh",
    "Pact": "pct",
    "ConditionalityEvent": "evt",
    "Delivery": "dlv",
    "QuarantinedRecord": "qrn",
    "JobOffer": "job",
    "TrainingCourse": "crs",
    "PucProject": "puc",
}
TABLE = {
    "Beneficiary": "beneficiary",
    "Household": "household",
    "Pact": "pact",
    "ConditionalityEvent": "conditionality_event",
    "Delivery": "delivery",
    "QuarantinedRecord": "quarantined_record",
    "JobOffer": "job_offer",
    "TrainingCourse": "training_course",
    "PucProject": "puc_project",
}
LISTED_FROM = {"JobOffer": "published_on", "TrainingCourse": "starts_on", "PucProject": "starts_on"}
"""The kinds of opportunity, and the day each is listed by."""


ENTITY_KEYS = (
    *((kind, "id") for kind in PREFIX),
    ("Beneficiary", "fiscalCode"),
    ("Municipality", "belfioreCode"),
    ("EmploymentCentre", "code"),
)
"""The types a router names rows of, each with a key it may name them by."""


@cache
def whole_sdl() -> str:
    """The schema with what only routers ask."""
    return print_schema(schema.build.build_schema()[0])


class Oracle:
    """What the hub should answer, from the rows as they are now."""

    def __init__(self, rows: dict[str, list[Row]]) -> None:
        self.rows = rows
        add_what_is_compared(rows)
        self.by_id = {
            table: {row["id"]: row for row in found if "id" in row} for table, found in rows.items()
        }
        self._schema = build_schema(whole_sdl())
        for kind in ("Query", *PREFIX, *ACTIVITY.values(), "FeedEntry", "FeedProposal", "EventOutcome", "EventEvidence", "DeliveryAttempt", "Benefit", "PactGoal", "Convocation", "PucAssignment",
                     "Municipality", "EmploymentCentre", "Agency", "Origin", "InboundRun"):  # fmt: skip
            for name, field in self._schema.type_map[kind].fields.items():  # type: ignore[attr-defined]
                field.resolve = _resolver(kind, name)
        for name in ("Node", "Opportunity", "_Entity"):
            interface: Any = self._schema.type_map[name]
            interface.resolve_type = lambda row, _info, _type: row["$type"]
        activity: Any = self._schema.type_map["Activity"]
        activity.resolve_type = lambda row, _info, _type: ACTIVITY[row["kind"]]

    @classmethod
    async def read(cls, connection: asyncpg.Connection[asyncpg.Record]) -> Oracle:
        """Read every table."""
        rows: dict[str, list[Row]] = {}
        for table in TABLES:
            ranks = "".join(f", dense_rank() OVER (ORDER BY {name}) AS {name}_rank" for name in RANKED)
            extra = ranks if table == "beneficiary" else ""
            rows[table] = [dict(row) for row in await connection.fetch(f"SELECT *{extra} FROM {table}")]
        return cls(rows)

    @property
    def ids(self) -> list[str]:
        """The id of every row that has one."""
        return [
            f"{prefix}_{row['id'].hex}" for kind, prefix in PREFIX.items() for row in self.rows[TABLE[kind]]
        ]

    @property
    def fiscal_codes(self) -> list[str]:
        """Everybody's."""
        return [person["fiscal_code"] for person in self.rows["beneficiary"]]

    def reader(self, sight: Sight) -> Reader:
        """The rows, as one caller sees them."""
        return Reader(self, sight)

    def answer(
        self, query: str, sight: Sight, variables: dict[str, Any] | None = None, **how: Any
    ) -> dict[str, Any]:
        """The `data` of a query that must not fail; `how`: further arguments of graphql-core's executor."""
        result = execute_sync(
            self._schema,
            parse(query),
            context_value=self.reader(sight),
            variable_values=variables or {},
            **how,
        )
        if result.errors:
            raise AssertionError(result.errors)
        assert result.data is not None
        return result.data


def _resolver(kind: str, name: str) -> Callable[..., Any]:
    written = FIELDS.get((kind, name))

    def resolve(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        if written is not None:
            return written(info.context, source, arguments)
        if name == "id":
            return f"{PREFIX[kind]}_{source['id'].hex}"
        return written_form(source[snake(name)])

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


def _to(table: str, column: str) -> Field:
    return lambda reader, row, _arguments: reader.one(table, row[column])


def _node(reader: Reader, _source: Row, arguments: dict[str, Any]) -> Row | None:
    prefix, _, digits = arguments["id"].partition("_")
    for kind, known in PREFIX.items():
        if known == prefix:
            row = reader.named(TABLE[kind], UUID(hex=digits))
            return None if row is None else {**row, "$type": kind}
    return None


def _entities(reader: Reader, _source: Row, arguments: dict[str, Any]) -> list[Row | None]:
    return [_entity(reader, dict(given)) for given in arguments["representations"]]


def _entity(reader: Reader, given: dict[str, str]) -> Row | None:
    """The row of a type that a key names."""
    kind = given.pop("__typename")
    [(name, value)] = given.items()
    if name == "id":
        return _node(reader, {}, {"id": value})
    table = TABLE.get(kind, snake(kind).lstrip("_"))
    found = reader.where(table, **{snake(name): value})
    return {**found[0], "$type": kind} if found else None


def _by_id(table: str) -> Field:
    return lambda reader, _source, arguments: reader.one(table, UUID(hex=arguments["id"][4:]))


def _person(reader: Reader, _source: Row, arguments: dict[str, Any]) -> Row | None:
    found = reader.where("beneficiary", fiscal_code=arguments["fiscalCode"].strip().upper())
    return found[0] if found else None


def _opportunities(reader: Reader, _source: Row, arguments: dict[str, Any]) -> Row:
    """Latest day first; of one day by kind, then by key, both from the end."""
    rows = [
        {**row, "$type": kind, "$at": row[day]}
        for kind, day in LISTED_FROM.items()
        for row in reader.where(TABLE[kind])
        if meets(reader, TABLE[kind], row, arguments.get("filter") or {})
    ]
    rows.sort(key=lambda row: (row["$at"], row["$type"], row["id"]), reverse=True)
    return page_of(rows, arguments)


def _listed_from(kind: str) -> Field:
    return lambda _reader, row, _arguments: row[LISTED_FROM[kind]].isoformat()


def _by(table: str, column: str, argument: str) -> Field:
    def resolve(reader: Reader, _source: Row, arguments: dict[str, Any]) -> Row | None:
        return next(iter(reader.where(table, **{column: arguments[argument]})), None)

    return resolve


def _feed(reader: Reader, _source: Row, arguments: dict[str, Any]) -> Row:
    start = int(arguments.get("after") or 0)
    wanted = arguments.get("filter") or {}
    entries = sorted(
        (
            row
            for row in reader.where("feed_entry")
            if row["position"] > start and _is_fed(reader, row, wanted)
        ),
        key=lambda row: row["position"],
    )
    page, has_more = entries[: arguments["first"]], arguments["first"] < len(entries)
    whole = reader.sight.kind == "NATIONAL" and not any(value is not None for value in wanted.values())
    end = page[-1]["position"] if page else start
    if not whole and not has_more:  # what is passed over was looked through
        end = max((row["position"] for row in reader.rows["feed_entry"]), default=0)
    return {"entries": page, "endCursor": str(end), "hasMore": has_more}


def _is_fed(reader: Reader, row: Row, wanted: dict[str, Any]) -> bool:
    """Whether an entry is in the reader's feed, and meets its filter; an erasure, where what it erased is and does."""
    events = reader.by_id["conditionality_event"]
    event, kinds = events[row["event_id"]], {row["type"]}
    if event["erases_position"] is not None:
        [erased] = [one for one in reader.rows["feed_entry"] if one["position"] == event["erases_position"]]
        event, kinds = events[erased["event_id"]], {row["type"], erased["type"]}
    match reader.sight.kind:
        case "REGION":
            own = reader.by_id["agency"][event["agency_id"]]["code"] == reader.sight.agency
            if own or row["region_code"] not in reader.sight.areas:
                return False
        case "MUNICIPALITY":
            if row["municipality_code"] not in reader.sight.areas:
                return False
    since, until = wanted.get("occurredFrom"), wanted.get("occurredBefore")
    return (
        (wanted.get("measures") is None or row["measure"] in wanted["measures"])
        and (wanted.get("types") is None or not kinds.isdisjoint(wanted["types"]))
        and (since is None or event["occurred_at"] >= datetime.fromisoformat(since))
        and (until is None or event["occurred_at"] < datetime.fromisoformat(until))
    )


def _its_event(reader: Reader, row: Row, _arguments: dict[str, Any]) -> Row:
    event: Row = reader.by_id["conditionality_event"][row["event_id"]]
    return event


def _of_event(column: str) -> Field:
    return lambda reader, row, _arguments: reader.by_id["conditionality_event"][row["event_id"]][column]


def _deliveries(reader: Reader, row: Row, _arguments: dict[str, Any]) -> list[Row]:
    """Of an event: whoever sees it is told where it is."""
    found = [one for one in reader.rows["delivery"] if one["event_id"] == row["id"]]
    return sorted(found, key=lambda one: one["id"])


def _deliveries_of_path(reader: Reader, row: Row, arguments: dict[str, Any]) -> Row:
    """Of an activity: those of its person under its pact."""
    same = {name: row[name] for name in ("pact_id", "beneficiary_id")}
    found = [] if row["pact_id"] is None else reader.where("delivery", **same)
    return page_of(in_order(found, OLDEST_FIRST), arguments)


def _told(_reader: Reader, row: Row, _arguments: dict[str, Any]) -> Row | None:
    """Where a record came from, which is said of what an agency told under a number of its own."""
    return None if None in (row["source_agency_id"], row["external_id"]) else row


def _brought(_reader: Reader, row: Row, _arguments: dict[str, Any]) -> Row | None:
    """The same of what always has a source."""
    return None if row["landed_at"] is None else row


def _stuck(reader: Reader, _source: Row, arguments: dict[str, Any]) -> Row:
    """What has not arrived. Nothing in this world is as young as an hour, or as old as ten years."""
    hours = arguments.get("olderThan") or 0

    def stuck(one: Reader) -> list[Row]:
        rows = [row for row in one.where("delivery") if row["state"] in ("WAITING", "REFUSED", "EXHAUSTED")]
        return in_order(rows, OLDEST_FIRST) if hours < 10_000 else []

    page = page_of(stuck(reader), arguments)
    if reader.sight.kind == "AGGREGATE":
        page["totalCount"] = 5 * round(len(stuck(reader.counting())) / 5)
    return page


def _quarantine(reader: Reader, source: Row, arguments: dict[str, Any]) -> Row:
    """What has neither landed nor been put away."""
    waiting = Reader(reader.oracle, reader.sight)
    waiting.rows = {
        **reader.rows,
        "quarantined_record": [
            one for one in reader.rows["quarantined_record"] if one["resolved_at"] is None
        ],
    }
    page: Row = list_of("quarantined_record", ("received_at", False))(waiting, source, arguments)
    return page


def _own_key(_reader: Reader, row: Row, _arguments: dict[str, Any]) -> str | None:
    key: str = row["record_key"]
    return None if key.startswith(("sha256:", "persona:")) else key


def _position(reader: Reader, row: Row, _arguments: dict[str, Any]) -> int | None:
    return next((e["position"] for e in reader.rows["feed_entry"] if e["event_id"] == row["id"]), None)


def _published_at(reader: Reader, row: Row, _arguments: dict[str, Any]) -> str | None:
    return next(
        (written_form(e["sequenced_at"]) for e in reader.rows["feed_entry"] if e["event_id"] == row["id"]),
        None,
    )


def _acknowledged_at(reader: Reader, row: Row, arguments: dict[str, Any]) -> str | None:
    """By INPS, the first time that reached so far."""
    position = _position(reader, row, arguments)
    times = [
        one["acknowledged_at"]
        for one in reader.rows["feed_acknowledgement"]
        if position is not None
        and one["up_to"] >= position
        and reader.by_id["agency"][one["agency_id"]]["kind"] == "INPS"
    ]
    return written_form(min(times)) if times else None


def _finite(name: str) -> Field:
    def resolve(_reader: Reader, row: Row, _arguments: dict[str, Any]) -> str | None:
        value = row[name]
        return None if value in (NEVER, date.max) else str(written_form(value))

    return resolve


def _last_day(_reader: Reader, row: Row, _arguments: dict[str, Any]) -> str | None:
    upper = row["period"].upper
    return None if upper is None else (upper - timedelta(days=1)).isoformat()


EVENTS = (("occurred_at", True),)
OLDEST_FIRST = (("waiting_since", False),)
NAMES = (("$family", False), ("$given", False))

FIELDS: dict[tuple[str, str], Field] = {
    ("Query", "node"): _node,
    ("Query", "_entities"): _entities,
    ("Query", "beneficiary"): _person,
    ("Query", "me"): lambda r, _, __: None if r.myself is None else r.one("beneficiary", r.myself["id"]),
    ("Query", "household"): _by_id("household"),
    ("Query", "pact"): _by_id("pact"),
    ("Query", "beneficiaries"): list_of("beneficiary", *NAMES),
    ("Query", "households"): list_of("household"),
    ("Query", "pacts"): list_of("pact", ("created_on", True)),
    ("Query", "jobOffers"): list_of("job_offer", ("published_on", True)),
    ("Query", "trainingCourses"): list_of("training_course", ("starts_on", True)),
    ("Query", "pucProjects"): list_of("puc_project", ("starts_on", True)),
    ("Query", "conditionalityEvents"): list_of("conditionality_event", *EVENTS),
    ("Query", "conditionalityFeed"): _feed,
    ("Query", "stuck"): _stuck,
    ("Query", "quarantine"): _quarantine,
    ("QuarantinedRecord", "source"): _to("agency", "agency_id"),
    ("QuarantinedRecord", "recordKey"): _own_key,
    ("Query", "opportunities"): _opportunities,
    ("Query", "municipality"): _by("municipality", "belfiore_code", "belfioreCode"),
    ("Query", "employmentCentre"): _by("employment_centre", "code", "code"),
    ("Municipality", "households"): list_of("household", of="municipality_id"),
    ("Municipality", "beneficiaries"): list_of("beneficiary", *NAMES, of="municipality_id"),
    ("EmploymentCentre", "beneficiaries"): list_of("beneficiary", *NAMES, of="employment_centre_id"),
    ("EmploymentCentre", "municipality"): _to("municipality", "municipality_id"),
    ("Household", "conditionalityEvents"): list_of("conditionality_event", *EVENTS, of="household_id"),
    ("Pact", "conditionalityEvents"): list_of("conditionality_event", *EVENTS, of="pact_id"),
    ("Pact", "deliveries"): list_of("delivery", *OLDEST_FIRST, of="pact_id"),
    **{(kind, "origin"): _told for kind in ("Pact", *ACTIVITY.values())},
    **{(kind, "origin"): _brought for kind in ("JobOffer", "TrainingCourse")},
    ("Origin", "source"): _to("agency", "source_agency_id"),
    ("Origin", "reference"): lambda _r, row, _: row["external_id"],
    ("Origin", "changedAt"): lambda _r, row, _: written_form(row["updated_at"]),
    ("Origin", "run"): _to("inbound_run", "inbound_run_id"),
    ("Pact", "activities"): lambda r, row, _: r.newest("activity", "starts_on", pact_id=row["id"]),
    ("Convocation", "beneficiary"): _to("beneficiary", "beneficiary_id"),
    ("PucAssignment", "beneficiary"): _to("beneficiary", "beneficiary_id"),
    ("PucProject", "assignments"): list_of("puc_assignment", ("starts_on", True), of="puc_project_id"),
    ("PucProject", "places"): lambda _r, row, _: sum(
        row[f"places_{pot}"] for pot in ("municipality", "centre", "volunteer")
    ),
    ("TrainingCourse", "participations"): list_of("activity", ("starts_on", True), of="training_course_id"),
    ("TrainingActivity", "course"): _to("training_course", "training_course_id"),
    **{(kind, "availableFrom"): _listed_from(kind) for kind in LISTED_FROM},
    **{(kind, "beneficiary"): _to("beneficiary", "beneficiary_id") for kind in ACTIVITY.values()},
    **{(kind, "pact"): _to("pact", "pact_id") for kind in ACTIVITY.values()},
    **{(kind, "deliveries"): _deliveries_of_path for kind in ACTIVITY.values()},
    ("Beneficiary", "conditionalityEvents"): list_of("conditionality_event", *EVENTS, of="beneficiary_id"),
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
    ("Household", "applicant"): _to("beneficiary", "applicant_id"),
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
    ("ConditionalityEvent", "publishedAt"): _published_at,
    ("ConditionalityEvent", "acknowledgedAt"): _acknowledged_at,
    ("ConditionalityEvent", "outcomes"): lambda r, row, _: sorted(
        r.where("event_outcome", event_id=row["id"]), key=lambda one: (one["reported_at"], one["id"])
    ),
    ("ConditionalityEvent", "deliveries"): _deliveries,
    ("Delivery", "event"): _its_event,
    ("Delivery", "recipient"): _to("agency", "agency_id"),
    ("Delivery", "nextAttemptAt"): lambda _r, row, _: (
        written_form(row["not_before"]) if row["state"] == "WAITING" else None
    ),
    ("Delivery", "attempts"): lambda r, row, _: sorted(
        r.where("delivery_attempt", delivery_id=row["id"]), key=lambda one: int(one["ordinal"])
    ),
    ("ConditionalityEvent", "withdraws"): _to("conditionality_event", "withdraws_event_id"),
    ("ConditionalityEvent", "withdrawnBy"): lambda r, row, _: next(
        iter(r.where("conditionality_event", withdraws_event_id=row["id"])), None
    ),
    ("ConditionalityEvent", "evidence"): lambda r, row, _: sorted(
        r.where("event_evidence", event_id=row["id"]), key=lambda one: int(one["ordinal"])
    ),
    ("EventEvidence", "sha256"): lambda _r, row, _: row["sha256"].hex(),
    ("EventOutcome", "event"): _its_event,
    ("EventOutcome", "source"): _to("agency", "agency_id"),
    ("FeedEntry", "event"): _its_event,
    ("FeedEntry", "fiscalCode"): _of_event("fiscal_code"),
    ("FeedEntry", "inpsProtocol"): _of_event("inps_protocol"),
    ("FeedEntry", "erases"): _of_event("erases_position"),
    ("FeedEntry", "erasedAt"): _of_event("erased_at"),
    ("FeedEntry", "proposal"): lambda r, row, _: next(
        iter(r.where("feed_proposal", position=row["position"])), None
    ),
}
