# SPDX-License-Identifier: EUPL-1.2
"""Flows are killed (SIGKILL) in the middle and run again: in the end all is as after one run that nothing disturbed.

Where a kill falls is drawn from a seed. The agencies are simulated in this process, and their switches for faults hold a run where it is
to be killed: a page that is asked for and never comes, while the one before it lands. Files are held by the database.
"""

from __future__ import annotations

import asyncio
import signal
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

import asyncpg
import pytest

from connectors.file_exchange import Format
from connectors.outbound.destinations import register
from connectors.simulators.demo_opportunities import demo_offers
from connectors.simulators.demo_pacts import demo_pacts
from connectors.simulators.demo_people import People
from connectors.simulators.demo_world import LAZIO, ROME_PROTOCOL, DemoWorld, demo_world
from connectors.simulators.faults import Fault, FaultKind, Faults
from connectors.simulators.filing_agency import FileSender
from connectors.simulators.inps import ADMITTED
from connectors.simulators.inps_world import SimulatedAdmission
from hub.cli.simulation import Simulation, simulated_agencies
from hub.store.engine import connection_arguments
from hub.store.reference.demo import load_demo_reference
from hub.store.vocabulary import ConditionalityEventType, DeliveryChannel
from tests.api.world import NORTH, ROMA, Builder
from tests.conftest import create_database, drop_database
from tests.e2e.killing import PATIENCE, Commands, Moment, gate
from tests.flows.inbound.looks import look
from tests.unit.connectors.communication_documents import unilav

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

SEED = 6
HOUSEHOLDS = 1_000
"""Besides the demo's: three pages."""
OFFERS = 1_100
PAGE = 500
HIRES = 520
"""Two pages."""
PEOPLE, FACTS = 12, 8
"""Who is told of, and how often of each."""
TOLD = ConditionalityEventType.ACTIVITY_NOT_ATTENDED
_numbers = count(1)


@dataclass(frozen=True)
class Side:
    """A database, whoever looks at it, and the commands on it."""

    url: str
    owner: Owner
    snodo: Commands


Sides = Callable[..., Any]


@pytest.fixture
def random() -> Random:
    return Random(SEED)


@pytest.fixture
def sides(server_url: str, template: str, worker_id: str, command: list[str], folder: Path) -> Sides:
    """Two databases with the demo's reference data: one whose runs are killed, and one whose runs nothing disturbs."""

    @asynccontextmanager
    async def made(settings: dict[str, str] | None = None) -> AsyncIterator[tuple[Side, Side]]:
        names = [f"snodo_kill_{worker_id}_{next(_numbers)}" for _ in range(2)]
        found = []
        try:
            for name in names:
                url = await create_database(server_url, name, template)
                owner = await asyncpg.connect(**connection_arguments(url))
                await load_demo_reference(owner)
                given = {**(settings or {}), "SNODO_DATABASE_URL": url}
                found.append(Side(url, owner, Commands(command, folder, given)))
            yield found[0], found[1]
        finally:
            for one in found:
                await one.owner.close()
            for name in names:
                await drop_database(server_url, name)

    return made


@pytest.fixture
async def agencies(folder: Path) -> AsyncIterator[Simulation]:
    """PDND, INPS and Lazio, with enough of everything for several pages."""
    today = datetime.now(UTC).date()
    async with simulated_agencies(folder, today) as simulation:
        enlarge(simulation.world, today)
        yield simulation


def enlarge(world: DemoWorld, today: date) -> None:
    """Let INPS admit many more households, and Lazio have offers and their pacts."""
    more = list(admissions(world))
    world.inps.admissions += more
    changed_at = datetime.now(UTC) - timedelta(days=1)
    lazio = [one for one in more if one.members[0].belfiore == ROMA]
    world.region.pacts += [
        replace(one, number=one.number + 100_000) for one in demo_pacts(lazio, today, changed_at)
    ]
    offers = demo_offers(today, changed_at)
    world.region.offers += [
        replace(offers[n % len(offers)], number=f"molte-{n}", places=n + 1) for n in range(OFFERS)
    ]


