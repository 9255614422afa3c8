# SPDX-License-Identifier: EUPL-1.2
"""What Relay asks of a schema: nodes, connections, pages."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

import strawberry

from schema.cost import costs
from schema.sensitivity import PUBLIC, of_its_rows, personal, public

N = TypeVar("N")

First = Annotated[int | None, strawberry.argument(description="Rows from the start of the list.")]
Last = Annotated[int | None, strawberry.argument(description="Rows from its end.")]
Cursor = Annotated[str | None, strawberry.argument(description="A cursor of this list, in this order.")]


@personal
@strawberry.interface(
    description="Anything with an id of its own: `<prefix>_<32 hexadecimal digits>`, opaque and typed."
)
class Node:
    id: strawberry.ID


@public
@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@of_its_rows
@strawberry.type(description="A row of a page, with the cursor to go on from it.")
class Edge(Generic[N]):
    node: N = strawberry.field(directives=[costs(0)])
    cursor: str


@of_its_rows
@strawberry.type(
    description="A page of a list, by keyset: `first`/`after` forward, `last`/`before` backward."
)
class Connection(Generic[N]):
    edges: list[Edge[N]]
    nodes: list[N]
    page_info: PageInfo
    total_count: int = strawberry.field(
        description="Rows in the whole list; counted only when selected.", directives=[costs(50), PUBLIC]
    )
