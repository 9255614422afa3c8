# SPDX-License-Identifier: EUPL-1.2
"""The hub, then PostgreSQL, is killed while people are looked at: whoever has an answer finds its line, and without a line has none."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import httpx2

from connectors.simulators.consumers import CENTRE, register_demo_consumers
from connectors.simulators.keys import open_keys
from connectors.simulators.pdnd import issue_voucher
from connectors.simulators.registry import demo_registry
from hub.store.embedded import embedded_server
from hub.store.engine import connection_arguments
from hub.store.migrations import migrate
from hub.store.population.seed import seed_population
from tests.conftest import POPULATION_DAY, open_folder
from tests.e2e.test_kill import Desk, served

KILLS = 3
READERS, DESKS = 8, 2
LOOK = """query Look($code: FiscalCode!, $mark: ID!) {
  beneficiary(fiscalCode: $code) { familyName } nobody: node(id: $mark) { id } }"""
"""The mark is an id that nobody has: it tells one look from every other."""
PEOPLE = """
    SELECT b.id, b.fiscal_code FROM beneficiary b JOIN employment_centre c ON c.id = b.employment_centre_id
    WHERE c.code = $1 ORDER BY EXISTS (
        SELECT FROM benefit g WHERE g.household_id = b.household_id AND g.period @> daterange('2026-05-01', '2026-06-01')
            AND g.status = 'ACTIVE'
    ) DESC, b.fiscal_code LIMIT 40
"""
"""Those first of whom something can be recorded."""
LINES = "SELECT asked ->> 'mark' AS mark, subjects, outcome FROM access_log WHERE operation = 'Look'"
UNWRITTEN = """
    SELECT count(*) FROM conditionality_event AS event WHERE note LIKE 'desk-%' AND NOT EXISTS (
        SELECT FROM access_log WHERE asked -> 'input' ->> 'idempotencyKey' = event.note AND event.beneficiary_id = ANY(subjects))