def admissions(world: DemoWorld) -> Iterator[SimulatedAdmission]:
    """Reports on households of one, all in Rome."""
    model, people = world.household(ROME_PROTOCOL).admission, People(SEED)
    for n in range(HOUSEHOLDS):
        made = people.person("Esposti", "F", (1965, 1999), "1")
        member = replace(
            model.members[0],
            fiscal_code=made.fiscal_code,
            given_name=made.given_name,
            family_name=made.family_name,
            birth_date=made.birth_date,
        )
        yield replace(
            model,
            protocol=f"INPS-ADI-2026-{1_000_000 + n}",
            reported_at=model.reported_at + timedelta(seconds=n),
            members=(member,),
        )


def settings_of(simulation: Simulation) -> dict[str, str]:
    """The settings of a hub among these agencies, as a process is given them."""
    return {f"SNODO_{name.upper()}": str(value) for name, value in simulation.settings().items()}


def held(faults: Faults, operation: str, spares: int) -> Moment:
    """Hold the request after so many; gives whether it is held."""
    before = faults.calls(operation)
    faults.set(operation, Fault(FaultKind.HANG, spares=spares))

    async def is_held() -> bool:
        return faults.calls(operation) > before + spares

    return is_held


def landed(owner: Owner, flow: str) -> Moment:
    """Whether a page of the last run of a flow has landed."""

    async def has_come() -> bool:
        found: bool = await owner.fetchval(
            "SELECT coalesce((SELECT received > 0 FROM inbound_run WHERE flow = $1 ORDER BY id DESC LIMIT 1), false)",
            flow,
        )
        return found

    return has_come


async def runs(owner: Owner) -> list[tuple[str, int, bool]]:
    """Of each run: its flow, what it received, whether it came to its end."""
    rows = await owner.fetch(
        "SELECT flow, received, finished_at IS NOT NULL FROM inbound_run ORDER BY started_at, id"
    )
    return [tuple(row.values()) for row in rows]


async def counted(owner: Owner) -> dict[str, tuple[int, ...]]:
    """What all runs of each flow received, landed and refused."""
    rows = await owner.fetch(
        "SELECT flow, sum(received), sum(landed), sum(quarantined) FROM inbound_run GROUP BY flow"
    )
    return {row[0]: tuple(row.values())[1:] for row in rows}


async def test_inps_and_a_region_are_pulled_as_if_no_run_had_been_killed(
    agencies: Simulation, sides: Sides, random: Random
) -> None:
    inps, region = ("sync", "inps"), ("sync", "region", "--region", LAZIO)
    async with sides(settings_of(agencies)) as (disturbed, calm):

        async def killed(words: tuple[str, ...], agency: str, operation: str, after: Moment) -> None:
            """Kill a run when the second page it asks for does not come."""
            faults = agencies.faults[agency]
            asked = held(faults, operation, spares=1)
            await disturbed.snodo.killed(*words, when=then(asked, after))
            faults.clear(operation)

        def at_any_statement() -> Moment:
            return later(random.uniform(0, 0.2))

        await killed(inps, "inps", ADMITTED, landed(disturbed.owner, "admitted-households"))
        await killed(inps, "inps", ADMITTED, at_any_statement())
        await asyncio.gather(*(one.snodo.to_its_end(*inps) for one in (disturbed, calm)))
        await killed(region, "region", "offerte", at_any_statement())
        await killed(region, "region", "patti", landed(disturbed.owner, "pacts"))
        await asyncio.gather(*(one.snodo.to_its_end(*region) for one in (disturbed, calm)))

        assert await look(disturbed.owner) == await look(calm.owner)
        all_told = await counted(calm.owner)
        assert await counted(disturbed.owner) == all_told, "no page came twice, and none was lost"
        cut_short = [(flow, received) for flow, received, ended in await runs(disturbed.owner) if not ended]
        flows = ["admitted-households", "admitted-households", "job-offers", "pacts"]
        assert [flow for flow, _ in cut_short] == flows
        assert {received for _, received in cut_short} <= {0, PAGE}, "of a page all has landed, or nothing"
        assert (cut_short[0][1], cut_short[-1][1]) == (PAGE, PAGE)
        assert all(all_told[flow][0] > 2 * PAGE for flow in flows)


def then(first: Moment, second: Moment) -> Moment:
    """Once one has come, the other."""

    async def has_come() -> bool:
        return await first() and await second()

    return has_come


def later(seconds: float) -> Moment:
    """A little later: the page that lands meanwhile is killed at any of its statements. What falls to which side decides nothing."""

    async def has_come() -> bool:
        await asyncio.sleep(seconds)
        return True

    return has_come


