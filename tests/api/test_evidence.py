# SPDX-License-Identifier: EUPL-1.2
"""Recording with evidence and the reason of an absence, over HTTP: kept as said, read as granted, bound by the feed, erased with the event."""

from __future__ import annotations

import asyncio
import hashlib
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.ledger.checkpointing import Checkpointing
from hub.ledger.erasure import erase
from hub.ledger.sequencer import sequence
from hub.ledger.signed_note import Signer
from hub.ledger.stored_feed import verify_stored
from hub.ledger.verification import Unproven
from hub.plan import runner
from hub.plan.operation import Operation
from hub.plan.runner import Lane

if TYPE_CHECKING:
    from tests.api.conftest import Opener, Service

RECORD = """
  mutation ($input: RecordConditionalityEventInput!) {
    recordConditionalityEvent(input: $input) { event { id } userErrors { code path } }
  }
"""
READ = """
  query ($id: ID!) { node(id: $id) { ... on ConditionalityEvent {
    justifiedReason evidence { sha256 mediaType reference title } } } }
"""
DOCUMENT = b"Certificato"
ONE = {
    "sha256": hashlib.sha256(DOCUMENT).hexdigest(),
    "mediaType": "application/pdf",
    "reference": "https://docs.example/2026/7",
    "title": 'Certificato "medico" \\ 🦊',
}
OTHER = {"sha256": "AB" * 32, "mediaType": "image/PNG", "reference": "prot. 2026/0012"}
KEPT = [ONE, {**OTHER, "sha256": "ab" * 32, "mediaType": "image/png", "title": None}]
SIGNER = Signer("snodo.test/feed", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
_numbers = count(1)

Input = dict[str, Any]


def _input(hub: Service, **changes: Any) -> Input:
    number = next(_numbers)
    return {
        "idempotencyKey": f"evidence-{number}",
        "fiscalCode": hub.world.people["north"].fiscal_code,
        "type": "ABSENCE_JUSTIFIED",
        "occurredAt": f"2026-05-23T10:00:00.{number:06}Z",
        **changes,
    }


async def _recorded(hub: Service, **changes: Any) -> str:
    done = (await hub(RECORD, input=_input(hub, **changes))).data["recordConditionalityEvent"]
    assert done["userErrors"] == []
    found: str = done["event"]["id"]
    return found


@pytest.mark.parametrize("executor", [False, True])
async def test_they_are_kept_as_they_were_said(
    executor: bool, writable: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    if executor:
        monkeypatch.setattr(Operation, "_commands", lambda *_: None)
    query = f"{RECORD} # {executor}"
    given = _input(writable, evidence=[ONE, OTHER], justifiedReason="ILLNESS_OR_ACCIDENT")
    answer = await writable(query, input=given)
    event = answer.data["recordConditionalityEvent"]["event"]["id"]
    found = (await writable(READ, id=event)).data["node"]
    assert found == {"justifiedReason": "ILLNESS_OR_ACCIDENT", "evidence": KEPT}
    # Said in another case it is the same input; anything else is another.
    same = {**given, "evidence": [ONE, {**OTHER, "sha256": "ab" * 32}]}
    assert (await writable(query, input=same)).body == answer.body
    for change in ({"evidence": [ONE]}, {"evidence": None}, {"justifiedReason": "PREGNANCY"}):
        refused = (await writable(query, input={**given, **change})).data["recordConditionalityEvent"]
        assert [error["code"] for error in refused["userErrors"]] == ["IDEMPOTENCY_KEY_REUSED"]


async def test_they_may_be_read_back_at_once(writable: Service) -> None:
    query = RECORD.replace("{ id }", "{ justifiedReason evidence { sha256 title } }")
    done = await writable(query, input=_input(writable, evidence=[ONE], justifiedReason="PREGNANCY"))
    assert done.data["recordConditionalityEvent"]["event"] == {
        "justifiedReason": "PREGNANCY",
        "evidence": [{"sha256": ONE["sha256"], "title": ONE["title"]}],
    }


@pytest.mark.parametrize("given", [{}, {"evidence": None, "justifiedReason": None}, {"evidence": []}])
async def test_neither_need_be_said(given: Input, writable: Service) -> None:
    event = await _recorded(writable, **given)
    assert (await writable(READ, id=event)).data["node"] == {"justifiedReason": None, "evidence": []}


async def test_evidence_is_of_every_type(writable: Service) -> None:
    event = await _recorded(writable, type="CONVOCATION_MISSED", evidence=[ONE])
    assert (await writable(READ, id=event)).data["node"]["evidence"] == [ONE]


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"type": "CONVOCATION_MISSED", "justifiedReason": "PREGNANCY"}, "REASON_NOT_OF_TYPE", ["justifiedReason"]),
        ({"evidence": [ONE] * 21}, "EVIDENCE_INVALID", ["evidence"]),
        ({"evidence": [ONE, {**ONE, "sha256": "x"}]}, "EVIDENCE_INVALID", ["evidence", "1", "sha256"]),
        ({"evidence": [{**ONE, "mediaType": "x"}]}, "EVIDENCE_INVALID", ["evidence", "0", "mediaType"]),
        (
            {"evidence": [{**ONE, "reference": "https://u:p@docs.example/"}]},
            "EVIDENCE_INVALID",
            ["evidence", "0", "reference"],
        ),
        ({"evidence": [{**ONE, "title": ""}]}, "EVIDENCE_INVALID", ["evidence", "0", "title"]),
    ],
)  # fmt: skip
async def test_what_is_refused(change: Input, code: str, path: list[str], writable: Service) -> None:
    before = await writable.owner.fetchval("SELECT count(*) FROM conditionality_event")
    done = (await writable(RECORD, input=_input(writable, **change))).data["recordConditionalityEvent"]
    assert done == {"event": None, "userErrors": [{"code": code, "path": ["input", *path]}]}
    assert await writable.owner.fetchval("SELECT count(*) FROM conditionality_event") == before


