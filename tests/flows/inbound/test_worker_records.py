# SPDX-License-Identifier: EUPL-1.2
"""The SAPs of a region by application cooperation: person by person, in rounds that a kill interrupts and does not undo."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.breaker import State
from connectors.cooperation.codes import ACTIVITIES
from connectors.inbound import pull_worker_records
from connectors.simulators.serving import serve
from hub.cli.trail import told
from hub.errors import UpstreamError, UpstreamRefused, UpstreamUnavailable
from hub.ledger.trail import read_trail
from hub.store.engine import Database
from hub.store.vocabulary import ActivityKind
from tests.flows.inbound.cooperating import (
    COURSE,
    NAMES,
    PACT,
    TRAINEE,
    Owner,
    Pull,
    Region,
    activities,
    in_order,
)

if TYPE_CHECKING:
    from tests.flows.inbound.conftest import Tables

    Look = Callable[[], Awaitable[Tables]]


async def test_pacts_and_activities_of_the_regions_people_land(
    region: Region, pull: Pull, owner: Owner, tables: Look
) -> None:
    region.hold("ada", PACT, COURSE)
    region.hold("ugo")  # a SAP without a policy; the others have none
    report = await pull()
    assert (report.agency_code, report.flow) == ("regione-12", "worker-records")
    assert (report.received, report.landed, report.quarantined, report.watermark) == (2, 2, 0, None)
    assert sorted(region.simulator.asked) == sorted(region.codes[name] for name in NAMES), "nobody of Torino"
    assert region.simulator.refusals == []
    found = await tables()
    [pact] = found["pact"]
    assert pact[1:4] == ("0800000001A", "SERVICE", "ACTIVE")
    assert (pact[5], pact[7]) == (region.codes["ada"], date(2026, 3, 3))
    assert [goal[2:] for goal in found["pact_goal"]] == [
        ("Addetto alle vendite", "ACHIEVED", date(2026, 6, 30))
    ]
    assert await activities(owner) == [
        ("0800000002B", "TRAINING", "COMPLETED", "Addetto alle vendite", date(2026, 4, 1), date(2026, 6, 30), "0800000001A",
         region.codes["ada"])
    ]  # fmt: skip


async def test_what_landed_names_the_run_that_brought_it_and_keeps_it_until_it_changes(
    region: Region, pull: Pull, owner: Owner
) -> None:
    async def runs() -> list[tuple[str, int, bool]]:
        """Of each activity: its number, its run's place among the runs, and whether it landed while that was under way."""
        rows = await owner.fetch(
            """
            SELECT a.external_id, r.place, a.landed_at BETWEEN r.started_at AND r.finished_at
            FROM activity a JOIN (SELECT *, row_number() OVER (ORDER BY id) AS place FROM inbound_run) r
                ON r.id = a.inbound_run_id ORDER BY a.external_id
            """
        )
        return [tuple(row.values()) for row in rows]

    other = replace(COURSE, number="0800000003C")
    region.hold("ada", PACT, COURSE, other)
    await pull()
    assert await runs() == [(COURSE.number, 1, True), (other.number, 1, True)]
    region.hold("ada", PACT, COURSE, replace(other, title="Addetto al magazzino"))
    await pull()
    assert await runs() == [(COURSE.number, 1, True), (other.number, 2, True)]
    second = await owner.fetchval("SELECT started_at FROM inbound_run ORDER BY id DESC LIMIT 1")
    name = await owner.fetchval("SELECT name FROM agency WHERE code = 'regione-12'")
    trail = await read_trail(owner, region.codes["ada"])
    [activity] = [one for one in trail.inbound.activities if one.origin.number == other.number]
    assert (activity.origin.flow, activity.origin.run_started_at) == ("worker-records", second)
    assert f"told by {name} under its number {other.number}, " in "\n".join(told(trail))


async def test_each_run_is_a_round_and_changes_what_has_changed(
    region: Region, pull: Pull, owner: Owner
) -> None:
    region.hold("ada", PACT, replace(COURSE, event="02", event_on=COURSE.starts_on))
    await pull()
    before = await activities(owner)
    assert before[0][2] == "STARTED"
    region.hold("ada", PACT, COURSE, on=date(2026, 7, 2))
    await pull()
    [after] = await activities(owner)
    assert after == (*before[0][:2], "COMPLETED", *before[0][3:])
    assert len(region.simulator.asked) == 2 * len(NAMES)
    region.hold("ada", PACT, replace(COURSE, event="02", event_on=COURSE.starts_on))  # an older document
    await pull()
    assert await activities(owner) == [after]


