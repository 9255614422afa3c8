# SPDX-License-Identifier: EUPL-1.2
"""`POST /soap/EventiCondizionalitaRDC`: events as centres' systems send them, recorded once, by the ledger's rules."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from connectors.rdc.events import ASSURANCE, TYPES
from tests.api.soap import envelope, fault, payload, post, write_clients
from tests.api.world import EAST, UNKNOWN_CODE

if TYPE_CHECKING:
    from tests.api.conftest import Answer, Opener, Service

PATH = "/soap/EventiCondizionalitaRDC"
OPERATOR = "BNCLCU15H01H501S"
CODES = {"X01": "CONVOCATION_MISSED", "X02": "AVAILABILITY_NOT_DECLARED", "X03": "none"}
"""What whoever runs this hub has said they mean; the second is of the RdC alone."""


@pytest.fixture(scope="module")
async def hub(
    open_hub: Opener, ask: Service, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Service]:
    folder = tmp_path_factory.mktemp("soap")
    await write_clients(ask, folder / "soap.toml")
    shipped = files("hub.ledger").joinpath("wire_codes.csv").read_text(encoding="utf-8").splitlines()
    known = [
        f"rdc-event,{line.split(',')[1]},Come detto,{CODES[line.split(',')[1]]},established,for tests"
        if line.startswith("rdc-event") and line.split(",")[1] in CODES
        else line
        for line in shipped
    ]
    (folder / "codes.csv").write_text("\n".join(known) + "\n", encoding="utf-8")
    async with open_hub(
        "soap_events", soap_file=folder / "soap.toml", wire_codes=folder / "codes.csv"
    ) as service:
        yield service


async def protocol_of(hub: Service, person: str) -> str:
    key = hub.world.people[person].household_id
    found = await hub.owner.fetchval("SELECT inps_protocol FROM household WHERE id = $1", key)
    assert isinstance(found, str)
    return found


async def said(hub: Service, person: str = "east", verb: str = "load", **changes: str) -> bytes:
    """A message about somebody; by default of the centre EAST."""
    asked = f"{verb}EventiCondizionalitaRDC"
    values = {
        "cod_cpi": EAST,
        "cod_evento": "X01",
        "cod_fiscale": hub.world.people[person].fiscal_code,
        "cod_fiscale_ope": OPERATOR,
        "cod_protocollo_inps": await protocol_of(hub, person),
        "dtt_domanda": "2026-01-10T00:00:00.000Z",
        "dtt_evento": "2026-10-01T08:00:00.000Z",
        **changes,
    }
    leaves = "".join(f"<{name}>{value}</{name}>" for name, value in values.items())
    return envelope(f'<{asked} xmlns="{TYPES}">{leaves}</{asked}>')


def outcome(answer: Answer) -> tuple[str, str]:
    assert answer.status == 200, answer.body
    content = payload(answer)
    assert content.tag in [f"{{{TYPES}}}{verb}EventiCondizionalitaRDCResponse" for verb in ("load", "delete")]
    assert [child.tag for child in content] == [f"{{{TYPES}}}cod_esito", f"{{{TYPES}}}des_esito"]
    return content[0].text or "", content[1].text or ""


async def load(hub: Service, user: str = "east", /, **changes: Any) -> str:
    return outcome(await post(hub, PATH, await said(hub, **changes), user))[0]


async def delete(hub: Service, day: str, user: str = "east", /, **changes: Any) -> str:
    content = await said(hub, verb="delete", dtt_domanda="2026-01-10", dtt_evento=day, **changes)
    return outcome(await post(hub, PATH, content, user, soapaction="deleteEventiCondizionalitaRDC"))[0]


async def withdrawals(hub: Service) -> int:
    found = await hub.owner.fetchval(
        "SELECT count(*) FROM conditionality_event WHERE type = 'EVENT_WITHDRAWN'"
    )
    assert isinstance(found, int)
    return found


async def recorded(hub: Service, at: datetime) -> list[asyncpg.Record]:
    return await hub.owner.fetch("SELECT * FROM conditionality_event WHERE occurred_at = $1", at)


async def test_an_event_is_recorded_as_it_was_sent(hub: Service) -> None:
    assert await load(hub, dtt_evento="2026-10-02T10:00:00", txt_note="Non si è presentato") == "E100"
    [event] = await recorded(hub, datetime(2026, 10, 2, 8, tzinfo=UTC))
    assert (event["type"], event["note"]) == ("CONVOCATION_MISSED", "Non si è presentato")
    assert event["beneficiary_id"] == hub.world.people["east"].id
    assert event["operator"] == OPERATOR
    lines = await hub.owner.fetch("SELECT * FROM access_log ORDER BY id DESC LIMIT 2")
    assert {line["operation"] for line in lines} == {
        "loadEventiCondizionalitaRDC",
        "loadEventiCondizionalitaRDC_domanda",
    }
    for line in lines:
        assert (line["user_id"], line["user_location"], line["loa"]) == (OPERATOR, EAST, ASSURANCE)
        assert line["subjects"] == [hub.world.people["east"].id]


async def test_sent_again_it_is_the_same_event(hub: Service) -> None:
    moment = {"dtt_evento": "2026-10-03T08:00:00Z"}
    assert [await load(hub, **moment) for _ in range(3)] == ["E100"] * 3
    assert await load(hub, dtt_evento="2026-10-03T10:00:00+02:00") == "E100"
    assert await load(hub, **moment, cod_fiscale_ope="00488410010") == "E100"
    assert len(await recorded(hub, datetime(2026, 10, 3, 8, tzinfo=UTC))) == 1


async def test_sent_twice_at_once_it_is_one_event(hub: Service) -> None:
    content = await said(hub, dtt_evento="2026-10-04T08:00:00Z")
    answers = await asyncio.gather(*(post(hub, PATH, content, "east") for _ in range(6)))
    assert [outcome(one)[0] for one in answers] == ["E100"] * 6
    assert len(await recorded(hub, datetime(2026, 10, 4, 8, tzinfo=UTC))) == 1


async def test_what_was_sent_is_not_changed(hub: Service) -> None:
    moment = {"dtt_evento": "2026-10-05T08:00:00Z"}
    assert await load(hub, **moment, txt_note="uno") == "E100"
    assert await load(hub, **moment, txt_note="due") == "E102"
    [event] = await recorded(hub, datetime(2026, 10, 5, 8, tzinfo=UTC))
    assert event["note"] == "uno"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"cod_evento": "X02"}, "E102"),  # not of the measure
        ({"cod_evento": "X03"}, "E102"),  # says nothing that bears on a benefit
        ({"cod_evento": "X04"}, "E102"),  # not established
        ({"cod_evento": "Y01"}, "E102"),
        ({"dtt_evento": "2025-12-31T08:00:00Z"}, "E102"),  # before the benefit
        ({"dtt_evento": "2036-12-31T08:00:00Z"}, "E102"),
        ({"cod_fiscale": UNKNOWN_CODE}, "E101"),
        ({"cod_fiscale": "RSSMRA80A01H501X"}, "E001"),
        ({"cod_fiscale_ope": "x"}, "E001"),
        ({"cod_protocollo_inps": "INPS-OTHER"}, "E001"),
        ({"cod_cpi": "Roma"}, "E001"),
        ({"dtt_domanda": "2026-01-10"}, "E001"),
        ({"txt_note": "x" * 2_001}, "E102"),
    ],
)
async def test_what_cannot_be_recorded_has_its_outcome(
    hub: Service, changes: dict[str, str], expected: str
) -> None:
    before = await hub.owner.fetchval("SELECT count(*) FROM conditionality_event")
    assert await load(hub, **changes) == expected
    assert await hub.owner.fetchval("SELECT count(*) FROM conditionality_event") == before


async def test_nobody_beyond_the_territory_is_recorded_about(hub: Service) -> None:
    assert await load(hub, person="north", dtt_evento="2026-10-06T08:00:00Z") == "E101"


async def test_who_may_not_record_is_told_so(hub: Service) -> None:
    code, sentence = outcome(await post(hub, PATH, await said(hub), "two-regions"))
    assert (code, "RECORD_EVENTS" in sentence) == ("E999", True)


async def test_clients_say_what_they_do_in_their_own_ways(hub: Service) -> None:
    content = await said(hub, dtt_evento="2026-10-07T08:00:00Z")
    for action in (
        '""',
        "loadEventiCondizionalitaRDC",
        '"http://servizi.lavoro.gov.it/loadEventiCondizionalitaRDC"',
    ):
        assert outcome(await post(hub, PATH, content, "east", soapaction=action))[0] == "E100"
    answer = await post(hub, PATH, content, "east", soapaction="deleteEventiCondizionalitaRDC")
    assert (answer.status, fault(answer)[0]) == (500, "Client")


async def test_a_deletion_is_a_withdrawal_and_is_done_once(hub: Service) -> None:
    before = await withdrawals(hub)
    assert await load(hub, dtt_evento="2026-10-10T22:30:00Z") == "E100"  # the 11th, by Rome's clock
    assert await delete(hub, "2026-10-10") == "E102"
    assert [await delete(hub, "2026-10-11") for _ in range(2)] == ["E100", "E100"]
    assert await withdrawals(hub) == before + 1
    [event] = await recorded(hub, datetime(2026, 10, 10, 22, 30, tzinfo=UTC))
    withdrawal = await hub.owner.fetchrow(
        "SELECT * FROM conditionality_event WHERE type = 'EVENT_WITHDRAWN' ORDER BY recorded_at DESC LIMIT 1"
    )
    assert withdrawal is not None
    assert (withdrawal["operator"], EAST in withdrawal["note"]) == (OPERATOR, True)
    assert withdrawal["beneficiary_id"] == event["beneficiary_id"]


async def test_what_was_deleted_is_not_said_to_be_recorded(hub: Service) -> None:
    moment = "2026-10-29T08:00:00Z"
    assert [await load(hub, dtt_evento=moment), await delete(hub, "2026-10-29")] == ["E100", "E100"]
    code, sentence = outcome(await post(hub, PATH, await said(hub, dtt_evento=moment), "east"))
    assert (code, "withdrawn" in sentence) == ("E102", True)
    assert len(await recorded(hub, datetime(2026, 10, 29, 8, tzinfo=UTC))) == 1


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "E102"),  # there is no such event
        ({"cod_evento": "X04"}, "E102"),
        ({"cod_fiscale": UNKNOWN_CODE}, "E101"),
        ({"cod_protocollo_inps": "INPS-OTHER"}, "E001"),
        ({"txt_note": "un elemento in più"}, "E001"),
    ],
)
async def test_what_cannot_be_withdrawn_has_its_outcome(
    hub: Service, changes: dict[str, str], expected: str
) -> None:
    before = await withdrawals(hub)
    assert await delete(hub, "2026-10-12", **changes) == expected
    assert await withdrawals(hub) == before


async def test_of_several_on_a_day_none_is_withdrawn(hub: Service) -> None:
    for hour in (8, 9):
        assert await load(hub, dtt_evento=f"2026-10-13T{hour:02}:00:00Z") == "E100"
    before = await withdrawals(hub)
    assert await delete(hub, "2026-10-13") == "E102"
    assert await withdrawals(hub) == before


async def test_what_another_agency_recorded_is_not_withdrawn(hub: Service) -> None:
    recording = """mutation ($input: RecordConditionalityEventInput!) {
        recordConditionalityEvent(input: $input) { event { id } userErrors { code } } }"""
    given = {
        "idempotencyKey": "another-agency",
        "fiscalCode": hub.world.people["east"].fiscal_code,
        "type": "CONVOCATION_MISSED",
        "occurredAt": "2026-10-14T08:00:00Z",
    }
    done = (await hub(recording, as_="municipality", input=given)).data["recordConditionalityEvent"]
    assert done["userErrors"] == []
    assert await delete(hub, "2026-10-14") == "E102"
