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
from hub.plan.marked import check_marks
from schema.activities import ACTIVITIES
from schema.federation import SUBGRAPH_SCALARS, Service, SubgraphQuery, subgraph_sdl
from schema.mutation import Mutation
from schema.query import Query
from schema.scalars import SCALARS
from schema.sensitivity import mark
from schema.subscription import Subscription


@cache
def _for_clients() -> strawberry.Schema:
    return _with_defer(
        strawberry.Schema(
            query=Query, mutation=Mutation, subscription=Subscription, types=ACTIVITIES, config=SCALARS
        )
    )


@cache
def _for_all() -> strawberry.Schema:
    """With what a router asks beside."""
    return _with_defer(
        strawberry.Schema(
            query=SubgraphQuery,
            mutation=Mutation,
            subscription=Subscription,
            types=ACTIVITIES,
            config=SUBGRAPH_SCALARS,
        )
    )


def _with_defer(built: strawberry.Schema) -> strawberry.Schema:
    # strawberry's own setting would bring `@stream` too, which the planner does not serve.
    built._schema.directives = (*built._schema.directives, GraphQLDeferDirective)  # noqa: SLF001
    return built


@cache
def build_schema() -> tuple[GraphQLSchema, Catalogue]:
    """The schema and its catalogue.

    Raises:
        SchemaMismatch: a type and its table disagree, or a field says nothing of its sensitivity.

    """
    graphql_schema = _for_all()._schema  # noqa: SLF001 (graphql-core's schema, which the hub executes itself)
    mark(graphql_schema, described=True)
    catalogue = read_catalogue(graphql_schema)
    check_marks(catalogue)
    install(graphql_schema, catalogue)
    query = graphql_schema.query_type
    assert query is not None
    query.fields["_service"].resolve = lambda _source, _info: Service(sdl=federated_sdl())
    return graphql_schema, catalogue


@cache
def sdl() -> str:
    """The schema that clients read, in the schema definition language, with the directives that stand on its types."""
    clients = _for_clients()
    mark(clients._schema, described=False)  # noqa: SLF001
    return print_schema(clients) + "\n"


@cache
def federated_sdl() -> str:
    """The same as a subgraph of Apollo Federation 2."""
    return subgraph_sdl(sdl(), build_schema()[1])