"""


@dataclass
class Person:
    """Whom a reader looks at."""

    id: UUID
    fiscal_code: str


class Reader:
    """Looks at one person after another, and keeps what came of it."""

    def __init__(self, people: Sequence[Person], token: str) -> None:
        self.shown: dict[str, UUID] = {}
        """The marks of the looks that were answered, and whom each showed."""
        self.refused: Counter[int] = Counter()
        """How often each status came in place of an answer."""
        self.given_beside: list[bytes] = []
        """Refusals with data in them."""
        self._people, self._headers = people, {"authorization": f"Bearer {token}"}

    async def work(self, address: str, goes_on: Callable[[], bool]) -> None:
        """Look, until the hub goes or nobody wants it any more."""
        async with httpx2.AsyncClient(trust_env=False, timeout=30) as http:
            while goes_on():
                person, mark = self._people[len(self.shown) % len(self._people)], f"ben_{uuid4().hex}"
                content = {"query": LOOK, "variables": {"code": person.fiscal_code, "mark": mark}}
                try:
                    answer = await http.post(f"{address}/graphql", json=content, headers=self._headers)
                except httpx2.TransportError:
                    return  # killed: no answer came
                if answer.status_code == 200 and "errors" not in answer.json():
                    assert answer.json()["data"]["beneficiary"]["familyName"]
                    self.shown[mark] = person.id
                else:
                    self.refused[answer.status_code] += 1
                    if b"familyName" in answer.content:
                        self.given_beside.append(answer.content)
                    await asyncio.sleep(0.02)


def _total(readers: Sequence[Reader]) -> int:
    return sum(len(reader.shown) for reader in readers)


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)


async def _hold_to_the_log(
    owner: asyncpg.Connection[asyncpg.Record], readers: Sequence[Reader], most_unanswered: int
) -> None:
    """Each answer has one line, about whom it showed; lines without an answer are at most as many as were under way."""
    lines = await owner.fetch(LINES)
    marks = Counter(line["mark"] for line in lines)
    assert set(marks.values()) == {1}
    said = {line["mark"]: list(line["subjects"]) for line in lines if line["outcome"] == "ANSWERED"}
    shown = {mark: person for reader in readers for mark, person in reader.shown.items()}
    assert {mark: said.get(mark) for mark in shown} == {mark: [person] for mark, person in shown.items()}
    assert len(said) - len(shown) <= most_unanswered


async def _people(owner: asyncpg.Connection[asyncpg.Record]) -> list[Person]:
    found = [Person(row["id"], row["fiscal_code"]) for row in await owner.fetch(PEOPLE, CENTRE)]
    assert len(found) > READERS
    return found


async def test_each_answer_has_its_line_when_the_hub_is_killed(
    command: list[str], populated_url: str, tmp_path: Path
) -> None:
    registry = demo_registry()
    keys = open_keys(tmp_path, registry)
    owner = await asyncpg.connect(**connection_arguments(populated_url))
    try:
        await register_demo_consumers(owner, registry)
        people, token = await _people(owner), issue_voucher(registry, keys, "centre", lifespan=3_600)
        readers = [Reader(people[number:] + people[:number], token) for number in range(READERS)]
        desks = [Desk(number, people[number].fiscal_code, token) for number in range(DESKS)]
        for _ in range(KILLS):
            async with served(command, populated_url, tmp_path) as (process, address):
                before = _total(readers)
                working = [asyncio.create_task(reader.work(address, lambda: True)) for reader in readers]
                working += [asyncio.create_task(desk.work(address)) for desk in desks]
                await _until(lambda before=before: _total(readers) >= before + 100)  # type: ignore[misc]
                process.send_signal(signal.SIGKILL)
                await asyncio.gather(*working)
        assert _total(readers) >= KILLS * 100
        assert not sum((reader.refused for reader in readers), Counter())
        await _hold_to_the_log(owner, readers, KILLS * READERS)
        assert sum(len(desk.acknowledged) for desk in desks) > 0
        assert await owner.fetchval(UNWRITTEN) == 0, "no event is recorded whose line is not there"
    finally:
        await owner.close()


class OwnServer:
    """A PostgreSQL of the test's own, which may be killed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = AsyncExitStack()

    def start(self) -> str:
        """Start it, after a crash too; its URL."""
        return self._stack.enter_context(embedded_server(self._folder))

    def crash(self) -> None:
        """Have every process of it end where it stands, with nothing written that was not."""
        pid = int((self._folder / "postgres" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGQUIT)

    async def close(self) -> None:
        """Stop it."""
        await self._stack.aclose()


@asynccontextmanager
async def own_server() -> AsyncIterator[OwnServer]:
    with open_folder() as folder:
        server = OwnServer(folder)
        try:
            yield server
        finally:
            await server.close()


async def test_each_answer_has_its_line_when_postgresql_is_killed_and_without_it_there_is_none(
    command: list[str], tmp_path: Path
) -> None:
    registry = demo_registry()
    keys = open_keys(tmp_path, registry)
    async with own_server() as server:
        url = server.start()
        await asyncio.to_thread(migrate, url)
        owner = await asyncpg.connect(**connection_arguments(url))
        await seed_population(
            owner, beneficiaries=2_000, seed=1, today=POPULATION_DAY, progress=lambda *_: None
        )
        await register_demo_consumers(owner, registry)
        people, token = await _people(owner), issue_voucher(registry, keys, "centre", lifespan=3_600)
        readers = [Reader(people[number:] + people[:number], token) for number in range(READERS)]
        goes_on = True
        async with served(command, url, tmp_path) as (_, address):
            working = [asyncio.create_task(reader.work(address, lambda: goes_on)) for reader in readers]
            await _until(lambda: _total(readers) >= 100)
            server.crash()
            await _until(lambda: all(reader.refused[503] >= 3 for reader in readers))
            server.start()
            before = _total(readers)
            await _until(lambda: _total(readers) >= before + 100)
            goes_on = False
            await asyncio.gather(*working)
        refused = sum((reader.refused for reader in readers), Counter())
        assert refused.keys() == {503}, refused
        assert [given for reader in readers for given in reader.given_beside] == []
        owner = await asyncpg.connect(**connection_arguments(url))
        try:
            await _hold_to_the_log(owner, readers, refused.total())
        finally:
            await owner.close()
