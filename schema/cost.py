# SPDX-License-Identifier: EUPL-1.2
"""What a field costs and how long a list is, said in the schema itself: `@cost` and `@listSize`.

The directives are those of the GraphQL Cost Directives Specification (IBM, first draft). They are the only place where
these figures stand: `hub.plan.weights` reads them when the hub starts. How they were measured: docs/explanation/cost.md.
"""

from __future__ import annotations

import strawberry
from strawberry.schema_directive import Location


@strawberry.schema_directive(
    name="cost",
    description="What one of these costs. Where none is given: 1, and 0.2 for a scalar or an enum.",
    locations=[
        Location.ARGUMENT_DEFINITION,
        Location.ENUM,
        Location.FIELD_DEFINITION,
        Location.OBJECT,
        Location.SCALAR,
    ],
)
class Cost:
    weight: str


@strawberry.schema_directive(
    name="listSize",
    description="How many items a list has: as its slicing arguments say, else the assumed size, else the size of a page.",
    locations=[Location.FIELD_DEFINITION],
)
class ListSize:
    assumed_size: int | None = strawberry.UNSET
    slicing_arguments: list[str] | None = strawberry.UNSET
    sized_fields: list[str] | None = strawberry.UNSET
    require_one_slicing_argument: bool | None = strawberry.UNSET


def costs(weight: float) -> Cost:
    """`@cost`, where the default does not fit."""
    return Cost(weight=f"{weight:g}")


def about(items: int) -> ListSize:
    """A list without pages, of about so many items in the data there are."""
    return ListSize(assumed_size=items)


def sized_by(argument: str, field: str) -> ListSize:
    """A field whose list `field` has as many items as `argument`, or a member of one, such as `input.events`."""
    return ListSize(slicing_arguments=[argument], sized_fields=[field])


PAGED = ListSize(
    slicing_arguments=["first", "last"], sized_fields=["nodes", "edges"], require_one_slicing_argument=False
)
"""A connection."""
AGENCY_CALL = costs(200)
"""A call to an agency: slow, and somebody else's time."""
OWN_ROW = costs(40)
"""A root field that is one row: a round trip to the database."""
OWN_PAGE = costs(100)
"""A root field that is a page: a round trip, and the page found in the whole table."""
WORKED_OUT = costs(10)
"""A field that the hub works out from another table's rows: a subquery, and some tens of microseconds of its own."""
REASONED = costs(100)
"""A field that the hub reasons out from all that is declared of a household: subqueries, and a fifth of a millisecond of its own."""
CALENDAR = costs(1_000)
"""The months of a measure, each reasoned out anew."""
CALENDAR_RENEWED = costs(4_000)
"""The same, with as many renewals as are reckoned."""
SUBQUERY = costs(2)
"""A computed field that reads another table."""
