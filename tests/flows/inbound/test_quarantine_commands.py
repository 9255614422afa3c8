# SPDX-License-Identifier: EUPL-1.2
"""`snodo sync quarantine`, `retry` and `dismiss`: what waits is seen, tried again without a run, and put away."""

from __future__ import annotations

import asyncio
import getpass
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID, uuid4

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from connectors.flow_status import flow_standing
from connectors.inbound import pull_admitted_households, pull_region
from connectors.inbound.kept_records import AT_ONCE
from hub.cli import command_line
from hub.cli.trail import told
from hub.errors import ConfigurationError, InvalidInput, SnodoError
from hub.ledger.trail import read_trail
from hub.store.engine import Database
from hub.store.identifiers import InvalidId
from tests.flows.inbound.cooperating import COURSE, TRAINEE, Pull, Region, activities

if TYPE_CHECKING:
    from tests.flows.inbound.conftest import Agencies

Clock = Callable[[], datetime]
Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Run: TypeAlias = Callable[..., Awaitable[Result]]

LAZIO = """
kind = "application-cooperation"
region = "12"
[sap]
address = "https://pdd.lazio.example/PD/SPCServiziSAP/"
namespace = "http://pdd.lazio.example/PD/SPCServiziSAP/types"
"""
UNKNOWN = f"qrn_{UUID(int=7).hex}"


@pytest.fixture
def run(hub: Database, monkeypatch: pytest.MonkeyPatch, database_url: str, tmp_path: Path) -> Run:
    """`snodo sync …`, with the test's folder for its files."""
    monkeypatch.setenv("SNODO_DATABASE_URL", database_url)
    monkeypatch.setenv("SNODO_DATA_DIR", str(tmp_path))

    async def running(*words: str) -> Result:
        asked = ["sync", *words]
        return await asyncio.to_thread(CliRunner().invoke, command_line(asked), asked)

    return running


def good(result: Result) -> list[str]:
    """What a command said that came to a good end."""
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def refused(result: Result) -> str:
    """The sentence of a command that refused."""
    assert isinstance(result.exception, SnodoError), result.output
    assert result.stdout == ""
    return result.exception.message


@pytest.fixture
async def early(hub: Database, agencies: Agencies, clock: Clock) -> Database:
    """The region's pacts came before INPS's list: nobody was known yet, and now is."""
    await pull_region(hub.write, agencies.region_connector(), clock=clock)
    await pull_admitted_households(hub.write, agencies.inps_connector(), clock=clock)
    return hub


async def waiting(owner: Owner, flow: str = "pacts") -> dict[str, str]:
    """The ids of what waits, by its key."""
    rows = await owner.fetch(
        "SELECT record_key, id FROM quarantined_record WHERE flow = $1 AND resolved_at IS NULL ORDER BY id",
        flow,
    )
    return {row["record_key"]: f"qrn_{row['id'].hex}" for row in rows}


async def put(owner: Owner, agency: str, flow: str, key: str, payload: Any) -> str:
    """Let a record wait; its id."""
    made: UUID = await owner.fetchval(
        "INSERT INTO quarantined_record (agency_id, flow, record_key, payload, field, reason, received_at)"
        " SELECT id, $2, $3, $4, 'campo', 'The code is not known.', '2026-09-01 02:00Z' FROM agency WHERE code = $1 RETURNING id",
        agency,
        flow,
        key,
        json.dumps(payload),
    )
    return f"qrn_{made.hex}"