async def test_a_type_that_is_not_established_waits_until_it_is_configured(
    region: Region, pull: Pull, owner: Owner
) -> None:
    region.hold("ada", PACT, TRAINEE)
    report = await pull()
    assert (report.landed, report.quarantined) == (1, 1)
    [(key, field, reason)] = await region.open_quarantine()
    assert (key, field) == ("0800000003C", "tipo_attivita")
    assert "under [activities]" in reason
    assert await activities(owner) == []
    kept = await owner.fetchval("SELECT payload::text FROM quarantined_record")
    assert "Prova" not in kept, "of a working life only the policy is kept"
    region.activities = MappingProxyType({**ACTIVITIES, "C06": ActivityKind.PLACEMENT})
    await pull()
    assert [row[:3] for row in await activities(owner)] == [("0800000003C", "PLACEMENT", "STARTED")]
    assert await region.open_quarantine() == []


async def test_a_policy_that_breaks_a_rule_is_kept_aside_by_itself(
    region: Region, pull: Pull, owner: Owner
) -> None:
    region.hold("ada", replace(PACT, event_on=date(2026, 3, 4)), COURSE)
    await pull()
    [(key, field, _)] = await region.open_quarantine()
    assert (key, field) == ("0800000001A", "ultimo_evento/data_evento")
    assert [(row[0], row[6]) for row in await activities(owner)] == [("0800000002B", None)]
    region.hold("ada", PACT, COURSE, on=date(2026, 7, 2))
    await pull()
    assert await region.open_quarantine() == []
    assert [row[6] for row in await activities(owner)] == ["0800000001A"], "the pact is there now"


async def test_two_pacts_of_one_person_that_run_at_once_are_the_databases_to_refuse(
    region: Region, pull: Pull
) -> None:
    region.hold("ada", PACT, replace(PACT, number="0800000009Q", proposed_on=date(2026, 3, 2)))
    report = await pull()
    assert (report.landed, report.quarantined) == (1, 1)
    [(_, _, reason)] = await region.open_quarantine()
    assert reason == "The person has another running pact of this kind in that period."


@pytest.mark.parametrize("trouble", ["Client", "Server", "somebody else's document", "no document"])
async def test_one_person_the_region_cannot_be_asked_about_waits_and_the_others_land(
    region: Region, pull: Pull, owner: Owner, trouble: str
) -> None:
    region.hold("ada", PACT, COURSE)
    region.hold("ugo", replace(PACT, number="0800000007O"))
    if trouble in ("Client", "Server"):
        region.simulator.stumbles[region.codes["ugo"]] = trouble
    else:
        wrong = "<altro/>" if trouble == "no document" else region.simulator.by_code["AA00000000Z"]
        right = region.simulator.by_code.pop("AA00000003Z")
        asked = region.simulator._told

        def told(name: str, element: Any) -> dict[str, str]:
            code = element.findtext("{*}CodiceSAP")
            if name == "richiestaSAP" and code == "AA00000003Z":
                return {"SAP": wrong}
            if name == "verificaEsistenzaSAP" and element.findtext("{*}CodiceFiscale") == region.codes["ugo"]:
                return {"CodiceSAP": "AA00000003Z"}
            return asked(name, element)

        region.simulator._told = told  # type: ignore[method-assign,assignment]
    report = await pull()
    assert (report.landed, report.quarantined) == (2, 1)
    [(key, field, reason)] = await region.open_quarantine()
    assert (key, field) == (f"persona:{region.keys['ugo']}", None)
    assert reason.startswith("REGION-12")
    assert region.codes["ugo"] not in reason
    assert len(await activities(owner)) == 1
    again = await pull()
    assert (again.landed, again.quarantined, len(await region.open_quarantine())) == (2, 1, 1)

    region.simulator.stumbles.clear()
    if trouble not in ("Client", "Server"):
        region.simulator._told = asked  # type: ignore[method-assign]
        region.simulator.by_code["AA00000003Z"] = right
    await pull()
    assert await region.open_quarantine() == []
    assert await owner.fetchval("SELECT count(*) FROM pact") == 2


