# SPDX-License-Identifier: EUPL-1.2
"""Lines of the feed: its canonical bytes as the sequencer wrote them, `{"content":…,"entry":…}`, one piece after another.

What a line tells is what `TOLD` asks for: who may ask that may read lines, and the access log says so. The answer is another: not the
JSON of GraphQL, but the stored bytes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Select, Text, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import INT8MULTIRANGE, aggregate_order_by

from hub.access.caller import Caller, Scope
from hub.access.seen import Seen
from hub.errors import InvalidInput
from hub.plan.builder import Builder
from hub.plan.catalogue import Catalogue
from hub.plan.documents import Documents
from hub.plan.feed_part import FeedPart
from hub.plan.joined import Joined
from hub.plan.json_text import Piece, joined
from hub.plan.limits import PageLimits
from hub.plan.operation import Operation, Prepared
from hub.plan.plan import Plan
from hub.plan.runner import Runner
from hub.plan.selection import selected
from hub.plan.subjects import reached
from hub.store.base import table_of
from hub.store.statement import Statement
from hub.store.tables import FeedContent

TOLD = """
query ConditionalityFeedLines($after: String, $first: Int!, $filter: ConditionalityFeedFilter) {
  conditionalityFeed(after: $after, first: $first, filter: $filter) {
    entries {
      position measure fiscalCode inpsProtocol
      event { id type occurredAt recordedAt note source { code } pact { id } }
      proposal { breach count effect months monthlyCut atMostMonths retroactive article sentence unverified edition }
    }
    endCursor
  }
}
"""
LINES = "$lines"
"""The name under which the number of lines stands among the variables; none of a client's begins so."""
MOST_PLANS = 64
LONGEST_MESSAGE = 500
"""Characters of a message that quotes the request."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Some lines, each with its end; the position they end at, how many they are, and whether the feed goes on."""

    text: bytes
    end: int
    count: int
    has_more: bool


class FeedLines:
    """Reads lines; an instance for each process."""

    def __init__(self, documents: Documents, catalogue: Catalogue, limits: PageLimits) -> None:
        operation = documents.operation(TOLD, None)
        assert isinstance(operation, Operation), operation
        self.operation = operation
        self._catalogue = catalogue
        self._limits = limits
        self._plans: OrderedDict[object, Plan] = OrderedDict()

    def asked(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The coerced variables of a request: `after`, and members of `filter`.

        Raises:
            InvalidInput: one of them is no such value.

        """
        variables, errors = self.operation.variables.coerce({**given, "first": 1})
        if errors:
            raise InvalidInput(errors[0].message[:LONGEST_MESSAGE])
        return variables

    def prepared(self, variables: Mapping[str, Any], scope: Scope) -> Prepared:
        """What says whether a caller may ask for lines. Raises InvalidInput."""
        return self.operation.prepare(variables, scope)

    async def read(
        self, runner: Runner, variables: Mapping[str, Any], caller: Caller, most: int, seen: Seen
    ) -> Lines:
        """At most so many lines beyond the cursor; whom they are about is told to `seen`.

        Raises:
            InvalidInput: the cursor is none, or lies beyond the end of the feed.
            asyncpg.PostgresError, asyncpg.InterfaceError, OSError: as `Runner.run`.

        """
        plan = self._plan(variables, caller.scope)
        text = await runner.run(plan, {**variables, LINES: most}, caller, seen)
        end, count, more, lines = text.split(b" ", 3)
        return Lines(lines, int(end), int(count), more == b"true")

    def _plan(self, variables: Mapping[str, Any], scope: Scope) -> Plan:
        key = (self.operation.variables.shape(variables), scope)
        found = self._plans.get(key)
        if found is None:
            hollow = self.operation.variables.hollow(variables)
            builder = self._builder(hollow, scope)
            statement = Statement(_lines(builder, self.operation))
            found = self._plans[key] = Plan(
                statement,
                dict(builder.binds),
                frozenset(),
                lambda alone: Joined(_lines(self._builder(hollow, scope), self.operation), alone),
                is_personal=True,
            )
            if len(self._plans) > MOST_PLANS:
                self._plans.popitem(last=False)
        else:
            self._plans.move_to_end(key)
        return found

    def _builder(self, hollow: Mapping[str, Any], scope: Scope) -> Builder:
        return Builder(self._catalogue, self.operation.walk(hollow), scope, self._limits)


def _lines(builder: Builder, operation: Operation) -> Select[Any]:
    """One text: how far it reaches and its places, as `hub.access.seen` reads them; what `FeedLines.read` reads; the lines."""
    [field] = selected(builder.document, operation.root, [operation.definition.selection_set])
    part = FeedPart(builder, field, operation.root.fields[field.name])
    most = builder.bind(lambda variables: variables[LINES], BigInteger())
    content = table_of(FeedContent).alias("feed_content")
    line = func.concat(
        literal_column("""'{"content":'""", Text),
        func.coalesce(content.c.content, literal_column("'null'", Text)),
        literal_column("""',"entry":'""", Text),
        part.rows.c.entry,
        literal_column(r"E'}\n'", Text),
    )
    page = (
        select(part.rows.c.position, line.label("line"))
        .join_from(part.rows, content, content.c.position == part.rows.c.position)
        # NOTE said of both: PostgreSQL carries no inequality across a join, and merging would read all contents from the first.
        .where(*part.conditions, content.c.position > part.start)
        .order_by(part.rows.c.position)
        .limit(most)
        .subquery("feed_page")
    )
    count = func.count()
    is_full = count == most
    position = page.c.position
    end = part.end(is_full, func.max(position))
    if part.is_whole:
        taken: list[Piece] = [literal_column("'('", Text), part.start, ",", end, "]"]
    else:
        place = func.int8range(position, position, literal_column("'[]'"))
        shown = cast(func.range_agg(place, type_=INT8MULTIRANGE()), Text)
        taken = [func.btrim(shown, literal_column("'{}'", Text))]
    lines = func.string_agg(page.c.line, aggregate_order_by(literal_column("''", Text), position.asc()))
    head: list[Piece] = [
        cast(end, Text),
        " ",
        cast(count, Text),
        " ",
        cast(part.more(is_full), Text),
        " ",
    ]
    return select(joined([*reached(end, taken), *head, lines])).select_from(page)
