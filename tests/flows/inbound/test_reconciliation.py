# SPDX-License-Identifier: EUPL-1.2
"""Reconciliation over HTTP: what INPS and a region tell against what the hub's tables hold, after each kind of difference."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from connectors.connected import ConnectedAgencies
from connectors.inbound import pull_admitted_households, pull_region
from connectors.reconciliation import (
    Difference,
    FlowComparison,
    Why,
    reconcile_admitted_households,
    reconcile_region,
)
from connectors.reconciliation.comparison import Period
from connectors.simulators.demo_world import MALFORMED_PROTOCOL
from connectors.simulators.faults import Fault, FaultKind
from hub.cli import command_line, reconcile
from hub.errors import UpstreamInvalid
from hub.store.engine import Database

if TYPE_CHECKING:
    from tests.flows.inbound.conftest import Agencies

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Clock = Callable[[], datetime]
EVER = Period()
ROME = ZoneInfo("Europe/Rome")


@pytest.fixture
async def pulled(agencies: Agencies, hub: Database, clock: Clock) -> Database:
    """All that the demo's INPS and Lazio tell has landed; one household of theirs cannot."""
    await pull_admitted_households(hub.write, agencies.inps_connector(), clock=clock)
    await pull_region(hub.write, agencies.region_connector(), clock=clock)
    return hub


async def flows(agencies: Agencies, hub: Database, period: Period = EVER) -> dict[str, FlowComparison]:
    households = await reconcile_admitted_households(
        hub.write, agencies.inps_connector(), period, page_size=7
    )
    regional = await reconcile_region(hub.write, agencies.region_connector(), period, page_size=7)
    return {one.flow: one for one in (households, *regional)}


def differing(flow: FlowComparison) -> list[tuple[str, Why]]:
    return sorted({(one.key, one.why) for day in flow.days for one in day.differences})


async def test_what_was_pulled_is_the_same_and_what_could_not_land_is_said_to_be_quarantined(
    agencies: Agencies, pulled: Database
) -> None:
    found = await flows(agencies, pulled)
    assert [name for name, flow in found.items() if flow.differs] == ["admitted-households"]
    assert differing(found["admitted-households"]) == [(MALFORMED_PROTOCOL, Why.QUARANTINED)]
    region = agencies.world.region
    for name, told in (
        ("job-offers", region.offers),
        ("training-courses", region.courses),
        ("pacts", region.pacts),
    ):
        days = found[name].days
        assert sum(day.hub.records for day in days) == len(told) > 10
        assert all(day.hub == day.agency for day in days)
        theirs = Counter(
            datetime.fromisoformat(one.record()["dataAggiorn"]).astimezone(ROME).date() for one in told
        )
        assert {day.day: day.agency.records for day in days} == theirs
    households = found["admitted-households"].days
    assert sum(day.hub.records for day in households) == 40
    assert all(day.hub == day.agency for day in households), "what cannot be read is hashed by neither"


async def test_an_agency_computes_the_same_without_this_code(agencies: Agencies, pulled: Database) -> None:
    """As docs/reference/reconciliation.md says, from what the region itself sends."""
    days: dict[date, list[tuple[bytes, str]]] = {}
    for one in agencies.world.region.offers:
        sent = one.record()
        changed = datetime.fromisoformat(sent["dataAggiorn"])
        pay = sent["numRetribuzioneLorda"]
        line = [
            sent["idOfferta"],
            changed.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            sent["titolo"],
            sent["denominazioneAzienda"],
            sent["codQualifica"],
            sent["codTipoContratto"],
            f"{sent['numOreSettMedie']}.0",
            pay,
            sent["numPosti"],
            sent["codComune"],
            sent["dataPubblicazione"],
            sent["dataScadenza"],
            {"A": "OPEN", "C": "CLOSED", "R": "WITHDRAWN"}[sent["codStato"]],
        ]
        written = json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode()
        days.setdefault(changed.astimezone(ROME).date(), []).append(
            (sent["idOfferta"].encode(), hashlib.sha256(written).hexdigest())
        )
    found = (await flows(agencies, pulled))["job-offers"]
    assert {day.day: day.hub.digest for day in found.days} == {
        day: hashlib.sha256(
            b"".join(key + b"\t" + digest.encode() + b"\n" for key, digest in sorted(lines))
        ).hexdigest()
        for day, lines in days.items()
    }


async def test_the_order_in_which_it_is_told_does_not_matter(agencies: Agencies, pulled: Database) -> None:
    before = await flows(agencies, pulled)
    for told in (agencies.world.region.offers, agencies.world.region.pacts, agencies.world.inps.admissions):
        told.reverse()
    assert await flows(agencies, pulled) == before


