# SPDX-License-Identifier: EUPL-1.2
"""Every filter and every order the schema offers is served by indexes, for every kind of caller.

Each root list is planned by the planner itself: with each member of its filter (read from the catalogue, so that a new one without a
sample fails here), in each of its orders, in every scope there is. PostgreSQL then says how it would read the
page, over 20,000 people, in a session set as the hub's are: with the one plan for all values. It may not read a large table from end
to end to find fifty rows.

Accepted are: an index walked in the list's order, passing over rows that do not meet the filter (a condition that every fourth
row meets needs no other); an index entered by the filter or by the territory, and a sort; a scan of a table that stays small whatever
the population (municipalities, centres). Not looked at is `totalCount`, which counts what there is to count.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from graphql import get_named_type

from hub.access.caller import Scope
from hub.plan.declare import Combination, Composed, Condition
from hub.plan.documents import Documents
from hub.plan.filter_extent import GroupsComposed
from hub.plan.filter_types import NONE, SOME, RelatedBy
from hub.plan.link import Link
from hub.plan.operation import Operation
from hub.plan.positions import ByPages, ToMany, ToOne
from hub.store.vocabulary import GrantScope
from schema.build import build_schema

if TYPE_CHECKING:
    from tests.store.conftest import Planner

SCHEMA, CATALOGUE = build_schema()
DOCUMENTS = Documents(CATALOGUE, most=10)
LISTS = {
    name: field
    for name, field in SCHEMA.query_type.fields.items()  # type: ignore[union-attr]
    if "filter" in field.args
}
SAMPLES: dict[str, Any] = {
    "BeneficiaryFilter.fiscalCode": "RSSMRA80A01H501U",
    "BeneficiaryFilter.name": {"family": "Ross", "given": "M"},
    "BeneficiaryFilter.obligation": "VOLUNTARY",
    "BeneficiaryFilter.employmentStatus": "EMPLOYED_SEEKING",
    "BeneficiaryFilter.measure": "SFL",
    "BeneficiaryFilter.municipality": "H501",
    "BeneficiaryFilter.employmentCentre": "H501C900031",
    "BeneficiaryFilter.nextConvocation": {"from": "2026-06-16T00:00:00Z", "before": "2026-06-17T00:00:00Z"},
    "HouseholdFilter.inpsProtocol": "INPS-ADI-2026-1",
    "HouseholdFilter.measure": "SFL",
    "HouseholdFilter.municipality": "H501",
    "PactFilter.kinds": ["DIGITAL_ACTIVATION"],
    "PactFilter.statuses": ["ACTIVE"],
    "PactFilter.expiringBefore": "2026-07-01",
    "ConvocationFilter.outcomes": ["ABSENT_UNJUSTIFIED"],
    "ConvocationFilter.scheduledFrom": "2026-06-14T00:00:00Z",
    "ConvocationFilter.scheduledBefore": "2024-02-01T00:00:00Z",
    "ConditionalityEventFilter.types": ["SUITABLE_OFFER_REFUSED", "PUC_NOT_JOINED"],
    "ConditionalityEventFilter.occurredFrom": "2026-06-14T00:00:00Z",
    "ConditionalityEventFilter.occurredBefore": "2024-02-01T00:00:00Z",
    "ConditionalityFeedFilter.measures": ["ADI"],
    "ConditionalityFeedFilter.types": ["SUITABLE_OFFER_REFUSED", "PUC_NOT_JOINED"],
    "ConditionalityFeedFilter.occurredFrom": "2026-06-14T00:00:00Z",
    "ConditionalityFeedFilter.occurredBefore": "2024-02-01T00:00:00Z",
    "JobOfferFilter.status": "OPEN",
    "JobOfferFilter.profession": "5.2.1",
    "JobOfferFilter.municipality": "H501",
    "JobOfferFilter.regionCode": "12",
    "JobOfferFilter.near": {"municipality": "H501", "withinKm": 30},
    "OpportunityFilter.status": "OPEN",
    "OpportunityFilter.municipality": "H501",
    "OpportunityFilter.regionCode": "12",
    "OpportunityFilter.near": {"municipality": "H501", "withinKm": 30},
    "TrainingCourseFilter.status": "OPEN",
    "TrainingCourseFilter.municipality": "H501",
    "TrainingCourseFilter.regionCode": "12",
    "TrainingCourseFilter.near": {"municipality": "H501", "withinKm": 30},
    "QuarantineFilter.source": "regione-12",
    "QuarantineFilter.flow": "pacts",
    "QuarantineFilter.field": "codTipoPatto",
    "QuarantineFilter.receivedBefore": "2026-06-14T00:00:00Z",
    "PucProjectFilter.status": "OPEN",
    "PucProjectFilter.field": "ENVIRONMENTAL",
    "PucProjectFilter.municipality": "H501",
    "PucProjectFilter.regionCode": "12",
    "PucProjectFilter.near": {"municipality": "H501", "withinKm": 30},
}
"""What somebody asks for, by filter and member."""


def filters(name: str, *, deep: bool = True) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each member of a filter with a value, and what it is called."""
    plain = [
        (member, {member: SAMPLES[f"{name}.{member}"]})
        for member, known in CATALOGUE.filters[name].items()
        if isinstance(known, (Condition, Combination))
    ]
    yield from plain
    (_, first), (_, second) = plain[0], plain[-1]
    for member, known in CATALOGUE.filters[name].items():
        match known:
            case Composed.NOT:
                yield member, {member: first}
            case Composed():
                yield member, {member: [first, second]}
            case RelatedBy() if deep:
                for ways, inside in _related(name, member, many=known.many):
                    yield f"{member}.{ways}", {member: inside}


