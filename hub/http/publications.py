# SPDX-License-Identifier: EUPL-1.2
"""`POST /opportunities`: job offers, placements and courses of the caller's own, published and withdrawn, a line of NDJSON each.

What came of each line is said on a line of the answer. Nobody is looked at: there is no line of the access log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID
from weakref import WeakValueDictionary

import orjson

from hub.access.caller import Caller
from hub.access.operator import Operator
from hub.errors import InvalidInput
from hub.http.admission import Admission
from hub.http.answers import Reply
from hub.http.demands import Demands
from hub.http.posted import PostedDocuments
from hub.http.publication_lines import LineInvalid, PublicationLines
from hub.http.request import UnsupportedMediaType
from hub.http.watch import UnderWay, Watch
from hub.opportunities.forms import Form, Withdrawal
from hub.opportunities.publish import Published, publish
from hub.opportunities.refusals import PublicationRefusal
from hub.plan.publisher import publisher_of
from hub.store.engine import Database
from hub.store.identifiers import encode_id
from hub.store.vocabulary import Capability

PATH: Final = "/opportunities"
MOST_LINES: Final = 1_000
_MEDIA: Final = "application/x-ndjson"


class TooManyLines(InvalidInput):
    """At most 1,000 lines are taken at once: send the others after them."""

    code = "TOO_MANY_LINES"


class PublicationsEndpoint(PostedDocuments):
    """The ASGI endpoint. `now`: the time of day, with an offset."""

    door = PATH
    capability = Capability.PUBLISH_OPPORTUNITIES
    taken: ClassVar = frozenset({_MEDIA})
    advice = f"Send the lines as `Content-Type: {_MEDIA}`, in UTF-8."
    told = _MEDIA.encode()

    def __init__(
        self,
        database: Database,
        admission: Admission,
        demands: Demands,
        watch: Watch,
        lines: PublicationLines,
        now: Callable[[], datetime],
        max_body_bytes: int,
    ) -> None:
        super().__init__(admission, demands, watch, max_body_bytes)
        self._database = database
        self._lines = lines
        self._now = now
        self._turns: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    async def take(
        self, body: bytes, charset: str | None, caller: Caller, operator: Operator | None, under_way: UnderWay
    ) -> Reply:
        """Publish and withdraw what the lines say.

        Raises:
            UnsupportedMediaType: they are said to be in another charset than UTF-8.
            TooManyLines: nothing of them was done.

        """
        if charset is not None and charset.lower() != "utf-8":
            raise UnsupportedMediaType(self.advice)
        if body.count(b"\n") + (not body.endswith(b"\n")) > MOST_LINES:
            raise TooManyLines
        read = [self._lines.read(line) for line in body.removesuffix(b"\n").split(b"\n")] if body else []
        given = [one for one in read if not isinstance(one, list)]
        # NOTE a publisher's batches wait for each other here, not at the database with a connection each.
        turn = self._turns.setdefault(caller.agency_id, asyncio.Lock())
        async with turn:
            under_way.is_command = True
            async with self._database.write.acquire() as connection, connection.transaction():
                done = await publish(connection, publisher_of(caller, operator), given, self._now())
        results = iter(done)
        outcomes = [_refused(one) if isinstance(one, list) else _outcome(one, next(results)) for one in read]
        told = (orjson.dumps({"line": number, **one}) + b"\n" for number, one in enumerate(outcomes, 1))
        return Reply(200, b"".join(told))


def _outcome(one: Form | Withdrawal, result: Published | Sequence[PublicationRefusal]) -> dict[str, Any]:
    if not isinstance(result, Published):
        return _refused(result)
    return {
        "reference": one.reference,
        "id": encode_id(one.kind.prefix, result.id),
        "change": result.change,
    }


def _refused(reasons: Iterable[PublicationRefusal | LineInvalid]) -> dict[str, Any]:
    return {"errors": [{"code": one.code, "message": one.message, "path": list(one.path)} for one in reasons]}