async def test_files_are_read_as_if_no_run_had_been_killed(
    sides: Sides, random: Random, folder: Path, tmp_path: Path
) -> None:
    world = demo_world(date(2026, 9, 21))
    reports = [*world.inps.admissions, *admissions(world)]
    name = "ammesse.ndjson.gz"
    member = reports[random.randint(100, PAGE - 1)].members[0].fiscal_code
    gates = (
        ("beneficiary", "INSERT", f"NEW.fiscal_code = '{member}'"),
        ("received_file", "UPDATE", f"NEW.records >= {random.randint(PAGE + 1, 2 * PAGE)}"),
    )

    def sent(place: Path) -> tuple[FileSender, str, tuple[str, ...]]:
        """INPS's file in a folder of its own: who sent it, its digest, and the command that reads it."""
        place.mkdir()
        sender = FileSender(place, Format.NDJSON)
        file = folder / f"{place.name}.toml"
        file.write_text(
            f'kind = "batch"\nagency = "inps"\nformat = "ndjson"\nfolder = "{place}"\n[files]\nadmitted_households = "*.ndjson.gz"\n'
        )
        return sender, sender.send(name, "admitted_households", reports), ("sync", "files", str(file))

    async with sides() as (disturbed, calm):
        sender, digest, words = sent(tmp_path / "disturbed")
        other, _, undisturbed = sent(tmp_path / "calm")
        async with asyncio.TaskGroup() as meanwhile:
            meanwhile.create_task(calm.snodo.to_its_end(*undisturbed))
            for at in gates:
                async with gate(disturbed.owner, *at) as waits:
                    await disturbed.snodo.killed(*words, when=waits)
            await disturbed.snodo.to_its_end(*words)

        assert await look(disturbed.owner) == await look(calm.owner)
        assert await counted(disturbed.owner) == await counted(calm.owner)
        assert [received for _, received, ended in await runs(disturbed.owner) if not ended] == [0, PAGE]
        (about, refused), (about_calm, refused_calm) = (one.receipt(name, digest) for one in (sender, other))
        assert refused == refused_calm
        assert {**about, "at": None} == {**about_calm, "at": None}
        assert about["records"] == len(reports)


async def hires(owner: Owner) -> list[list[tuple[Any, ...]]]:
    """Each communication, and each event with its key."""
    taken = """
        SELECT c.code, c.state, e.type, e.fiscal_code, e.occurred_at
        FROM communication c LEFT JOIN conditionality_event e ON e.id = c.event_id ORDER BY c.code
    """
    events = "SELECT type, fiscal_code, occurred_at FROM conditionality_event ORDER BY 1, 2, 3"
    keys = "SELECT key FROM idempotency_key ORDER BY 1"
    queued = "SELECT topic, count(*) FROM outbox_message GROUP BY 1"
    said = (taken, events, keys, queued)
    return [[tuple(row.values()) for row in await owner.fetch(sql)] for sql in said]


