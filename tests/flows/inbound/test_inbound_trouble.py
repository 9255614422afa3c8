# SPDX-License-Identifier: EUPL-1.2
"""Agencies that fail, connections that die, records that contradict each other: nothing half-written, all resumed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg
import pytest

from connectors.exchange import Policy
from connectors.inbound import pull_admitted_households, pull_region
from connectors.simulators.demo_world import MALFORMED_PROTOCOL, ROME_PROTOCOL
from connectors.simulators.faults import Fault, FaultKind
from connectors.simulators.region_world import SimulatedPact, SimulatedPolicy
from hub.errors import UpstreamInvalid, UpstreamUnavailable
from hub.store.engine import Database

if TYPE_CHECKING:
    from tests.flows.inbound.conftest import Agencies, ScriptedInps, Tables

    Look = Callable[[], Awaitable[Tables]]
    Scripted = type[ScriptedInps]
Clock = Callable[[], datetime]
Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

LISTED = "domande-ammesse"


async def run_rows(owner: Owner) -> list[tuple[Any, ...]]:
    rows = await owner.fetch(
        "SELECT watermark, received, landed, quarantined, finished_at IS NOT NULL FROM inbound_run ORDER BY id"
    )
    return [tuple(row.values()) for row in rows]


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.HANG, UpstreamUnavailable),
        (FaultKind.UNAVAILABLE, UpstreamUnavailable),
        (FaultKind.ERROR, UpstreamUnavailable),
        (FaultKind.DROP, UpstreamUnavailable),
        (FaultKind.OVER_LIMIT, UpstreamUnavailable),
        (FaultKind.HTML, UpstreamInvalid),
        (FaultKind.WRONG_TYPE, UpstreamInvalid),
        (FaultKind.TRUNCATED, UpstreamInvalid),
    ],
)
async def test_an_agency_that_fails_at_the_third_page_leaves_two_and_the_next_run_goes_on_there(
    agencies: Agencies,
    hub: Database,
    clock: Clock,
    owner: Owner,
    tables: Look,
    once: Policy,
    kind: FaultKind,
    error: type[Exception],
) -> None:
    lists = 0

    async def fail_at_the_third(request: Any) -> None:
        nonlocal lists
        lists += request.url.path.endswith(f"/{LISTED}/ricerca")
        if lists == 3:
            agencies.inps.faults.set(LISTED, Fault(kind))

    agencies.http.event_hooks = {"request": [fail_at_the_third]}
    with pytest.raises(error):
        await pull_admitted_households(hub.write, agencies.inps_connector(once), clock=clock, page_size=10)
    assert await run_rows(owner) == [("ammesse-000000020", 20, 19, 1, False)]
    assert len((await tables())["household"]) == 19

    agencies.inps.faults.clear()
    agencies.http.event_hooks = {"request": []}
    report = await pull_admitted_households(
        hub.write, agencies.inps_connector(once), clock=clock, page_size=10
    )
    assert (report.received, report.landed, report.quarantined) == (21, 21, 0)
    assert (await run_rows(owner))[1] == ("ammesse-000000041", 21, 21, 0, True)
    assert len((await tables())["household"]) == 40


async def test_a_slow_agency_is_given_up_at_the_deadline_and_nothing_is_written(
    agencies: Agencies, hub: Database, clock: Clock, tables: Look, once: Policy
) -> None:
    agencies.inps.faults.set(LISTED, Fault(FaultKind.SLOW, latency=5))
    with pytest.raises(UpstreamUnavailable):
        await pull_admitted_households(hub.write, agencies.inps_connector(once), clock=clock)
    assert not any((await tables()).values())


async def test_a_connection_that_dies_in_the_middle_of_a_page_takes_the_whole_page_with_it(
    agencies: Agencies, hub: Database, clock: Clock, owner: Owner, tables: Look
) -> None:
    """What PostgreSQL sees of a hub that is killed: its session ends while households of the page are written."""
    victim = agencies.world.households[24].people[0].fiscal_code
    await owner.execute(
        f"""
        CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
        BEGIN
            IF NEW.fiscal_code = '{victim}' THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER die AFTER INSERT ON beneficiary FOR EACH ROW EXECUTE FUNCTION die();
        """
    )
    inps = agencies.inps_connector()
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await pull_admitted_households(hub.write, inps, clock=clock, page_size=10)
    found = await tables()
    assert await run_rows(owner) == [("ammesse-000000020", 20, 19, 1, False)]
    assert (len(found["household"]), len(found["benefit"])) == (19, 19)

    await owner.execute("DROP FUNCTION die() CASCADE")
    report = await pull_admitted_households(hub.write, inps, clock=clock, page_size=10)
    assert (report.received, report.landed) == (21, 21)
    found = await tables()
    good = [one for one in agencies.world.households if one.protocol != MALFORMED_PROTOCOL]
    assert {row[0] for row in found["beneficiary"]} == {p.fiscal_code for one in good for p in one.people}


async def test_an_error_that_is_no_records_fault_stops_the_run_instead_of_filling_the_quarantine(
    agencies: Agencies, hub: Database, clock: Clock, owner: Owner, tables: Look
) -> None:
    await owner.execute("REVOKE INSERT ON benefit FROM snodo_hub")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pull_admitted_households(hub.write, agencies.inps_connector(), clock=clock)
    assert not any((await tables()).values())


def pact(agencies: Agencies, number: int, n: int, **change: Any) -> SimulatedPact:
    """A running service pact of the n-th person of the Roman household."""
    person = agencies.world.household(ROME_PROTOCOL).people[n]
    values: dict[str, Any] = {
        "number": number,
        "kind": "PSP",
        "proposed_on": date(2026, 1, 8),
        "signed_on": date(2026, 1, 12),
        "event": "02",
        "event_on": date(2026, 1, 12),
        "changed_at": clocked(0),
        "fiscal_code": person.fiscal_code,
    }
    return SimulatedPact(**{**values, **change})


def clocked(days: int) -> datetime:
    return datetime.fromisoformat("2026-09-01T06:00:00+02:00") + timedelta(days=days)


async def test_of_two_running_pacts_of_a_kind_the_first_lands_and_the_second_waits_until_the_first_is_over(
    agencies: Agencies, hub: Database, clock: Clock, tables: Look
) -> None:
    await pull_admitted_households(hub.write, agencies.inps_connector(), clock=clock)
    pacts = agencies.world.region.pacts
    pacts[:] = [
        pact(agencies, 1, 0),
        pact(agencies, 2, 1),
        pact(agencies, 3, 0, signed_on=date(2026, 5, 1), event_on=date(2026, 5, 1)),
        *(pact(agencies, 10 + n, 1, kind="PL", event="01", signed_on=None) for n in range(9)),
    ]
    region = agencies.region_connector()
    report = await pull_region(hub.write, region, clock=clock)
    assert (report.pacts.landed, report.pacts.quarantined) == (11, 1)
    found = await tables()
    assert {row[1] for row in found["pact"]} == {"1", "2", *(str(10 + n) for n in range(9))}
    [kept] = [row for row in found["quarantined_record"] if row[1] == "pacts"]
    assert kept[2] == "3"
    assert kept[4] == "codTipoPatto"
    assert "another running pact" in kept[5]
    assert pacts[0].record()["codiceFiscale"] not in kept[5]

    pacts.append(pact(agencies, 1, 0, ends_on=date(2026, 4, 30), event="10", changed_at=clocked(1)))
    report = await pull_region(hub.write, region, clock=clock)
    assert (report.pacts.received, report.pacts.landed, report.pacts.released) == (1, 1, 1)
    running = {row[1] for row in (await tables())["pact"] if row[2:4] == ("SERVICE", "ACTIVE")}
    assert running == {"2", "3"}


async def test_goals_follow_the_version_that_holds_and_an_older_one_changes_nothing(
    agencies: Agencies, hub: Database, clock: Clock, tables: Look
) -> None:
    def policies(*titles: str) -> tuple[SimulatedPolicy, ...]:
        day = date(2026, 2, 1)
        return tuple(SimulatedPolicy("C07", title, day, day, None, "02", day) for title in titles)

    await pull_admitted_households(hub.write, agencies.inps_connector(), clock=clock)
    newer = pact(agencies, 1, 0, changed_at=clocked(2), policies=policies("uno"))
    older = pact(agencies, 1, 0, event="09", changed_at=clocked(1), policies=policies("due", "tre"))
    agencies.world.region.pacts[:] = [older, newer, older]
    report = await pull_region(hub.write, agencies.region_connector(), clock=clock)
    assert report.pacts.landed == 3
    found = await tables()
    assert [row[3] for row in found["pact"]] == ["ACTIVE"]
    assert [(row[1], row[2]) for row in found["pact_goal"]] == [(1, "uno")]


async def test_a_pact_goes_with_its_person_to_another_household(
    agencies: Agencies, hub: Database, clock: Clock, tables: Look
) -> None:
    inps, region = agencies.inps_connector(), agencies.region_connector()
    await pull_admitted_households(hub.write, inps, clock=clock)
    agencies.world.region.pacts[:] = [pact(agencies, 1, 1)]
    await pull_region(hub.write, region, clock=clock)
    home, other = (agencies.world.households[n].admission for n in (0, 1))
    moved = type(other)(
        **{
            **{name: getattr(other, name) for name in other.__slots__},
            "members": (*other.members, home.members[1]),
            "reported_at": other.reported_at + timedelta(hours=4),
        }
    )
    agencies.world.inps.admissions.append(moved)
    await pull_admitted_households(hub.write, inps, clock=clock)
    agencies.world.region.pacts.append(pact(agencies, 1, 1, event="09", changed_at=clocked(3)))
    await pull_region(hub.write, region, clock=clock)
    found = await tables()
    assert [(row[3], row[4]) for row in found["pact"]] == [("SUSPENDED", other.protocol)]
    person = next(row for row in found["beneficiary"] if row[0] == home.members[1].fiscal_code)
    assert person[5] == other.protocol


def nested(levels: int) -> Any:
    value: Any = None
    for _ in range(levels):
        value = [value]
    return value


async def test_records_that_are_no_records_are_kept_too(
    hub: Database, clock: Clock, tables: Look, scripted: Scripted
) -> None:
    entries: list[Any] = [
        "not an object",
        None,
        17,
        [],
        {},
        {"cod_protocollo_inps": "\x00"},
        {"cod_protocollo_inps": "P-1", "beneficiari": [{"des_nome": "a\x00b"}]},
        {"cod_protocollo_inps": "P" * 500},
        {
            "cod_protocollo_inps": "P-2",
            "altro": [
                float("inf"),
                float("nan"),
                2**70,
                1e300,
                0.1 + 0.2,
                1e22,
                1e16,
                1e19,
                -1e17,
                -0.0,
                1e-7,
                1e15,
            ],
        },
        {"cod_protocollo_inps": "P-3", "\x00": {"😀": nested(900)}},
    ]
    inps = scripted(entries * 2)
    report = await pull_admitted_households(hub.write, inps, clock=clock)  # type: ignore[arg-type]
    assert (report.received, report.quarantined) == (2 * len(entries),) * 2
    kept = (await tables())["quarantined_record"]
    assert len(kept) == len(entries)
    assert len({row[2] for row in kept}) == len(entries)
    inps.entries += entries
    await pull_admitted_households(hub.write, inps, clock=clock)  # type: ignore[arg-type]
    assert (await tables())["quarantined_record"] == kept
