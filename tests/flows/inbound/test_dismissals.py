# SPDX-License-Identifier: EUPL-1.2
"""What was put away stays away when it comes again the same, and waits anew when it comes changed; of its content the digest is left."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.inbound import pull_admitted_households
from connectors.inbound.dismissing import InvalidDismissal, dismiss
from connectors.inbound.filed_kinds import filed_kind
from connectors.inbound.kept_records import (
    KeptRecord,
    RecordSettled,
    UnknownRecord,
    named,
    waiting_records,
)
from connectors.inbound.quarantine import digest_of, keep
from connectors.inbound.retrying import retry_record
from connectors.inbound.runs import take_turn
from connectors.records.delivery import Refusal
from hub.access.caller import Caller, Scope
from hub.http.communications import CommunicationsEndpoint, Intake
from hub.http.watch import UnderWay
from hub.ledger.communications import HireTerms
from hub.store.engine import Database
from hub.store.vocabulary import AgencyKind, GrantScope
from tests.api.inhabitants import build_world
from tests.flows.inbound.test_inbound_any_order import REPORTS, WHAT, clean, entry
from tests.flows.inbound.test_inbound_trouble import nested
from tests.unit.connectors.communication_documents import unilav

if TYPE_CHECKING:
    from tests.flows.inbound.conftest import ScriptedInps

    Scripted = type[ScriptedInps]
Clock = Callable[[], datetime]
Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Dismiss = Callable[..., Awaitable[list[KeptRecord]]]

NOW = datetime(2026, 9, 22, 9, tzinfo=UTC)
ABROAD = {**WHAT, "place": "Z999"}
"""A report of nowhere: it can be read, and cannot land."""
WRONG = {**WHAT, "wrong": "amount"}
"""One that cannot be read."""


@pytest.fixture
def put_away(hub: Database) -> Dismiss:
    """Dismiss records, all that wait if none is named."""

    async def dismissing(
        *ids: UUID, by: str = "m.rossi", because: str = "Sent in error."
    ) -> list[KeptRecord]:
        async with hub.write.acquire() as connection:
            chosen = ids or [one.id for one in await waiting_records(connection)]
            return await dismiss(connection, chosen, by=by, because=because, now=NOW)

    return dismissing


async def rows(owner: Owner) -> list[dict[str, Any]]:
    found = await owner.fetch("SELECT * FROM quarantined_record ORDER BY received_at, id")
    return [dict(row) for row in found]


async def tell(hub: Database, inps: ScriptedInps, clock: Clock, *entries: Any) -> None:
    inps.entries += entries
    await pull_admitted_households(hub.write, inps, clock=clock)  # type: ignore[arg-type]


async def test_its_content_goes_and_who_and_why_stay(
    hub: Database, owner: Owner, clock: Clock, scripted: Scripted, put_away: Dismiss
) -> None:
    sent = entry(1, 1, WRONG)
    await tell(hub, scripted([]), clock, sent)
    [before] = await rows(owner)
    assert json.loads(before["payload"]) == sent
    assert await put_away(because="  Sent in error. ") == []
    [after] = await rows(owner)
    changed = {name: after[name] for name in after if after[name] != before[name]}
    assert changed == {
        "payload": None,
        "payload_digest": digest_of(sent),
        "resolved_at": NOW,
        "dismissed_by": "m.rossi",
        "dismissed_because": "Sent in error.",
    }
    assert after["version"] == datetime(2026, 3, 2, 4, tzinfo=UTC)


async def test_what_landed_has_no_content_either_and_nobody_who_dismissed_it(
    hub: Database, owner: Owner, clock: Clock, scripted: Scripted
) -> None:
    bad = entry(1, 1, WRONG)
    await tell(hub, scripted([]), clock, bad, entry(1, 2, WHAT))
    [row] = await rows(owner)
    assert (row["payload"], row["payload_digest"]) == (None, digest_of(bad))
    assert (row["dismissed_by"], row["dismissed_because"]) == (None, None)


@pytest.mark.parametrize("again", [1, 3])
async def test_it_comes_again_the_same_and_stays_put_away(
    hub: Database, owner: Owner, clock: Clock, scripted: Scripted, put_away: Dismiss, again: int
) -> None:
    inps = scripted([])
    await tell(hub, inps, clock, entry(1, 1, WRONG), entry(2, 1, ABROAD), "no record at all")
    await put_away()
    before = await rows(owner)
    assert [row["resolved_at"] for row in before] == [NOW] * 3
    for _ in range(again):
        await tell(hub, inps, clock, *inps.entries[:3])
    assert await rows(owner) == before


async def test_one_that_comes_changed_waits_anew_and_who_put_the_other_away_is_forgotten(
    hub: Database, owner: Owner, clock: Clock, scripted: Scripted, put_away: Dismiss
) -> None:
    inps = scripted([])
    await tell(hub, inps, clock, entry(1, 1, WRONG))
    [before] = await rows(owner)
    await put_away()
    changed = entry(1, 2, WRONG)
    await tell(hub, inps, clock, changed)
    [after] = await rows(owner)
    assert after["id"] == before["id"]
    assert json.loads(after["payload"]) == changed
    assert [
        after[name] for name in ("payload_digest", "resolved_at", "dismissed_by", "dismissed_because")
    ] == [None] * 4
    # And the one that was put away comes late once more: it is older, and changes nothing.
    await tell(hub, inps, clock, entry(1, 1, WRONG))
    assert await rows(owner) == [after]


async def test_an_older_one_does_not_bring_back_what_was_put_away_and_a_good_one_lands(
    hub: Database, owner: Owner, clock: Clock, scripted: Scripted, put_away: Dismiss
) -> None:
    inps = scripted([])
    await tell(hub, inps, clock, entry(1, 5, WRONG))
    await put_away()
    before = await rows(owner)
    await tell(hub, inps, clock, entry(1, 4, ABROAD))
    assert await rows(owner) == before
    await tell(hub, inps, clock, entry(1, 6, WHAT))
    assert await rows(owner) == before
    assert await owner.fetchval("SELECT count(*) FROM household") == 1


async def test_numbers_and_texts_that_the_database_writes_in_another_way_are_known_again(
    hub: Database, owner: Owner, clock: Clock, scripted: Scripted, put_away: Dismiss
) -> None:
    """Of what was dismissed the digest is of what the database gave back, and is compared with what comes."""
    numbers: list[Any] = [float("nan"), -0.0, 1e-7, 1e15, 1e16, -1e17, 1e19, 1e22, 1e300, 0.1 + 0.2, 2**63]
    sent = [
        {"cod_protocollo_inps": f"P-{number}", "altro": [one, {"\x00": "a\x00é"}, nested(40)]}
        for number, one in enumerate(numbers)
    ]
    inps = scripted([])
    await tell(hub, inps, clock, *sent)
    await put_away()
    before = await rows(owner)
    assert len(before) == len(numbers)
    await tell(hub, inps, clock, *sent)
    assert await rows(owner) == before


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), reports=REPORTS, page_size=st.integers(1, 5))
async def test_once_all_was_put_away_no_order_and_no_repetition_brings_any_of_it_back(
    hub: Database,
    owner: Owner,
    clock: Clock,
    scripted: Scripted,
    put_away: Dismiss,
    data: st.DataObject,
    reports: dict[tuple[int, int], dict[str, Any]],
    page_size: int,
) -> None:
    flow = [entry(*key, what) for key, what in reports.items()]
    await clean(owner)
    inps = scripted(data.draw(st.permutations(flow), label="first"))
    await pull_admitted_households(hub.write, inps, clock=clock, page_size=page_size)  # type: ignore[arg-type]
    await put_away()
    before = await rows(owner)
    assert all(row["payload"] is None and row["resolved_at"] is not None for row in before)
    inps.entries += data.draw(st.lists(st.sampled_from(flow), min_size=1, max_size=9), label="again")
    await pull_admitted_households(hub.write, inps, clock=clock, page_size=page_size)  # type: ignore[arg-type]
    assert await rows(owner) == before


async def test_what_waits_since_before_versions_were_kept_gets_its_version_with_the_next_run(
    hub: Database, owner: Owner, clock: Clock, scripted: Scripted, put_away: Dismiss
) -> None:
    inps = scripted([])
    await tell(hub, inps, clock, entry(1, 2, WRONG))
    await owner.execute("UPDATE quarantined_record SET version = NULL")
    await tell(hub, inps, clock)
    [row] = await rows(owner)
    assert row["version"] == datetime(2026, 3, 3, 4, tzinfo=UTC)
    assert row["payload"] is not None


async def test_what_was_settled_already_stays_as_it_is_and_is_named(
    hub: Database, owner: Owner, clock: Clock, scripted: Scripted, put_away: Dismiss
) -> None:
    inps = scripted([])
    await tell(
        hub, inps, clock, entry(1, 1, WRONG), entry(1, 2, WHAT), entry(2, 1, WRONG), entry(3, 1, WRONG)
    )
    landed, second, third = [
        row["id"] for row in sorted(await rows(owner), key=lambda row: row["record_key"])
    ]
    assert await put_away(second, because="First reason.") == []
    settled = await put_away(third, landed, second, third, by="other", because="Second reason.")
    assert [one.id for one in settled] == [landed, second]
    assert "waits no more: what it is about landed, on 2026-09-21 09:00 UTC." in settled[0].settled
    assert settled[1].settled.endswith("was dismissed on 2026-09-22 09:00 UTC by m.rossi.")
    by_key = {row["id"]: (row["dismissed_by"], row["dismissed_because"]) for row in await rows(owner)}
    assert by_key == {
        landed: (None, None),
        second: ("m.rossi", "First reason."),
        third: ("other", "Second reason."),
    }


async def test_one_that_is_unknown_leaves_the_others_waiting(
    hub: Database, owner: Owner, clock: Clock, scripted: Scripted, put_away: Dismiss
) -> None:
    await tell(hub, scripted([]), clock, entry(1, 1, WRONG))
    before = await rows(owner)
    with pytest.raises(UnknownRecord, match=r"No record qrn_0{31}7 is kept: `snodo sync quarantine`"):
        await put_away(before[0]["id"], UUID(int=7))
    assert await rows(owner) == before


@pytest.mark.parametrize(
    ("by", "because", "said"),
    [
        ("op", "", "Say why"),
        ("op", " \t ", "Say why"),
        ("op", "x" * 1_001, "Say why in 1000 characters at most."),
        ("op", "one\ntwo", "Say why in one line"),
        ("op", "\x1b[31mred", "Say why in one line"),
        ("op", "it is r s s m r a 8 0 a 0 1 h 5 0 1 u", "Say why without a fiscal code"),
        ("", "x", "Say who dismisses"),
        ("o" * 201, "x", "Say who dismisses in 200 characters"),
        ("a\udcffb", "x", "Say who dismisses in one line"),
    ],
)
async def test_who_and_why_are_said_and_name_nobody_by_a_code(
    hub: Database,
    owner: Owner,
    clock: Clock,
    scripted: Scripted,
    put_away: Dismiss,
    by: str,
    because: str,
    said: str,
) -> None:
    await tell(hub, scripted([]), clock, entry(1, 1, WRONG))
    with pytest.raises(InvalidDismissal, match=said):
        await put_away(by=by, because=because)
    [row] = await rows(owner)
    assert row["resolved_at"] is None


async def test_a_run_that_lands_meanwhile_is_waited_for(
    hub: Database, owner: Owner, clock: Clock, scripted: Scripted, put_away: Dismiss
) -> None:
    """The page's transaction has the agency's turn: what it settled is settled, and not dismissed."""
    await tell(hub, scripted([]), clock, entry(1, 1, WRONG))
    [row] = await rows(owner)
    async with hub.write.acquire() as connection:
        page = connection.transaction()
        await page.start()
        await connection.execute("SELECT FROM agency WHERE code = 'inps' FOR NO KEY UPDATE")
        dismissing = asyncio.ensure_future(put_away(row["id"]))
        _, waits = await asyncio.wait([dismissing], timeout=0.3)
        assert waits
        await connection.execute(
            "UPDATE quarantined_record SET payload = NULL, payload_digest = repeat('0', 64), resolved_at = $1",
            NOW,
        )
        await page.commit()
    [settled] = await dismissing
    assert settled.dismissed_by is None
    [after] = await rows(owner)
    assert (after["dismissed_by"], after["payload_digest"]) == (None, "0" * 64)


HTTP = "communications-http"


async def kept_by_http(
    hub: Database, agency: UUID, digest: str, at: datetime, reason: str = "At odds."
) -> None:
    payload = {"code": "1200026000000001", "digest": digest}
    async with hub.write.acquire() as connection, connection.transaction():
        await keep(
            connection, agency, HTTP, payload["code"], payload, Refusal("communicationCode", reason), at
        )


async def test_a_communication_by_http_that_was_put_away_waits_anew_when_another_of_its_code_comes(
    hub: Database, owner: Owner, put_away: Dismiss
) -> None:
    agency = await owner.fetchval("SELECT id FROM agency WHERE code = 'regione-12'")
    earlier, later = datetime(2026, 9, 20, tzinfo=UTC), datetime(2026, 9, 23, tzinfo=UTC)
    await kept_by_http(hub, agency, "sha256:one", earlier)
    await kept_by_http(hub, agency, "sha256:one", later, "At odds, still.")
    [waits] = await rows(owner)
    assert (waits["received_at"], waits["reason"]) == (earlier, "At odds, still."), (
        "it waits since it first came"
    )
    assert (waits["is_told"], waits["version"]) == (False, None)
    await put_away()
    before = await rows(owner)
    await kept_by_http(hub, agency, "sha256:one", later)
    assert await rows(owner) == before
    await kept_by_http(hub, agency, "sha256:two", later)
    [anew] = await rows(owner)
    assert (anew["received_at"], anew["resolved_at"], anew["dismissed_by"]) == (later, None, None)
    assert json.loads(anew["payload"])["digest"] == "sha256:two"


async def test_by_http_another_document_of_a_code_is_told_from_the_one_that_was_put_away(
    hub: Database, owner: Owner, put_away: Dismiss, clock: Clock
) -> None:
    world = await build_world(owner)
    purpose = UUID(int=0xAA)
    agency = await owner.fetchval(
        "INSERT INTO purpose (purpose_id, agency_id, description) SELECT $1, id, 'x' FROM agency WHERE code = 'regione-12'"
        " RETURNING agency_id",
        purpose,
    )
    scope = Scope(GrantScope.NATIONAL, single=False)
    caller = Caller(agency, "regione-12", AgencyKind.REGION, None, purpose, scope)
    intake = Intake(clock, HireTerms(timedelta(seconds=60), 10_000), 100_000)
    nobody: Any = None  # who asks is known, and nothing is asked of them
    door = CommunicationsEndpoint(hub, nobody, nobody, nobody, intake)

    async def post(begins: str) -> list[dict[str, Any]]:
        document = unilav(code="1200026000000001", worker=world.people["north"].fiscal_code, begins=begins)
        assert (await door.take(document.encode(), None, caller, None, UnderWay())).status == 200
        return await rows(owner)

    assert await post("2026-09-10") == []
    [waits] = await post("2026-09-11")
    assert (waits["flow"], waits["is_told"]) == (HTTP, False)
    assert await post("2026-09-11") == [waits]
    assert world.people["north"].fiscal_code not in waits["payload"]
    await put_away()
    [away] = await post("2026-09-11")
    assert away["dismissed_by"] == "m.rossi"
    [anew] = await post("2026-09-12")
    assert (anew["id"], anew["resolved_at"], anew["dismissed_by"]) == (waits["id"], None, None)


async def test_who_tries_a_record_again_waits_for_the_page_that_lands_and_hears_that_it_settled_it(
    hub: Database, owner: Owner, clock: Clock, scripted: Scripted
) -> None:
    await tell(hub, scripted([]), clock, entry(1, 1, WRONG))
    async with hub.write.acquire() as connection, hub.write.acquire() as other:
        [record] = await waiting_records(connection)
        page = other.transaction()
        await page.start()
        await take_turn(other, record.agency_id)
        trying = asyncio.ensure_future(
            retry_record(hub.write, filed_kind("admitted_households"), record, clock=clock)
        )
        _, waits = await asyncio.wait([trying], timeout=0.3)
        assert waits
        await other.execute(
            "UPDATE quarantined_record SET payload = NULL, payload_digest = repeat('0', 64), resolved_at = $1",
            NOW,
        )
        await page.commit()
        with pytest.raises(RecordSettled, match="waits no more: what it is about landed, on 2026-09-22"):
            await trying


async def test_records_come_in_the_order_they_are_named_and_each_once(
    hub: Database, owner: Owner, clock: Clock, scripted: Scripted
) -> None:
    await tell(hub, scripted([]), clock, *(entry(number, 1, WRONG) for number in (1, 2, 3)))
    ids: Sequence[UUID] = [row["id"] for row in await rows(owner)][::-1]
    async with hub.write.acquire() as connection:
        found = await named(connection, [*ids, *ids])
    assert [one.id for one in found] == list(ids)
