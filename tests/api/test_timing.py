# SPDX-License-Identifier: EUPL-1.2
"""What lies beyond the territory takes as long to be refused as what does not exist.

Three questions of one form take turns: about something beyond the caller's territory, about something that is nowhere, and about
something else that is nowhere. How far the last two seem to differ is what this machine's noise makes of nothing, at this moment; the
first may differ from them by no more than a few times as much, or by a fifth of a millisecond. Times are compared at their first
quartile, which other programs on the machine disturb least. They are taken in process: a network would only add to the noise.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from statistics import quantiles
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from hub.http.answers import Reply
from hub.http.graphql import GraphQLEndpoint
from hub.http.request import GraphQLRequest
from hub.store.fiscal_code import check_letter
from tests.api.probes import RECORD, TYPES

if TYPE_CHECKING:
    from tests.api.conftest import Service
    from tests.api.world import World

ROUNDS = 150
FLOOR = 0.0002
"""Seconds: a difference below is none."""
NOISES = 4
ATTEMPTS = 3

Values = Mapping[str, Any]
Ask = Callable[[Values], Awaitable[bytes]]


@dataclass(frozen=True)
class Question:
    """One form of a question, about a thing named by its key; `kind`: what its ids begin with, or a fiscal code's."""

    query: str
    kind: str
    caller: str

    def values(self, key: str) -> Values:
        """The variables that ask about that key."""
        if "_entities" in self.query:
            return {"given": [{"__typename": TYPES[self.kind], "id": key}]}
        if "mutation" in self.query:
            return {
                "input": {
                    "idempotencyKey": "timed",
                    "fiscalCode": key,
                    "type": "CONVOCATION_MISSED",
                    "occurredAt": "2026-09-05T09:00:00Z",
                }
            }
        return {"v": key}


QUESTIONS = {
    "a person by fiscal code": Question(
        "query ($v: FiscalCode!) { beneficiary(fiscalCode: $v) { id household { id } } }", "code", "centre"
    ),
    "a person by fiscal code, of a region": Question(
        "query ($v: FiscalCode!) { beneficiary(fiscalCode: $v) { id household { id } } }", "code", "region"
    ),
    "a list by fiscal code": Question(
        "query ($v: FiscalCode!) { beneficiaries(filter: { fiscalCode: $v }) { totalCount nodes { id } } }",
        "code",
        "municipality",
    ),
    "a person by id": Question("query ($v: ID!) { node(id: $v) { id } }", "ben", "centre"),
    "a household by id": Question(
        "query ($v: ID!) { household(id: $v) { id members { id } } }", "hsh", "municipality"
    ),
    "a household as a node": Question("query ($v: ID!) { node(id: $v) { id } }", "hsh", "centre"),
    "a pact by id": Question("query ($v: ID!) { pact(id: $v) { id goals { ordinal } } }", "pct", "region"),
    "an event as a node": Question("query ($v: ID!) { node(id: $v) { id } }", "evt", "municipality"),
    "an entity": Question(
        "query ($given: [_Any!]!) { _entities(representations: $given) { ... on Node { id } } }",
        "ben",
        "centre",
    ),
    "an event to be recorded": Question(RECORD, "code", "centre"),
}


def keys(kind: str, world: World) -> tuple[str, str, str]:
    """Of something in Torino, and of two things that are nowhere."""
    there: dict[str, str] = {
        "code": world.people["torino-only"].fiscal_code,
        "ben": world.people["torino-only"].node,
        "hsh": f"hsh_{world.households['torino-only'].hex}",
        "pct": f"pct_{world.pacts['service-torino'].hex}",
        "evt": f"evt_{world.events[5].hex}",
    }
    if kind == "code":
        first, second = (f"ZZZZZZ80A{day:02}H501" for day in (1, 2))
        return there[kind], first + check_letter(first), second + check_letter(second)
    # Among the keys that are: before them all, or after, an index would be left at its edge.
    near = UUID(hex=there[kind][4:]).int
    return there[kind], f"{kind}_{UUID(int=near + 1).hex}", f"{kind}_{UUID(int=near - 1).hex}"


async def asking(service: Service, question: Question) -> Ask:
    """The way to ask, as its caller."""
    endpoint: GraphQLEndpoint = service.hub._graphql
    headers = {b"authorization": f"Bearer {service.token(question.caller)}".encode()}
    caller, _ = await endpoint._authenticator.authenticate(headers, "POST")

    async def ask(values: Values) -> bytes:
        reply = await endpoint._operations.run(GraphQLRequest(question.query, values, None), caller, None)
        assert isinstance(reply, Reply)
        return reply.body

    return ask


async def apart(ask: Ask, asked: Sequence[Values]) -> float | None:
    """The seconds by which the first takes another time than the second, as far as it is no noise."""
    random, taken = Random("turns"), [list[float]() for _ in asked]
    for values in asked:
        await ask(values)
    for _ in range(ROUNDS):
        for which in random.sample(range(len(asked)), len(asked)):
            began = time.perf_counter()
            await ask(asked[which])
            taken[which].append(time.perf_counter() - began)
    there, nowhere, elsewhere = (quantiles(times, n=4)[0] for times in taken)
    difference, noise = abs(there - nowhere), abs(nowhere - elsewhere)
    print(f"{there * 1e3:.3f} ms there, {nowhere * 1e3:.3f} and {elsewhere * 1e3:.3f} ms nowhere")
    return difference if difference > max(FLOOR, NOISES * noise) else None


@pytest.mark.parametrize("name", QUESTIONS)
async def test_outside_takes_as_long_as_nowhere(name: str, ask: Service, world: World) -> None:
    question = QUESTIONS[name]
    asked = [question.values(key) for key in keys(question.kind, world)]
    way = await asking(ask, question)
    answers = [await way(values) for values in asked]
    assert answers[0] == answers[1] == answers[2]
    differences = []
    for _ in range(ATTEMPTS):
        difference = await apart(way, asked)
        if difference is None:
            return
        differences.append(difference)
    pytest.fail(f"apart by {[f'{one * 1e3:.3f} ms' for one in differences]}")


async def test_a_millisecond_would_be_seen(ask: Service, world: World) -> None:
    question = QUESTIONS["a person by fiscal code"]
    asked = [question.values(key) for key in keys(question.kind, world)]
    way = await asking(ask, question)

    async def slower(values: Values) -> bytes:
        body = await way(values)
        until = time.perf_counter() + 0.001
        while values is asked[0] and time.perf_counter() < until:
            pass
        return body

    for _ in range(ATTEMPTS):
        if await apart(slower, asked) is not None:
            return
    pytest.fail("nothing was seen")