async def test_a_kill_leaves_whole_pages_and_the_next_run_goes_on_from_there(
    region: Region, pull: Pull, owner: Owner
) -> None:
    for number, name in enumerate(NAMES):
        region.hold(name, replace(COURSE, number=f"080000001{number}X"))
    order = in_order(region)
    down = {region.codes[name] for name in order[2:]}
    region.simulator.stumbles = dict.fromkeys(down, "Server")
    with pytest.raises(UpstreamUnavailable):
        await pull(2)
    assert await region.watermark() == str(region.keys[order[1]])
    assert {row[7] for row in await activities(owner)} == {region.codes[name] for name in order[:2]}
    assert await region.open_quarantine() == [], "that the region is down is nobody's own trouble"

    region.simulator.stumbles.clear()
    region.simulator.asked.clear()
    report = await pull(2)
    assert sorted(region.simulator.asked) == sorted(down), "who was asked about is not asked about again"
    assert (report.landed, report.watermark) == (3, None)
    assert len(await activities(owner)) == len(NAMES)
    region.simulator.asked.clear()
    await pull(2)
    assert len(region.simulator.asked) == len(NAMES), "the next run is a new round"


async def test_people_without_a_record_are_not_asked_about_again_after_a_kill(
    region: Region, pull: Pull
) -> None:
    order = in_order(region)
    region.simulator.stumbles = {region.codes[name]: "Server" for name in order[2:]}
    with pytest.raises(UpstreamUnavailable):
        await pull(2)
    assert await region.watermark() == str(region.keys[order[1]])


async def test_a_breaker_that_is_open_ends_the_run_whomever_it_was_opened_by(
    region: Region, pull: Pull
) -> None:
    connector = region.connector()
    region.simulator.stumbles = {region.codes["ugo"]: "Server"}
    for _ in range(20):
        with suppress(UpstreamError):
            await connector.existing(region.codes["ugo"])
    assert State.OPEN in connector.exchange.states.values()
    region.simulator.asked.clear()
    with pytest.raises(UpstreamUnavailable, match="too often"):
        await pull(connector=connector)
    assert region.simulator.asked == []


async def test_a_hub_that_is_not_let_in_keeps_nobody_aside(region: Region, pull: Pull) -> None:
    async def shut(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 403, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async with serve({"region": shut}) as urls:
        region.address = urls["region"]
        with pytest.raises(UpstreamRefused):
            await pull()
    assert await region.open_quarantine() == []


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    runs=st.lists(
        st.tuples(
            st.integers(1, 7),
            st.sets(st.sampled_from(NAMES), max_size=4),
            st.sampled_from(["Client", "Server"]),
        ),
        max_size=3,
    )
)
async def test_whatever_runs_came_before_a_whole_round_gives_the_same_tables(
    region: Region, hub: Database, tables: Look, runs: list[tuple[int, set[str], str]], owner: Owner
) -> None:
    region.hold("ada", PACT, COURSE)
    region.hold("bea", replace(PACT, number="0800000005E"), replace(COURSE, number="0800000006F", event="02"))
    region.hold("ugo", replace(COURSE, number="0800000007G", event="12"))
    minutes = iter(range(60))

    async def pull(people: int) -> None:
        at = datetime.fromisoformat(f"2026-09-21T10:{next(minutes):02}:00+00:00")
        await pull_worker_records(hub.write, region.connector(), clock=lambda: at, page_size=people)

    async def landed() -> Any:
        found = await tables()
        return found["pact"], found["pact_goal"], await activities(owner), await region.open_quarantine()

    await owner.execute(
        "DELETE FROM activity; DELETE FROM pact; DELETE FROM inbound_run; DELETE FROM quarantined_record"
    )
    await pull(100)
    expected = await landed()
    assert [key for key, _, _ in expected[3]] == ["0800000006F"]
    await owner.execute(
        "DELETE FROM activity; DELETE FROM pact; DELETE FROM inbound_run; DELETE FROM quarantined_record"
    )
    for people, failing, fault in runs:
        region.simulator.stumbles = {region.codes[name]: fault for name in failing}
        with suppress(UpstreamError):
            await pull(people)
    region.simulator.stumbles.clear()
    for _ in range(2):  # one that ends the round that was begun, and a whole one
        await pull(3)
    assert await landed() == expected