def _related(name: str, member: str, *, many: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    kind: Any = get_named_type(SCHEMA.type_map[name].fields[member].type)  # type: ignore[attr-defined]
    if not many:
        yield from filters(kind.name)
        return
    inner = get_named_type(kind.fields[SOME].type).name
    for how in (SOME, NONE):
        yield how, {how: {}}
        for way, given in filters(inner, deep=False):
            yield f"{how}.{way}", {how: given}


def orders(name: str) -> list[str | None]:
    """The words of a list's order, and None for its own."""
    argument = LISTS[name].args.get("orderBy")
    return [None, *(get_named_type(argument.type).values if argument else ())]


def _scope(kind: GrantScope) -> Scope:
    return Scope(kind, single=kind is not GrantScope.NATIONAL)


async def scanned(planner: Planner, query: str, variables: dict[str, Any], scope: Scope) -> set[str]:
    """The large tables the plan of a root field reads from end to end."""
    operation = DOCUMENTS.operation(query, None)
    assert isinstance(operation, Operation), operation
    coerced, errors = operation.variables.coerce(variables)
    assert not errors, errors
    (plan,) = operation.prepare(coerced, scope).plans.values()
    return {
        read.table
        for read in await planner.reads(plan.statement.text)
        if read.index is None and read.table in planner.large
    }


# Whoever is granted an ambito asks as its municipalities (`hub.access.directory`).
CASES = [(name, scope) for name in LISTS for scope in GrantScope if scope is not GrantScope.AMBITO]


@pytest.mark.parametrize(("name", "scope"), CASES, ids=lambda value: str(value))
async def test_no_page_reads_a_large_table(name: str, scope: GrantScope, planner: Planner) -> None:
    assert {"beneficiary", "pact", "convocation", "conditionality_event", "job_offer", "training_course"} <= (
        planner.large
    )
    kind = get_named_type(LISTS[name].args["filter"].type).name
    read: list[str] = []
    for order in orders(name):
        asked = f"filter: $f, orderBy: {order}" if order else "filter: $f"
        rows = "entries { position }" if name == "conditionalityFeed" else "nodes { id }"
        query = f"query ($f: {kind}) {{ {name}({asked}) {{ {rows} }} }}"
        for what, given in (("no filter", {}), *filters(kind)):
            try:
                tables = await scanned(planner, query, {"f": given}, _scope(scope))
            except GroupsComposed:
                assert scope is GrantScope.AGGREGATE
                continue
            read += [f"{table}, {what} by {order or 'default'}" for table in sorted(tables)]
    assert read == []


@pytest.mark.parametrize(
    ("name", "indexes"),
    [
        ("jobOffers", {"job_offer_source_agency_id_published_on_id_idx"}),
        ("trainingCourses", {"training_course_source_agency_id_starts_on_id_idx"}),
        (
            "opportunities",
            {
                "job_offer_source_agency_id_published_on_id_idx",
                "training_course_source_agency_id_starts_on_id_idx",
            },
        ),
    ],
)
async def test_what_one_published_is_entered_by_its_publisher(
    name: str, indexes: set[str], planner: Planner
) -> None:
    """Walked in the list's order, everybody's would be passed over to find the few of one."""
    operation = DOCUMENTS.operation(f"{{ {name} {{ nodes {{ id }} }} }}", None)
    assert isinstance(operation, Operation)
    (plan,) = operation.prepare({}, _scope(GrantScope.OWN)).plans.values()
    reads = await planner.reads(plan.statement.text)
    listed = {read.index for read in reads if read.table in ("job_offer", "training_course")}
    assert (
        listed - {"job_offer_pkey", "training_course_pkey"} == indexes
    )  # the rows of a merged page are read by key


async def test_a_lost_index_is_seen(planner: Planner) -> None:
    query = "query ($f: BeneficiaryFilter) { beneficiaries(filter: $f, orderBy: BIRTH_DATE_ASC) { nodes { id } } }"
    transaction = planner.connection.transaction()
    await transaction.start()
    await planner.connection.execute("DROP INDEX beneficiary_birth_date_id_idx")
    found = await scanned(planner, query, {"f": {}}, _scope(GrantScope.NATIONAL))
    await transaction.rollback()
    assert found == {"beneficiary"}


def _links() -> Iterator[tuple[str, Link]]:
    for stored in CATALOGUE.types.values():
        for name, source in stored.fields.items():
            if isinstance(source, (ToOne, ToMany, ByPages)):
                yield f"{stored.name}.{name}", source.link
    for name, members in CATALOGUE.filters.items():
        for member, known in members.items():
            if isinstance(known, RelatedBy):
                yield f"{name}.{member}", known.link


async def test_every_relationship_has_an_index(planner: Planner) -> None:
    """Nested lists and related rows: an index of the other table begins with a column they meet by."""
    rows = await planner.connection.fetch(
        """
        SELECT indrelid::regclass::text AS table, array_agg(attname::text ORDER BY place) AS columns
        FROM pg_index, unnest(indkey::int2[]) WITH ORDINALITY AS k (number, place), pg_attribute
        WHERE attrelid = indrelid AND attnum = k.number AND indpred IS NULL
        GROUP BY indexrelid, indrelid
        """
    )
    indexes = [(row["table"], row["columns"]) for row in rows]
    links = list(_links())
    assert len(links) > 20
    assert [
        where
        for where, link in links
        if not any(table == link.target and columns[0] in link.there for table, columns in indexes)
    ] == []


def test_every_sample_is_of_a_member() -> None:
    members = {f"{name}.{member}" for name, known in CATALOGUE.filters.items() for member in known}
    assert members >= SAMPLES.keys()