async def test_hires_are_recorded_once_whatever_was_killed(
    sides: Sides, random: Random, tmp_path: Path
) -> None:
    async with sides() as (disturbed, calm):
        for side in (disturbed, calm):
            codes = await workers(side.owner, 20)
        for n in range(HIRES):
            begins = date(2026, 6, 1) + timedelta(days=n // len(codes))
            (tmp_path / f"{n:04}.xml").write_text(
                unilav(code=communication(n), worker=codes[n % len(codes)], begins=begins.isoformat())
            )
        words = ("sync", "communications", str(tmp_path), "--agency", "regione-12", "--by", "op-1")
        async with asyncio.TaskGroup() as meanwhile:
            meanwhile.create_task(calm.snodo.to_its_end(*words))
            for at_least in (random.randint(1, PAGE - 1), random.randint(PAGE, HIRES - 1)):
                condition = f"NEW.code >= '{communication(at_least)}'"
                async with gate(disturbed.owner, "communication", "INSERT", condition) as waits:
                    await disturbed.snodo.killed(*words, when=waits)
            await disturbed.snodo.to_its_end(*words)

        found = await hires(disturbed.owner)
        assert found == await hires(calm.owner)
        assert [state for _, state, *_ in found[0]] == ["RECORDED"] * HIRES
        assert len(found[1]) == HIRES
        assert [received for _, received, ended in await runs(disturbed.owner) if not ended] == [0, PAGE]


def communication(number: int) -> str:
    """The code of a communication."""
    return f"12{number:014}"


async def workers(owner: Owner, number: int) -> list[str]:
    """People of Rome; their fiscal codes."""
    b = Builder(owner)
    async with owner.transaction():
        await b.household("roma", ROMA, "ADI", manager=None, ends=None)
        for n in range(number):
            await b.person(f"p{n}", "roma", ROMA, NORTH, ("Nome", "Cognome"))
    return [one.fiscal_code for one in b.world.people.values()]


async def test_each_fact_arrives_under_one_key_and_in_order_though_who_tells_it_is_killed(
    agencies: Simulation, command: list[str], folder: Path, database_url: str, owner: Owner, random: Random
) -> None:
    await load_demo_reference(owner)
    await workers(owner, PEOPLE)
    await register(owner, "regione-12", DeliveryChannel.REGION, [TOLD], [LAZIO])
    events = await happen(owner)
    faults, told = agencies.faults["region"], agencies.world.region.told
    settings = settings_of(agencies) | {
        "SNODO_DATABASE_URL": database_url,
        "SNODO_SEQUENCER_INTERVAL": "0.05",
    }
    snodo = Commands(command, folder, settings)

    await snodo.killed("worker", when=held(faults, "eventi", random.randint(1, PEOPLE)))
    await let_go(owner)
    # What is answered slowly is taken by the region, and the hub is killed before it has noted all of it.
    faults.set("eventi", Fault(FaultKind.SLOW, latency=0.2))
    before = len(told.heard)
    await snodo.killed("worker", when=heard(agencies, before + random.randint(PEOPLE, 3 * PEOPLE)))
    await let_go(owner)
    unsettled = await owner.fetchval("SELECT count(*) FROM delivery_attempt WHERE outcome IS NULL")
    assert unsettled > 0, "killed in the middle"
    assert await accepted(owner) < len(events)
    faults.clear()
    async with snodo.running("worker") as worker:
        async with asyncio.timeout(PATIENCE):
            while await accepted(owner) < len(events):
                assert worker.returncode is None
                await asyncio.sleep(0.02)
            worker.send_signal(signal.SIGTERM)
            assert await worker.wait() == 0

    keys, order = defaultdict[str, set[str]](set), defaultdict[str, list[int]](list)
    for one in told.taken:
        keys[one["idEvento"]].add(one["idComunicazione"])
        order[one["codiceFiscale"]].append(one["progressivo"])
    assert keys.keys() == events
    assert {len(each) for each in keys.values()} == {1}, "one key for each fact, however often it was sent"
    assert {len(each) for each in order.values()} == {FACTS}
    for positions in order.values():
        assert positions == sorted(positions), "in the order it was recorded"
    assert {*told.heard} == {key for each in keys.values() for key in each}
    assert await owner.fetchval("SELECT count(*) FROM delivery") == len(events)


async def accepted(owner: Owner) -> int:
    """Facts that have arrived, as far as the hub knows."""
    found: int = await owner.fetchval("SELECT count(*) FROM delivery WHERE state = 'ACCEPTED'")
    return found


async def happen(owner: Owner) -> set[str]:
    """Record absences of everybody, in turn; their keys."""
    events = set()
    async with owner.transaction():
        for n in range(FACTS):
            rows = await owner.fetch(
                """
                INSERT INTO conditionality_event
                    (type, occurred_at, agency_id, beneficiary_id, household_id, fiscal_code, inps_protocol, measure)
                SELECT $1, $2, g.id, b.id, h.id, b.fiscal_code, h.inps_protocol, h.measure
                FROM beneficiary b JOIN household h ON h.id = b.household_id JOIN agency g ON g.code = 'inps'
                RETURNING id
                """,
                TOLD.value,
                datetime(2026, 6, 1, tzinfo=UTC) + timedelta(days=n),
            )
            events |= {str(row["id"]) for row in rows}
            await owner.executemany(
                "INSERT INTO outbox_message (topic, subject_id) VALUES ('feed', $1)",
                [(row["id"],) for row in rows],
            )
    return events


def heard(agencies: Simulation, at_least: int) -> Moment:
    """Whether the region has been told so often."""

    async def has_come() -> bool:
        return len(agencies.world.region.told.heard) >= at_least

    return has_come


async def let_go(owner: Owner) -> None:
    """What a killed worker had taken is anybody's: its leases end, two minutes early."""
    await owner.execute(
        "UPDATE delivery SET leased_until = now() - interval '1 second' WHERE leased_until IS NOT NULL"
    )