@pytest.mark.parametrize(
    ("flow", "change", "why"),
    [
        ("job-offers", "DELETE FROM job_offer WHERE external_id = $1", Why.MISSING),
        ("job-offers", "UPDATE job_offer SET places = places + 1 WHERE external_id = $1", Why.CHANGED),
        ("job-offers", "UPDATE job_offer SET title = title || ' ' WHERE external_id = $1", Why.CHANGED),
        ("training-courses", "DELETE FROM training_course WHERE external_id = $1", Why.MISSING),
        (
            "training-courses",
            "UPDATE training_course SET hours = hours + 1 WHERE external_id = $1",
            Why.CHANGED,
        ),
        ("pacts", "DELETE FROM pact WHERE external_id = $1", Why.MISSING),
        ("pacts", "UPDATE pact SET created_on = created_on - 1 WHERE external_id = $1", Why.CHANGED),
        ("pacts", "UPDATE pact SET professions = '{9.9}' WHERE external_id = $1", Why.CHANGED),
        ("pacts", "UPDATE pact SET professions = NULL WHERE external_id = $1", Why.CHANGED),
        ("pacts", "UPDATE pact SET professions = '{}' WHERE external_id = $1", Why.CHANGED),
        (
            "pacts",
            "DELETE FROM pact_goal g USING pact p WHERE p.id = g.pact_id AND p.external_id = $1",
            Why.CHANGED,
        ),
        (
            "admitted-households",
            "UPDATE benefit b SET monthly_amount = 0.01 FROM household h WHERE h.benefit_id = b.id AND h.inps_protocol = $1",
            Why.CHANGED,
        ),
    ],
)
async def test_one_record_that_is_not_as_it_is_told_is_found(
    agencies: Agencies, pulled: Database, owner: Owner, flow: str, change: str, why: Why
) -> None:
    before = await flows(agencies, pulled)
    with_goals = next(one for one in agencies.world.region.pacts if one.record()["politicheAttive"])
    key = {
        "job-offers": agencies.world.region.offers[3].record()["idOfferta"],
        "training-courses": agencies.world.region.courses[3].record()["idCorso"],
        "pacts": str(with_goals.record()["idPatto"]),
        "admitted-households": agencies.world.inps.admissions[3].protocol,
    }[flow]
    assert (await owner.execute(change, key)).split()[-1] != "0"
    found = await flows(agencies, pulled)
    assert set(differing(found[flow])) - set(differing(before[flow])) == {(key, why)}
    assert [name for name in found if name != flow and found[name] != before[name]] == []
    [day] = [one for one in found[flow].days if any(each.key == key for each in one.differences)]
    assert day.hub != day.agency
    assert (day.hub.records == day.agency.records) == (why is Why.CHANGED)
    assert [one for one in found[flow].days if one.day != day.day] == [
        one for one in before[flow].days if one.day != day.day
    ]


async def test_what_the_agency_does_not_tell_is_extra(agencies: Agencies, pulled: Database) -> None:
    gone = agencies.world.region.courses.pop(2).record()["idCorso"]
    found = await flows(agencies, pulled)
    assert differing(found["training-courses"]) == [(gone, Why.EXTRA)]


async def test_what_changed_since_the_last_run_is_of_both_its_days(
    agencies: Agencies, pulled: Database, clock: Clock
) -> None:
    offers: list[Any] = agencies.world.region.offers
    was = offers[0]
    offers.append(dataclasses.replace(was, title="Altro", changed_at=was.changed_at + timedelta(days=3)))
    day = was.changed_at.astimezone(ROME).date()
    later = day + timedelta(days=3)
    found = (await flows(agencies, pulled))["job-offers"]
    told = Difference(was.number, later, Why.CHANGED)
    assert {one.day: one.differences for one in found.days if one.differs} == {day: (told,), later: (told,)}
    only_later = (await flows(agencies, pulled, Period(first=later)))["job-offers"]
    assert [one.day for one in only_later.days] == [later]
    only_before = (await flows(agencies, pulled, Period(last=day - timedelta(days=1))))["job-offers"]
    assert not only_before.differs
    await pull_region(pulled.write, agencies.region_connector(), clock=clock)
    assert not (await flows(agencies, pulled))["job-offers"].differs


async def test_what_came_and_could_not_land_is_quarantined_and_not_missing(
    agencies: Agencies, pulled: Database, clock: Clock
) -> None:
    offers: list[Any] = agencies.world.region.offers
    one, other = offers[0], offers[1]
    later = timedelta(days=1)
    # A new version of one that landed, a new one: both of a municipality there is not. And one nobody has pulled.
    offers.append(dataclasses.replace(one, belfiore="Z999", changed_at=one.changed_at + later))
    offers.append(
        dataclasses.replace(other, number="LAZ-new", belfiore="Z999", changed_at=other.changed_at + later)
    )
    await pull_region(pulled.write, agencies.region_connector(), clock=clock)
    offers.append(dataclasses.replace(other, number="LAZ-unpulled"))
    offers.append(dataclasses.replace(other, number="LAZ-unreadable", belfiore="?"))
    found = (await flows(agencies, pulled))["job-offers"]
    assert differing(found) == sorted(
        [
            (one.number, Why.QUARANTINED),
            ("LAZ-new", Why.QUARANTINED),
            ("LAZ-unpulled", Why.MISSING),
            ("LAZ-unreadable", Why.MISSING),
        ]
    )