async def test_a_job_s_log_is_told_how_far_it_has_come_and_stdout_is_not(
    early: Database, agencies: Agencies, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.cli.progress.EVERY", 0.0)
    number = len(agencies.world.region.pacts)
    ended = await run("retry", "--agency", "regione-12", "--flow", "pacts")
    assert good(ended) == [f"regione-12 pacts: {number} landed now, 0 still wait"]
    lines = ended.stderr.splitlines()
    assert lines[0] == f"regione-12 pacts, tried again: {number} of {number}"
    assert "\x1b" not in ended.stderr
    people = [one.fiscal_code for one in agencies.world.region.pacts if one.fiscal_code is not None]  # type: ignore[attr-defined]
    assert not any(code in ended.stderr for code in people)


async def test_all_that_waits_of_a_flow_lands_without_a_run(
    early: Database, owner: Owner, agencies: Agencies, run: Run
) -> None:
    runs = await owner.fetch("SELECT * FROM inbound_run ORDER BY id")
    async with early.write.acquire() as connection:
        before = {one.flow: one.completed_at for one in (await flow_standing(connection)).inward}
    number = len(await waiting(owner))
    assert number == len(agencies.world.region.pacts)
    assert good(await run("retry", "--agency", "regione-12", "--flow", "pacts")) == [
        f"regione-12 pacts: {number} landed now, 0 still wait"
    ]
    assert await waiting(owner) == {}
    rows = await owner.fetch(
        "SELECT external_id, inbound_run_id, landed_at > now() - interval '1 hour' AS now FROM pact"
    )
    assert len(rows) == number
    assert {(row["inbound_run_id"], row["now"]) for row in rows} == {(None, True)}
    # No pull: no run, no watermark, and no flow is said to be complete since.
    assert await owner.fetch("SELECT * FROM inbound_run ORDER BY id") == runs
    async with early.write.acquire() as connection:
        standing = (await flow_standing(connection)).inward
        assert {one.flow: one.completed_at for one in standing} == before
        sent = next(one for one in agencies.world.region.pacts if one.record()["codTipoPatto"] == "PSP")
        trail = await read_trail(connection, sent.record()["codiceFiscale"])
    [line] = [line for line in told(trail) if f"under its number {sent.record()['idPatto']}," in line]
    assert "; landed here on " in line
    assert "by the run" not in line
    assert good(await run("retry", "--agency", "regione-12", "--flow", "pacts")) == [
        "regione-12 pacts: 0 landed now, 0 still wait"
    ]


async def test_of_each_that_is_named_it_says_what_came_of_it(early: Database, owner: Owner, run: Run) -> None:
    first, second, third, *others = await waiting(owner)
    ids = await waiting(owner)
    await owner.execute(
        "UPDATE quarantined_record SET payload = jsonb_set(payload, '{codTipoPatto}', '\"??\"') WHERE record_key = $1",
        second,
    )
    ended = await run("retry", ids[third], ids[second], ids[first])
    assert ended.exit_code == 1
    lines = ended.stdout.splitlines()
    assert (lines[0], lines[2]) == (f"{ids[third]}: landed.", f"{ids[first]}: landed.")
    assert lines[1].startswith(f"{ids[second]}: still waits: ")
    assert lines[1].endswith("(codTipoPatto)")
    assert set(await waiting(owner)) == {second, *others}
    assert await owner.fetchval("SELECT count(*) FROM pact") == 2
    reason = await owner.fetchval("SELECT reason FROM quarantined_record WHERE record_key = $1", second)
    assert reason in lines[1], "why it waits is why it did not land now"
    assert good(await run("retry", ids[others[0]], ids[others[0]])) == [f"{ids[others[0]]}: landed."]


async def test_records_of_every_flow_that_tells_whole_records_are_read_from_what_was_kept(
    hub: Database, owner: Owner, agencies: Agencies, run: Run
) -> None:
    region, inps = agencies.world.region, agencies.world.inps
    offer, course, entry = (one[0].record() for one in (region.offers, region.courses, inps.admissions))
    ids = [
        await put(owner, "inps", "admitted-households", entry["cod_protocollo_inps"], entry),
        await put(owner, "regione-12", "job-offers", str(offer["idOfferta"]), offer),
        await put(owner, "regione-12", "training-courses", str(course["idCorso"]), course),
    ]
    assert good(await run("retry", *ids)) == [f"{one}: landed." for one in ids]
    for table in ("household", "job_offer", "training_course"):
        assert await owner.fetchval(f"SELECT count(*) FROM {table}") == 1
    left = await owner.fetch("SELECT payload, resolved_at IS NULL AS waits, is_told FROM quarantined_record")
    assert {tuple(row.values()) for row in left} == {(None, False, True)}


async def test_deliveries_and_records_are_named_together(early: Database, owner: Owner, run: Run) -> None:
    key, record = next(iter((await waiting(owner)).items()))
    assert good(await run("retry", f"dlv_{uuid4().hex}", record)) == [
        f"{record}: landed.",
        "0 wait to be sent again.",
    ]
    assert key not in await waiting(owner)


@pytest.fixture
async def untyped(region: Region, pull: Pull) -> Region:
    """A region whose policies of type C06 nobody has said what they are; the hub cannot reach it any more."""
    region.hold("ada", TRAINEE)
    region.hold("ugo", COURSE)
    region.simulator.stumbles[region.codes["bea"]] = "Client"
    report = await pull()
    assert (report.landed, report.quarantined) == (1, 2)
    region.simulator.asked.clear()
    return region


async def test_records_of_a_region_by_application_cooperation_are_read_by_its_file(
    untyped: Region, owner: Owner, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = ("retry", "--agency", "regione-12", "--flow", "worker-records")
    ids = await waiting(owner, "worker-records")
    for words in (flow, ("retry", *ids.values())):
        ended = await run(*words)
        assert isinstance(ended.exception, ConfigurationError)
        assert refused(ended) == (
            "The records of regione-12, worker-records, are read by its region's file: put it into the folder SNODO_REGIONS names."
        )
    monkeypatch.setenv("SNODO_REGIONS", str(tmp_path))
    (tmp_path / "umbria.toml").write_text(LAZIO.replace('"12"', '"10"'), encoding="utf-8")
    assert "are read by its region's file" in refused(await run(*flow))
    (tmp_path / "lazio.toml").write_text(LAZIO, encoding="utf-8")
    assert good(await run(*flow)) == ["regione-12 worker-records: 0 landed now, 2 still wait"]
    (tmp_path / "lazio.toml").write_text(f'{LAZIO}[activities]\nC06 = "PLACEMENT"\n', encoding="utf-8")
    assert good(await run("retry", ids[TRAINEE.number])) == [f"{ids[TRAINEE.number]}: landed."]
    assert [row[:2] for row in await activities(owner)] == [
        (COURSE.number, "TRAINING"),
        (TRAINEE.number, "PLACEMENT"),
    ]
    # Of whom the region could not be asked about nothing was kept that could land.
    unasked = ids[f"persona:{untyped.keys['bea']}"]
    ended = await run("retry", unasked)
    assert ended.exit_code == 1
    assert ended.stdout.startswith(f"{unasked}: still waits: REGION-12")
    assert untyped.simulator.asked == [], "nobody was asked"


@pytest.mark.parametrize(
    ("flow", "said"),
    [
        (
            "communications",
            "Of the flow communications the folder keeps the documents: `snodo sync communications FOLDER --agency regione-12` tries them again.",
        ),
        (
            "communications-http",
            (
                "Of the flow communications-http no document is kept, and nothing can be tried again: "
                "once it is dealt with, `snodo sync dismiss` puts away what waits."
            ),
        ),
    ],
)
async def test_of_a_communication_it_says_what_to_do_instead(
    hub: Database, owner: Owner, run: Run, flow: str, said: str
) -> None:
    record = await put(owner, "regione-12", flow, "1200026000000001", {"code": "1200026000000001"})
    assert refused(await run("retry", record)) == said
    assert refused(await run("retry", "--agency", "regione-12", "--flow", flow)) == said


async def test_a_record_without_a_key_of_its_own_is_not_tried_and_that_is_said(
    hub: Database, owner: Owner, run: Run
) -> None:
    record = await put(owner, "regione-12", "job-offers", f"sha256:{'0' * 64}", {"value": 17})
    said = refused(await run("retry", record))
    assert said.startswith(f"{record} cannot be tried again: it names no key of its own")
    assert "`snodo sync dismiss` puts this one away" in said
    assert good(await run("retry", "--agency", "regione-12", "--flow", "job-offers")) == [
        "regione-12 job-offers: 0 landed now, 1 still wait, 1 of them without a key of their own, which are not tried"
    ]


async def test_what_was_settled_is_said_to_be_and_nothing_else_is_tried(
    early: Database, owner: Owner, run: Run
) -> None:
    ids = await waiting(owner)
    landed, put_away, other = list(ids.values())[:3]
    good(await run("retry", landed))
    good(await run("dismiss", put_away, "--because", "Sent in error.", "--by", "m.rossi"))
    before = await waiting(owner)
    assert refused(await run("retry", other, landed)).startswith(
        f"{landed} waits no more: what it is about landed, on "
    )
    said = refused(await run("retry", other, put_away))
    assert said.startswith(f"{put_away} was dismissed on ")
    assert said.endswith(" by m.rossi.")
    assert "No record" in refused(await run("retry", other, UNKNOWN))
    assert await waiting(owner) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["retry"], "Name deliveries or records, or with --agency whose."),
        (["retry", UNKNOWN, "--agency", "inps"], "Name deliveries or records, or with --agency whose."),
        (["retry", UNKNOWN, "--flow", "pacts"], "A flow is an agency's: name whose with --agency."),
        (["retry", "--flow", "pacts"], "Name deliveries or records, or with --agency whose."),
        (
            ["retry", f"pct_{UUID(int=7).hex}"],
            "An id of a delivery starts with dlv_, of a record with qrn_.",
        ),
        (["retry", "4712"], InvalidId().message),
        (["retry", UNKNOWN], f"No record {UNKNOWN} is kept: `snodo sync quarantine` lists those that wait."),
        (
            ["retry", "--agency", "inps", "--flow", "patti"],
            (
                "No flow is called patti: there are admitted-households, communications, communications-http, job-offers, pacts, "
                "training-courses, worker-records."
            ),
        ),
        (["retry", "--agency", "nobody", "--flow", "pacts"], "No agency has the code nobody: "),
        (["quarantine", "--flow", "patti"], "No flow is called patti: "),
        (["quarantine", "--agency", "nobody"], "No agency has the code nobody: "),
        (["dismiss", "4712", "--because", "x"], InvalidId().message),
        (
            ["dismiss", f"dlv_{UUID(int=7).hex}", "--because", "x"],
            "This id is of another kind: it starts with dlv_, where qrn_ is expected.",
        ),
        (
            ["dismiss", UNKNOWN, "--because", "x"],
            f"No record {UNKNOWN} is kept: `snodo sync quarantine` lists those that wait.",
        ),
        (["dismiss", UNKNOWN, "--because", "  "], "Say why: it is kept with the record."),
        (["dismiss", UNKNOWN, "--because", "x" * 1_001], "Say why in 1000 characters at most."),
        (
            ["dismiss", UNKNOWN, "--because", "x", "--by", ""],
            "Say who dismisses: it is kept with the record.",
        ),
    ],
)
async def test_what_cannot_be_is_refused_with_a_sentence(run: Run, words: list[str], said: str) -> None:
    ended = await run(*words)
    assert isinstance(ended.exception, InvalidInput | ConfigurationError)
    assert refused(ended).startswith(said)


