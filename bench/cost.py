# SPDX-License-Identifier: EUPL-1.2
"""Estimated cost against measured time: the table of docs/explanation/cost.md. Run it with `python -m bench.cost`."""

from __future__ import annotations

import argparse
import asyncio
import math
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from bench.world import open_world
from hub.access.caller import Caller, Scope
from hub.access.seen import Seen
from hub.plan.cost import rounded
from hub.plan.documents import Documents
from hub.plan.limits import DocumentLimits, PageLimits
from hub.plan.operation import Operation
from hub.plan.runner import Runner
from hub.settings import Settings
from hub.store.engine import open_database
from hub.store.vocabulary import AgencyKind, Capability, GrantScope
from schema.build import build_schema

NATIONAL = Caller(
    UUID(int=1),
    "INPS",
    AgencyKind.INPS,
    UUID(int=2),
    UUID(int=3),
    Scope(GrantScope.NATIONAL, single=False),
    capabilities=frozenset(Capability),
)
PERSON = "id fiscalCode givenName familyName birthDate obligation"
PAGE = f"""{PERSON} sex employmentStatus municipality {{ istatCode name province }} employmentCentre {{ code name }}
  household {{ id inpsProtocol measure benefit {{ status startsOn endsOn monthlyAmount }} members {{ {PERSON} }} }}
  pacts {{ id kind status signedOn goals {{ ordinal description status dueOn }} }}
  conditionalityEvents(first: 10) {{ nodes {{ id type occurredAt note source {{ code name }} }} }}
  pucAssignments {{ status weeklyHours startsOn endsOn project {{ id title field municipality {{ name }} }} }}"""
EVENTS = "conditionalityEvents(first: 3) { nodes { id type occurredAt } }"
ENTRY = "position fiscalCode inpsProtocol event { id type occurredAt recordedAt note source { code } }"


@dataclass(frozen=True)
class Shape:
    """An operation, and what it is called in the table."""

    title: str
    text: str


def people(first: int, asked: str) -> str:
    """A page of people, each with what is asked."""
    return f"{{ beneficiaries(first: {first}) {{ nodes {{ {asked} }} }} }}"


def shapes(code: str) -> list[Shape]:
    """Operations of every kind; `code`: the fiscal code of a person with a history."""
    one = f'{{ beneficiary(fiscalCode: "{code}") {{ %s }} }}'
    return [
        Shape("one person, 1 field", one % "id"),
        Shape("one person, 6 fields", one % PERSON),
        Shape("one person and household", one % f"{PERSON} household {{ id inpsProtocol measure }}"),
        Shape("a person's page", one % PAGE),
        Shape("one person, 50 events", one % "conditionalityEvents(first: 50) { nodes { id type } }"),
        Shape("10 people, 1 field", people(10, "id")),
        Shape("50 people, 1 field", people(50, "id")),
        Shape("50 people, 6 fields", people(50, PERSON)),
        Shape("50 people as edges", f"{{ beneficiaries(first: 50) {{ edges {{ cursor node {{ {PERSON} }} }} }} }}"),
        Shape("50 people, household", people(50, f"{PERSON} household {{ id measure }}")),
        Shape("50 people, municipality", people(50, f"{PERSON} municipality {{ name }}")),
        Shape("50 people, pacts", people(50, f"{PERSON} pacts {{ id kind status signedOn }}")),
        Shape("50 people, 3 events each", people(50, f"{PERSON} {EVENTS}")),
        Shape("50 people, pacts and events", people(50, f"{PERSON} pacts {{ id kind status }} {EVENTS}")),
        Shape("50 people's pages", people(50, PAGE)),
        Shape("200 people, 6 fields", people(200, PERSON)),
        Shape("200 people, pacts and events", people(200, f"{PERSON} pacts {{ id kind status }} {EVENTS}")),
        Shape("1,000 people, 1 field", people(1_000, "id")),
        Shape("1,000 people, 6 fields", people(1_000, PERSON)),
        Shape("1,000 people, household", people(1_000, f"{PERSON} household {{ id measure }}")),
        Shape("1,000 people, activities", people(1_000, "id activities { kind status title }")),
        Shape("1,000 people, convocations", people(1_000, "id convocations { scheduledAt outcome }")),
        Shape("1,000 people, 3 events each", people(1_000, f"id {EVENTS}")),
        Shape("300 people's pages", people(300, PAGE)),
        Shape("100 households, members", "{ households(first: 100) { nodes { id members { id givenName } } } }"),
        Shape(
            "100 households, members' pacts",
            "{ households(first: 100) { nodes { id members { id pacts { id goals { ordinal } } } } } }",
        ),
        Shape("500 pacts, goals", "{ pacts(first: 500) { nodes { id kind goals { ordinal status } } } }"),
        Shape("500 events", "{ conditionalityEvents(first: 500) { nodes { id type occurredAt note } } }"),
        Shape("500 events, position", "{ conditionalityEvents(first: 500) { nodes { id position } } }"),
        Shape(
            "500 events, person",
            "{ conditionalityEvents(first: 500) { nodes { id beneficiary { fiscalCode household { id } } } } }",
        ),
        Shape("feed page of 100", f"{{ conditionalityFeed(first: 100) {{ entries {{ {ENTRY} }} endCursor }} }}"),
        Shape("feed page of 1,000", f"{{ conditionalityFeed(first: 1000) {{ entries {{ {ENTRY} }} endCursor }} }}"),
        Shape("people counted", "{ beneficiaries { totalCount } }"),
        Shape("events counted", "{ conditionalityEvents { totalCount } }"),
        Shape("50 people's events counted", people(50, "id conditionalityEvents { totalCount }")),
        Shape("50 PUC projects", "{ pucProjects(first: 50) { nodes { id title field municipality { name } } } }"),
    ]  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """What an operation was estimated to cost, and what it took."""

    title: str
    cost: float
    microseconds: float
    size: int