@pytest.mark.parametrize("number", ["LAZ\u00a01", "L" * 101, "LAZ-\u00e8 \u2028 1"])
async def test_a_key_that_the_quarantine_cannot_have_is_known_again(
    agencies: Agencies, pulled: Database, clock: Clock, number: str
) -> None:
    offers: list[Any] = agencies.world.region.offers
    landed = dataclasses.replace(offers[0], number=number)
    offers.append(landed)
    await pull_region(pulled.write, agencies.region_connector(), clock=clock)
    before = differing((await flows(agencies, pulled))["job-offers"])
    later = landed.changed_at + timedelta(days=1)
    offers.append(dataclasses.replace(landed, belfiore="Z999", changed_at=later))
    await pull_region(pulled.write, agencies.region_connector(), clock=clock)
    assert before == []
    assert differing((await flows(agencies, pulled))["job-offers"]) == [(number, Why.QUARANTINED)]


async def test_nothing_lands_and_nothing_is_noted(agencies: Agencies, hub: Database, owner: Owner) -> None:
    found = await flows(agencies, hub)
    assert all(day.hub.records == 0 for flow in found.values() for day in flow.days)
    assert {why for flow in found.values() for _, why in differing(flow)} == {Why.MISSING}
    for table in ("household", "pact", "job_offer", "inbound_run", "quarantined_record"):
        assert await owner.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_an_agency_that_breaks_off_gives_no_comparison(agencies: Agencies, pulled: Database) -> None:
    agencies.region.faults.set("corsi", Fault(FaultKind.TRUNCATED))
    with pytest.raises(UpstreamInvalid):
        await flows(agencies, pulled)


@pytest.fixture
def command(agencies: Agencies, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """`snodo sync reconcile`, its connectors those to the test's agencies."""

    def connect(_settings: Any, http: Any) -> ConnectedAgencies:
        agencies.http = http
        return ConnectedAgencies(inps=agencies.inps_connector(), regional=(agencies.region_connector(),))

    monkeypatch.setattr(reconcile, "connect_agencies", connect)
    monkeypatch.setenv("SNODO_DATABASE_URL", database_url)

    def invoke(*words: str) -> Result:
        asked = ["sync", "reconcile", *words]
        return CliRunner().invoke(command_line(asked), asked)

    return lambda *words: asyncio.to_thread(invoke, *words)


async def test_the_command_says_it_by_day_and_names_records_only_where_it_is_asked_to(
    agencies: Agencies, pulled: Database, owner: Owner, command: Callable[..., Any]
) -> None:
    same = await command("regione-12")
    assert same.exit_code == 0, same.output
    assert "regione-12 pacts: the same on both sides" in same.stdout
    pact = agencies.world.region.pacts[0].record()
    await owner.execute("DELETE FROM pact WHERE external_id = $1", str(pact["idPatto"]))
    differs = await command("regione-12")
    assert differs.exit_code == 1
    assert "regione-12 pacts: DIFFERS" in differs.stdout
    assert "DIFFERS: 1 missing" in differs.stdout
    people = [one.record()["codiceFiscale"] for one in agencies.world.region.pacts]
    for said in (differs.stdout, (await command("regione-12", "--json")).stdout):
        assert f" {pact['idPatto']}\n" not in said
        assert not [code for code in people if code is not None and code in said]
    named = await command("regione-12", "--records")
    assert f"missing     {pact['idPatto']}\n" in named.stdout
    assert not [code for code in people if code is not None and code in named.stdout]

    as_json = json.loads((await command("regione-12", "--json", "--records")).stdout)
    [flow] = [one for one in as_json if one["differs"]]
    assert (flow["agency"], flow["flow"]) == ("regione-12", "pacts")
    [day] = [one for one in flow["days"] if one["differs"]]
    assert (day["missing"], day["changed"], day["extra"], day["quarantined"]) == (1, 0, 0, 0)
    assert day["records"] == [{"key": str(pact["idPatto"]), "why": "missing"}]
    assert day["hub"]["records"] + 1 == day["agency"]["records"]
    assert len(day["hub"]["digest"]) == 64

    elsewhere = await command("regione-12", "--to", "2020-01-01")
    assert elsewhere.exit_code == 0
    inps = await command("inps")
    assert inps.exit_code == 1
    assert "1 quarantined" in inps.stdout


async def test_the_command_refuses_what_it_cannot_compare(command: Callable[..., Any], hub: Database) -> None:
    unknown = await command("regione-03")
    assert unknown.exit_code == 1
    assert "regione-03 cannot be compared here: inps can where" in str(unknown.exception or unknown.output)
    backwards = await command("inps", "--from", "2026-02-01", "--to", "2026-01-01")
    assert backwards.exit_code == 1
    assert "--from is after --to" in str(backwards.exception or backwards.output)
