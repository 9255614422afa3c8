# SPDX-License-Identifier: EUPL-1.2
"""The schema, put together: strawberry's types as graphql-core's schema, and what each stands on."""

from __future__ import annotations

from functools import cache

import strawberry
from graphql import GraphQLDeferDirective, GraphQLSchema
from strawberry.printer import print_schema

import schema.vocabulary  # noqa: F401 (describes the enums)
from hub.plan.catalogue import Catalogue, read_catalogue
from hub.plan.execution import install
from schema.activities import ACTIVITIES
from schema.mutation import Mutation
from schema.query import Query
from schema.scalars import SCALARS
from schema.subscription import Subscription


@cache
def _built() -> strawberry.Schema:
    built = strawberry.Schema(
        query=Query, mutation=Mutation, subscription=Subscription, types=ACTIVITIES, config=SCALARS
    )
    # strawberry's own setting would bring `@stream` too, which the planner does not serve.
    built._schema.directives = (*built._schema.directives, GraphQLDeferDirective)  # noqa: SLF001
    return built


@cache
def build_schema() -> tuple[GraphQLSchema, Catalogue]:
    """The schema and its catalogue.

    Raises:
        SchemaMismatch: a type and its table disagree.

    """
    graphql_schema = _built()._schema  # noqa: SLF001 (graphql-core's schema, which the hub executes itself)
    catalogue = read_catalogue(graphql_schema)
    install(graphql_schema, catalogue)
    return graphql_schema, catalogue


def sdl() -> str:
    """The schema in the schema definition language, types by name, with the directives that stand on them."""
    return print_schema(_built()) + "\n"
