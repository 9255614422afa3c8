# SPDX-License-Identifier: EUPL-1.2
"""The hub as a subgraph of Apollo Federation 2: what a router asks of it beside the schema that clients read.

A router reads `_service.sdl` when it composes, and asks `_entities` for the fields of rows that another subgraph names by key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, NewType, TypeAlias

import strawberry
from graphql import (
    ObjectTypeDefinitionNode,
    parse,
    print_ast,
)
from strawberry.schema.config import StrawberryConfig

from hub.plan.catalogue import Catalogue
from hub.plan.declare import Entities, Rooted, planned, stands_on
from hub.plan.entities import key_names
from schema.cost import OWN_ROW, ListSize
from schema.deliveries import Delivery
from schema.households import Beneficiary, Household
from schema.ledger import ConditionalityEvent
from schema.opportunities import JobOffer, TrainingCourse
from schema.pacts import Pact
from schema.puc import PucProject
from schema.quarantine import QuarantinedRecord
from schema.query import Query
from schema.scalars import SCALARS
from schema.sensitivity import PUBLIC, personal, public
from schema.territory import EmploymentCentre, Municipality

SPECIFICATION = "https://specs.apollo.dev/federation/v2.9"
SHARED = ("PageInfo",)
"""Types without rows that other subgraphs have too, field by field the same: Relay says what they are."""

Representation = NewType("Representation", object)
ENTITIES: TypeAlias = (
    Beneficiary
    | Household
    | Pact
    | ConditionalityEvent
    | Delivery
    | JobOffer
    | TrainingCourse
    | PucProject
    | QuarantinedRecord
    | Municipality
    | EmploymentCentre
)
Entity: TypeAlias = Annotated[
    ENTITIES, strawberry.union("_Entity", description="Whatever another subgraph may name by a key.")
]

SUBGRAPH_SCALARS = StrawberryConfig(
    scalar_map={
        **SCALARS.scalar_map,
        Representation: strawberry.scalar(
            name="_Any",
            description="An entity's `__typename` and one of its keys.",
            serialize=lambda value: value,
            parse_value=lambda value: value,
        ),
    }
)


@public
@strawberry.type(name="_Service", description="This subgraph, for whoever composes it with others.")
class Service:
    sdl: str


@personal
@strawberry.type(name="Query")
class SubgraphQuery(Query):
    """The root a router sees."""

    @strawberry.field(name="_service", description="The subgraph's SDL.", directives=[PUBLIC])
    def service(self) -> Service:
        return planned()

    @strawberry.field(
        name="_entities",
        description="The rows these keys name, in their order; null for what the caller may not see.",
        metadata=stands_on(Rooted(Entities())),
        directives=[OWN_ROW, ListSize(slicing_arguments=["representations"])],
    )
    def entities(self, representations: list[Representation]) -> list[Entity | None]:
        return planned()


def subgraph_sdl(sdl: str, catalogue: Catalogue) -> str:
    """The subgraph's SDL: `sdl` with a `@key` for each key of each entity, and the link to the specification."""
    keys = {name: found for name, stored in catalogue.types.items() if (found := key_names(stored))}
    # NOTE federation's own `@cost` knows whole numbers only, so the hub's is not linked: it stays what it is, a directive
    # of this subgraph, which composition leaves out.
    link = f'extend schema @link(url: "{SPECIFICATION}", import: ["@key", "@shareable"])'
    definitions = [
        _marked(node, keys) if isinstance(node, ObjectTypeDefinitionNode) else node
        for node in parse(sdl).definitions
    ]
    return "\n\n".join([link, *map(print_ast, definitions)]) + "\n"


def _marked(node: ObjectTypeDefinitionNode, keys: Mapping[str, Sequence[str]]) -> ObjectTypeDefinitionNode:
    marks = [f'@key(fields: "{key}")' for key in keys.get(node.name.value, ())]
    if node.name.value in SHARED:
        marks.append("@shareable")
    added: Any = parse(f"type T {' '.join(marks)} {{ f: Int }}").definitions[0]
    return replace(node, directives=(*(node.directives or ()), *(added.directives or ())))
