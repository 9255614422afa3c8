# SPDX-License-Identifier: EUPL-1.2
"""Before anything is timed: the contestants give equal answers, and leave equal rows."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg
import httpx2

from bench.content import OF_THE_MOMENT, OPAQUE, content
from bench.load import fresh_key
from bench.questions import FRESH, MOMENT, Question
from bench.served import Served, ask, data_of
from bench.world import World
from hub.store.engine import connection_arguments

COMPARED, WRITTEN = 40, 24
"""How many of a question's variables are asked of every contestant: of one that reads, of one that writes."""

# What is left by one recorded event; the sequencer may have moved it from the outbox to the feed already.
ROWS = """
SELECT e.type, e.occurred_at, e.agency_id, e.beneficiary_id, e.household_id, e.fiscal_code, e.inps_protocol, e.measure,
       e.pact_id, e.note, e.withdraws_event_id, k.agency_id AS key_of, k.operation, length(k.input_hash) AS hashed,
       EXISTS (SELECT FROM feed_entry f WHERE f.event_id = e.id)
       OR EXISTS (SELECT FROM outbox_message o WHERE o.topic = 'feed' AND o.subject_id = e.id) AS queued
FROM idempotency_key k JOIN conditionality_event e ON e.id = k.result_id WHERE k.key = $1"""


def check_same(contestants: Sequence[Served], question: Question, world: World) -> int:
    """End the bench unless all say the same to some of what is asked, and it is data; the length of the first's longest answer.

    The hub and the bare app must give the same bytes; who writes JSON in its own way, the same content.
    """
    if question.writes:
        return asyncio.run(_check_writes(contestants, question, world))
    voucher, longest = world.voucher(question.consumer), 0
    bodies = [one.dialect.bodies(question) for one in contestants]
    with httpx2.Client(trust_env=False) as http:
        for number in range(min(COMPARED, len(question.asked))):
            answers = [
                ask(http, one.url, voucher, asked[number])
                for one, asked in zip(contestants, bodies, strict=True)
            ]
            said = [
                content(one.dialect.read(question, data_of(answer, one.name)))
                for one, answer in zip(contestants, answers, strict=True)
            ]
            for one, answer, words in zip(contestants[1:], answers[1:], said[1:], strict=True):
                if words != said[0] or (one.name == "bare" and answer != answers[0]):
                    raise _differ(question, one, bodies[0][number], said[0], words)
            longest = max(longest, len(answers[0]))
    return longest


async def _check_writes(contestants: Sequence[Served], question: Question, world: World) -> int:
    connection = await asyncpg.connect(**connection_arguments(world.url))
    longest, voucher = 0, world.voucher(question.consumer)
    try:
        with httpx2.Client(trust_env=False) as http:
            for number in range(min(WRITTEN, len(question.asked))):
                found: list[tuple[Any, Any]] = []
                for one in contestants:
                    body, key = one.dialect.bodies(question)[number], fresh_key()
                    moment = f"{MOMENT[:-6]}{secrets.randbelow(1_000_000):06}"
                    asked = body.replace(FRESH.encode(), key.encode()).replace(
                        MOMENT.encode(), moment.encode()
                    )
                    answer = ask(http, one.url, voucher, asked)
                    said = one.dialect.read(question, data_of(answer, one.name))
                    rows = [dict(row) for row in await connection.fetch(ROWS, key)]
                    # Each contestant records another fact: a moment of its own, which has to be the one it was given.
                    if [row.pop("occurred_at") for row in rows] != [
                        datetime.fromisoformat(f"{moment}+00:00")
                    ]:
                        raise SystemExit(f"{one.name} left another moment than it was given: {body!r}")
                    found.append((content(said, without=OPAQUE | OF_THE_MOMENT | {"occurredAt"}), rows))
                    if len(rows) != 1 or found[-1] != found[0]:
                        raise _differ(question, one, body, found[0], found[-1])
                    longest = max(longest, len(answer) if one is contestants[0] else 0)
    finally:
        await connection.close()
    return longest


def _differ(question: Question, one: Served, body: bytes, first: Any, other: Any) -> SystemExit:
    return SystemExit(
        f"{question.name}: {one.name} differs. Asked: {body.decode()}\nexpected {first!r}\nfound    {other!r}"
    )
