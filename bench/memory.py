# SPDX-License-Identifier: EUPL-1.2
"""Memory: what the server and PostgreSQL's backends hold while requests go by, and whether it stays."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx2

from bench.cpu import tree
from bench.figures import Figure
from bench.load import load
from bench.questions import Question, body
from bench.served import Served

SLICE = 5
"""Seconds of load between two looks."""
CONNECTIONS = 8
LOOKS = 50
"""Of a flood."""
FLAT_REQUESTS, FLAT_FLOOD = 1.0, 10.0
"""KB per 1,000 requests that still count as flat: a megabyte over a million requests, or over a hundred thousand documents."""
BITS = 17
"""2 to the power of so many distinct shapes or selections: more than a hundred thousand."""
SPREAD = 81_007
"""Odd, so that no two numbers times it agree in `BITS` bits; and large, so that numbers side by side differ in the high ones."""
FIELDS = (
    *("id", "givenName", "familyName", "birthDate", "sex", "employmentStatus", "obligation") * 2,
    "municipality { name }", "household { measure }", "pacts { kind }",
)  # fmt: skip


@dataclass(frozen=True)
class Look:
    """After so many requests: resident memory of the server, and what each of PostgreSQL's processes holds for itself, in KB."""

    requests: int
    server: int
    backends: Mapping[int, int]

    @property
    def postgres(self) -> int:
        """What PostgreSQL's processes hold together."""
        return sum(self.backends.values())


def look(one: Served, requests: int) -> Look:
    """Look at a server now. PostgreSQL's shared buffers are not counted: they fill, and are of fixed size."""
    backends = {process: held(process, "RssAnon") for process in tree(one.world.postmaster)}
    return Look(requests, held(one.process, "VmRSS"), backends)


def under_requests(one: Served, asked: Sequence[Question], requests: int, budget: float) -> list[Look]:
    """Send questions of one consumer until so many were answered, or so many seconds are over."""
    voucher = one.world.voucher(asked[0].consumer)
    bodies = [
        each for bodies in zip(*(question.bodies() for question in asked), strict=True) for each in bodies
    ]
    looks, sent, until = [look(one, 0)], 0, time.monotonic() + budget
    while sent < requests and time.monotonic() < until:
        sent += load(one.url, voucher, bodies, connections=32, seconds=SLICE).requests
        looks.append(look(one, sent))
    return looks


def under_flood(one: Served, code: str, documents: int, budget: float) -> list[Look]:
    """Send so many bodies of which each must be parsed or planned anew, or as many as so many seconds allow."""
    return asyncio.run(_flood(one, code, documents, budget))


async def _flood(one: Served, code: str, documents: int, budget: float) -> list[Look]:
    voucher = one.world.voucher("centre")
    headers = {"authorization": f"Bearer {voucher}", "content-type": "application/json"}
    looks, ahead, until = [look(one, 0)], distinct(code), time.monotonic() + budget
    sent, every = 0, max(1, documents // LOOKS)

    async def send(http: httpx2.AsyncClient, bodies: Iterator[bytes]) -> None:
        for content in bodies:  # the workers share the iterator
            answer = await http.post(f"{one.url}/graphql", content=content, headers=headers)
            if answer.status_code != 200 or not answer.content.startswith(b'{"data":{"beneficiary":{'):
                raise SystemExit(
                    f"A document of the flood was refused: {content!r}: {answer.content[:500]!r}"
                )

    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        while sent < documents and time.monotonic() < until:
            several = iter(list(itertools.islice(ahead, min(every, documents - sent))))
            sent += every if documents - sent > every else documents - sent
            await asyncio.gather(*(send(http, several) for _ in range(CONNECTIONS)))
            looks.append(look(one, sent))
    return looks


def distinct(code: str) -> Iterator[bytes]:
    """Bodies without end, no two alike to a cache: another text of the same meaning, another selection, another shape of variables."""
    for number in itertools.count():
        yield body(
            f'query N{number} {{ beneficiary(fiscalCode: "{code}") {{ a{number}: givenName id }} }}', {}
        )
        yield body(_selecting(number), {"fiscalCode": code})
        yield _shaped(number, code)


def chosen(number: int) -> list[bool]:
    """Which fields a number stands for: all of them as often among early numbers as among late ones, or documents would grow as they go by."""
    return [bool(number * SPREAD >> bit & 1) for bit in range(BITS)]


def _selecting(number: int) -> str:
    """A document that selects the fields whose bits are set."""
    fields = " ".join(
        f"f{place}: {field}"
        for place, (field, wanted) in enumerate(zip(FIELDS, chosen(number), strict=True))
        if wanted
    )
    return f"query($fiscalCode: FiscalCode!) {{ beneficiary(fiscalCode: $fiscalCode) {{ fiscalCode {fields} }} }}"


def _including(bit: int, field: str) -> str:
    name, _, below = field.partition(" ")
    return f"f{bit}: {name} @include(if: $b{bit}) {below}"


_SHAPED = (
    f"query($fiscalCode: FiscalCode!, {', '.join(f'$b{bit}: Boolean!' for bit in range(BITS))}) "
    f"{{ beneficiary(fiscalCode: $fiscalCode) {{ fiscalCode {' '.join(itertools.starmap(_including, enumerate(FIELDS)))} }} }}"
)


def _shaped(number: int, code: str) -> bytes:
    """One document, and variables whose shape is the number's."""
    return body(_SHAPED, {"fiscalCode": code} | {f"b{bit}": one for bit, one in enumerate(chosen(number))})


def slope(looks: Sequence[Look], held: Callable[[Look], int]) -> float:
    """KB per 1,000 requests: the line of least squares through these looks."""
    middle = sum(one.requests for one in looks) / len(looks)
    level = sum(map(held, looks)) / len(looks)
    over = sum((one.requests - middle) ** 2 for one in looks)
    return sum((one.requests - middle) * (held(one) - level) for one in looks) / over * 1_000 if over else 0.0


def told(name: str, looks: Sequence[Look], flat: float) -> list[Figure]:
    """What the looks come to; `flat`: the slope that still counts as flat."""
    last = looks[-1]
    warm = [one for one in looks if one.requests >= last.requests / 5]
    # NOTE a connection that is opened, or a vacuum that begins, is a step and not what requests leave behind: pools have their bounds.
    stayed = set.intersection(*({*one.backends} for one in warm))
    return [
        Figure(f"memory.{name}.requests", last.requests, "requests", None, "higher"),
        Figure(f"memory.{name}.server", round(last.server / 1024, 1), "MiB", None, "lower"),
        Figure(f"memory.{name}.server.slope", round(slope(warm, lambda one: one.server), 2), "KB/1000 requests", flat, "lower"),
        Figure(f"memory.{name}.postgres", round(last.postgres / 1024, 1), "MiB", None, "lower"),
        Figure(f"memory.{name}.postgres.slope", round(slope(warm, lambda one: sum(one.backends[each] for each in stayed)), 2), "KB/1000 requests", flat, "lower"),
    ]  # fmt: skip


def held(process: int, what: str) -> int:
    """A line of /proc/PID/status, in KB; 0 when the process has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{what}:")), 0)