async def test_a_dismissal_wants_a_reason(run: Run) -> None:
    ended = await run("dismiss", UNKNOWN)
    assert ended.exit_code == 2
    assert "--because" in ended.output


async def test_what_is_put_away_is_counted_and_what_was_settled_before_is_named(
    hub: Database, owner: Owner, run: Run
) -> None:
    first, second = [
        await put(owner, "regione-12", "communications-http", f"120002600000000{n}", {}) for n in (1, 2)
    ]
    assert good(await run("dismiss", first, first, "--because", "Corrected by 1200026000000009.")) == [
        "1 dismissed."
    ]
    [settled, counted] = good(await run("dismiss", second, first, "--because", "Twice.", "--by", "m.rossi"))
    assert settled.startswith(f"{first} was dismissed on ")
    assert settled.endswith(f" by {getpass.getuser()}.")
    assert counted == "1 dismissed."
    kept = await owner.fetch(
        "SELECT dismissed_by, dismissed_because FROM quarantined_record ORDER BY record_key"
    )
    assert [tuple(row.values()) for row in kept] == [
        (getpass.getuser(), "Corrected by 1200026000000009."),
        ("m.rossi", "Twice."),
    ]
    assert good(await run("quarantine")) == ["Nothing waits in quarantine."]


async def test_what_waits_is_listed_oldest_first_and_nothing_of_its_content(
    hub: Database, owner: Owner, run: Run
) -> None:
    later = await put(owner, "inps", "admitted-households", "INPS-1", {"des_cognome": "Cognome"})
    await owner.execute("UPDATE quarantined_record SET received_at = '2026-09-02 02:00Z', field = NULL")
    number = 2 * AT_ONCE + 1
    ids = [
        await put(owner, "regione-12", "pacts", str(n), {"codiceFiscale": "RSSMRA80A01H501U"})
        for n in range(number)
    ]
    folder = await put(owner, "regione-12", "communications", "1200026000000001 \x1b[2J.xml", {})
    settled = await put(owner, "regione-12", "pacts", "settled", {})
    good(await run("dismiss", settled, "--because", "x"))

    lines = good(await run("quarantine"))
    assert [line.partition(" ")[0] for line in lines] == [*sorted([*ids, folder]), later]
    assert f"{ids[0]} regione-12 pacts 0, since 2026-09-01 02:00 UTC: The code is not known. (campo)" in lines
    assert (
        lines[-1]
        == f"{later} inps admitted-households INPS-1, since 2026-09-02 02:00 UTC: The code is not known."
    )
    assert f"{folder} regione-12 communications '1200026000000001 \\x1b[2J.xml', since" in "\n".join(lines)
    for content in ("Cognome", "RSSMRA80A01H501U"):
        assert content not in "\n".join(lines)

    assert len(good(await run("quarantine", "--agency", "regione-12"))) == number + 1
    assert len(good(await run("quarantine", "--flow", "communications"))) == 1
    assert len(good(await run("quarantine", "--agency", "regione-12", "--flow", "pacts"))) == number
    assert good(await run("quarantine", "--agency", "inps", "--flow", "pacts")) == [
        "Nothing waits in quarantine."
    ]
    assert good(await run("quarantine", "--agency", "inps", "--flow", "pacts", "--json")) == []
    [one] = good(await run("quarantine", "--agency", "inps", "--json"))
    assert json.loads(one) == {
        "id": later,
        "agency": "inps",
        "flow": "admitted-households",
        "recordKey": "INPS-1",
        "field": None,
        "reason": "The code is not known.",
        "receivedAt": "2026-09-02T02:00:00Z",
    }