@pytest.mark.parametrize(
    "change",
    [
        {"justifiedReason": "BECAUSE"},
        {"evidence": [{"sha256": "0" * 64}]},
        {"evidence": [None]},
        {"evidence": "x"},
        {"evidence": [{**ONE, "content": "x"}]},
    ],
)
async def test_inputs_of_the_wrong_kind(change: Input, writable: Service) -> None:
    assert set((await writable(RECORD, input=_input(writable, **change))).codes) == {"BAD_USER_INPUT"}


async def test_an_input_written_out(writable: Service) -> None:
    code = writable.world.people["north"].fiscal_code
    text = (
        'mutation ($hash: String!) { recordConditionalityEvent(input: { idempotencyKey: "evidence written out", '
        f'type: ABSENCE_JUSTIFIED, fiscalCode: "{code}", occurredAt: "2026-05-24T00:00:00Z", justifiedReason: COURT_SUMMONS, '
        'evidence: { sha256: $hash, mediaType: "a/b", reference: "r" } }) { event { id } userErrors { code } } }'
    )
    done = (await writable(text, hash="cd" * 32)).data["recordConditionalityEvent"]
    found = (await writable(READ, id=done["event"]["id"])).data["node"]
    assert found["evidence"] == [{"sha256": "cd" * 32, "mediaType": "a/b", "reference": "r", "title": None}]