async def measure(url: str, settings: Settings, rounds: int) -> list[Measured]:
    """Each operation's best time of so many rounds, from its text to its bytes, warm."""
    _, catalogue = build_schema()
    everything = DocumentLimits(), PageLimits(cost=10**12)
    documents = Documents(catalogue, most=1_000, limits=everything[0], pages=everything[1])
    async with open_database(url, settings) as database:
        runner = Runner(database.read, settings.read_connections)
        async with database.write.acquire() as connection:
            code = await connection.fetchval(
                "SELECT b.fiscal_code FROM beneficiary b JOIN conditionality_event e ON e.beneficiary_id = b.id"
                " GROUP BY b.id ORDER BY count(*) DESC, b.id LIMIT 1"
            )
        return [await _measured(shape, documents, runner, rounds) for shape in shapes(code)]


async def _measured(shape: Shape, documents: Documents, runner: Runner, rounds: int) -> Measured:
    operation = documents.operation(shape.text, None)
    assert isinstance(operation, Operation), (shape.title, operation)
    variables: Mapping[str, Any] = {}
    best, size = math.inf, 0
    for _ in range(rounds):
        began = time.perf_counter()
        prepared = operation.prepare(variables, NATIONAL.scope)
        size = sum(
            [len(await runner.run(plan, variables, NATIONAL, Seen())) for plan in prepared.plans.values()]
        )
        best = min(best, time.perf_counter() - began)
    return Measured(shape.title, operation.estimate(variables).of(variables), best * 1e6, size)


def correlation(of: Sequence[Measured]) -> float:
    """Of the logarithms: the shapes span four orders of magnitude, and each counts alike."""
    return statistics.correlation(
        [math.log(one.cost) for one in of], [math.log(one.microseconds) for one in of]
    )


def table(of: Sequence[Measured]) -> str:
    """The measurements in Markdown, cheapest first."""
    lines = ["| operation | cost | time, ms | answer, KB | µs per unit |", "|---|---:|---:|---:|---:|"]
    lines += [
        f"| {one.title} | {rounded(one.cost):,} | {one.microseconds / 1_000:,.2f} | {one.size / 1_000:,.1f} "
        f"| {one.microseconds / one.cost:.1f} |"
        for one in sorted(of, key=lambda one: one.cost)
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=Path("bench/data/cost"))
    parser.add_argument("--beneficiaries", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    with open_world(given.data_dir, given.beneficiaries) as world:
        found = asyncio.run(measure(world.url, Settings(data_dir=given.data_dir), given.rounds))
    print(table(found))
    paged = [one for one in found if "counted" not in one.title]
    print(f"\nCorrelation of the logarithms: {correlation(found):.3f} over {len(found)} operations,")
    print(f"{correlation(paged):.3f} over the {len(paged)} that count nothing.")


if __name__ == "__main__":
    main()