async def test_with_evidence_it_is_one_statement_too(
    writable: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    fetch = Lane.fetch

    async def on_lane(self: Lane, statement: str, *given: Any) -> Any:
        sent.append(statement)
        return await fetch(self, statement, *given)

    monkeypatch.setattr(Lane, "fetch", on_lane)
    await _recorded(writable, evidence=[ONE, OTHER])
    assert len(sent) == 1


async def test_of_recordings_that_wait_each_has_its_own(
    open_hub: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "SLICE", 60.0)  # however slow the machine: as many together as wait
    monkeypatch.setattr(runner, "PATIENCE", 60.0)
    sent: list[str] = []
    fetch = Lane.fetch

    async def on_lane(self: Lane, statement: str, *given: Any) -> Any:
        sent.append(statement)
        return await fetch(self, statement, *given)

    async with open_hub("evidence-joined", sequencer=False) as hub:
        await _recorded(hub)
        asked = [
            _input(hub, evidence=[{**ONE, "title": f"t{number}-{one}"} for one in range(number % 3)])
            for number in range(9)
        ]
        monkeypatch.setattr(Lane, "fetch", on_lane)
        transaction = hub.owner.transaction()
        await transaction.start()
        await hub.owner.execute("LOCK TABLE outbox_message IN ACCESS EXCLUSIVE MODE")
        waiting = [asyncio.create_task(hub(RECORD, input=one)) for one in asked]
        await asyncio.sleep(0.5)
        await transaction.rollback()
        done = [(await one).data["recordConditionalityEvent"]["event"]["id"] for one in waiting]
        monkeypatch.setattr(Lane, "fetch", fetch)
        assert any("unnest($" in statement for statement in sent)
        for number, event in enumerate(done):
            found = (await hub(READ, id=event)).data["node"]["evidence"]
            assert [one["title"] for one in found] == [f"t{number}-{one}" for one in range(number % 3)]


async def test_they_are_bound_by_the_feed_and_go_with_erasure(open_hub: Opener) -> None:
    async with open_hub("evidence-feed", sequencer=False) as hub:
        event = await _recorded(hub, evidence=[ONE, OTHER], justifiedReason="FAMILY_REASONS", note="x")
        key = event.removeprefix("evt_")
        await sequence(hub.owner)
        async with hub.hub.database.write.acquire() as connection:
            await Checkpointing(hub.hub.database.write, lambda: True, SIGNER, 1.0).catch_up(connection)
        await verify_stored(hub.owner, SIGNER.key)
        changes = (
            f"UPDATE event_evidence SET sha256 = overlay(sha256 placing '\\x00' from 7 for 1) WHERE ordinal = 1 AND event_id = '{key}'",
            f"UPDATE event_evidence SET media_type = 'image/gif' WHERE ordinal = 2 AND event_id = '{key}'",
            f"UPDATE event_evidence SET reference = reference || '0' WHERE ordinal = 1 AND event_id = '{key}'",
            f"UPDATE event_evidence SET title = 'x' WHERE ordinal = 2 AND event_id = '{key}'",
            f"UPDATE event_evidence SET title = NULL WHERE ordinal = 1 AND event_id = '{key}'",
            f"UPDATE event_evidence SET ordinal = 3 WHERE ordinal = 2 AND event_id = '{key}'",
            f"UPDATE event_evidence SET event_id = (SELECT id FROM conditionality_event WHERE id <> event_id LIMIT 1), ordinal = 9 WHERE event_id = '{key}' AND ordinal = 2",
            f"DELETE FROM event_evidence WHERE ordinal = 2 AND event_id = '{key}'",
            f"INSERT INTO event_evidence VALUES ('{key}', 3, sha256('x'), 'a/b', 'r')",
            f"UPDATE conditionality_event SET justified_reason = 'PREGNANCY' WHERE id = '{key}'",
            f"UPDATE conditionality_event SET justified_reason = NULL WHERE id = '{key}'",
        )
        for change in changes:
            transaction = hub.owner.transaction()
            await transaction.start()
            await hub.owner.execute("SET LOCAL session_replication_role = replica")
            assert (await hub.owner.execute(change)).split()[-1] == "1", change
            with pytest.raises(Unproven):
                await verify_stored(hub.owner, SIGNER.key)
            await transaction.rollback()
        position = await hub.owner.fetchval("SELECT position FROM feed_entry WHERE event_id = $1", key)
        await erase(hub.owner, position, agency_code="cpi-h501c900031", operator="dpo", reason="Altri")
        await sequence(hub.owner)
        row = await hub.owner.fetchrow("SELECT * FROM conditionality_event WHERE id = $1", key)
        assert row is not None
        assert (row["justified_reason"], row["note"]) == (None, None)
        assert await hub.owner.fetchval("SELECT count(*) FROM event_evidence WHERE event_id = $1", key) == 0
        assert (await verify_stored(hub.owner, SIGNER.key)).erased == 1
