# SPDX-License-Identifier: EUPL-1.2
"""Requests and answers against the OpenAPI description of C021, the one that is published (../shared; skipped without).

The other use cases share its shape: what they add to it, by ANPR's vocabulary, is taken out before they are held to it.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from jsonschema import Draft202012Validator, ValidationError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectors.anpr import (
    AnprConnector,
    DeclaredCitizenship,
    DeclaredGenerality,
    DeclaredResidence,
    IdAnpr,
    Lookups,
    UseCase,
)
from connectors.pdnd import Operator

if TYPE_CHECKING:
    from types import SimpleNamespace

    from tests.flows.connectors.conftest import World

Check = Callable[[str, bytes], None]
SERVICE = "C021-servizioAccertamentoStatoFamiglia"


@pytest.fixture(scope="session")
def description(shared: Path) -> dict[str, Any]:
    loaded = yaml.safe_load((shared / "contracts" / "anpr" / f"{SERVICE}.yaml").read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def closed(node: Any) -> Any:
    """The schema with no member allowed that it does not name: a misspelt name must not pass as an extra one."""
    if isinstance(node, dict):
        inner = {name: closed(value) for name, value in node.items()}
        return {**inner, "additionalProperties": False} if inner.get("type") == "object" else inner
    return [closed(one) for one in node] if isinstance(node, list) else node


@pytest.fixture(scope="session")
def check(description: dict[str, Any]) -> Check:
    components = closed(description["components"])

    def checking(name: str, body: bytes) -> None:
        schema = {"$ref": f"#/components/schemas/{name}", "components": components}
        Draft202012Validator(schema).validate(json.loads(body))

    return checking


class Recorder:
    """What passed between the socket and the agency: requests and answers to one service, byte for byte."""

    def __init__(self, agency: ASGIApp, service: str = SERVICE) -> None:
        self._agency = agency
        self.service = service
        self.requests: list[tuple[Scope, bytes]] = []
        self.answers: list[tuple[int, dict[bytes, bytes], bytes]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not scope["path"].startswith(f"/{self.service}"):
            await self._agency(scope, receive, send)
            return
        asked, answered = bytearray(), bytearray()
        start: Message = {}

        async def receiving() -> Message:
            message = await receive()
            asked.extend(message.get("body", b""))
            return message

        async def sending(message: Message) -> None:
            start.update(message if message["type"] == "http.response.start" else {})
            answered.extend(message.get("body", b""))
            await send(message)

        await self._agency(scope, receiving, sending)
        self.requests.append((scope, bytes(asked)))
        self.answers.append((start["status"], dict(start["headers"]), bytes(answered)))


@pytest.fixture
def recorder(world: World, sockets: SimpleNamespace) -> Recorder:
    recording = Recorder(world.anpr.app)
    sockets.anpr.agency = recording
    return recording


@pytest.mark.parametrize("code", ["PRVGNN90R10H501Q", "STTSGT90A01H501J"])
async def test_question_and_answer_are_as_published(
    world: World, operator: Operator, check: Check, recorder: Recorder, code: str
) -> None:
    assert await world.connector().registered_family(code, operator)
    ((_, question),) = recorder.requests
    check("RichiestaE002", question)
    ((status, headers, answer),) = recorder.answers
    assert (status, headers[b"content-type"]) == (200, b"application/json")
    check("RispostaE002OK", answer)


async def test_nobody_found_is_as_published(
    world: World, operator: Operator, check: Check, recorder: Recorder
) -> None:
    unknown = IdAnpr("ZZ99999ZZ")
    assert await world.connector().registered_family("X", operator, lookups=Lookups({"X": unknown})) is None
    ((status, headers, answer),) = recorder.answers
    assert (status, headers[b"content-type"]) == (404, b"application/problem+json")
    check("RispostaKO", answer)


async def test_address_and_headers_are_as_published(
    world: World, operator: Operator, description: dict[str, Any], recorder: Recorder
) -> None:
    await world.connector().registered_family("PRVGNN90R10H501Q", operator)
    ((scope, _),) = recorder.requests
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    served = description["servers"][0]["url"].rpartition("/govway/rest/in/MinInternoPortaANPR-PDND")[2]
    assert scope["path"] == served + "/anpr-service-e002"
    assert scope["method"].lower() in description["paths"]["/anpr-service-e002"]
    assert headers["authorization"].startswith("Bearer ")
    for name, scheme in description["components"]["securitySchemes"].items():
        assert scheme["type"] == "http" or headers[scheme["name"].lower()].count(".") == 2, name


async def test_status_is_as_published(world: World, check: Check) -> None:
    answer = await world.http.get(f"{world.urls['anpr']}/{SERVICE}/v1/status")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/problem+json")
    check("RispostaKO", answer.content)


ADDED = {"residenza", "infoStoriaIscrizione", "datiCancellazione", "cittadinanza", "permessoSoggiorno"}
"""Members of `datiSoggetto` that C021 has not (domain.md 1.4)."""
SHARING: dict[UseCase, Callable[[AnprConnector, str, Operator], Awaitable[object]]] = {
    UseCase.NATIONAL_ID: lambda anpr, code, who: anpr.national_id(code, who),
    UseCase.RESIDENCE: lambda anpr, code, who: anpr.residence(code, who),
    UseCase.GENERALITY: lambda anpr, code, who: anpr.generality(code, who),
    UseCase.CITIZENSHIP: lambda anpr, code, who: anpr.citizenship_record(code, who),
    UseCase.RECORD: lambda anpr, code, who: anpr.personal_record(code, who),
    UseCase.VERIFY_GENERALITY: lambda anpr, code, who: anpr.verify(
        code, DeclaredGenerality(family_name="PROVA", birth_date=date(1990, 10, 10)), who
    ),
    UseCase.VERIFY_CITIZENSHIP: lambda anpr, code, who: anpr.verify(code, DeclaredCitizenship("100"), who),
    UseCase.VERIFY_RESIDENCE: lambda anpr, code, who: anpr.verify(code, DeclaredResidence("058091"), who),
}


@pytest.mark.parametrize("use_case", SHARING)
@pytest.mark.parametrize("code", ["PRVGNN90R10H501Q", "VRDPLA80A41H501P", "HXHRDN80A01Z100Q"])
async def test_the_other_use_cases_share_the_shape(
    world: World, operator: Operator, check: Check, recorder: Recorder, use_case: UseCase, code: str
) -> None:
    recorder.service = use_case.service
    assert await SHARING[use_case](world.connector(), code, operator)
    ((_, question),) = recorder.requests
    asked = json.loads(question)
    assert ("verifica" in asked) is use_case.verifies
    asked.pop("verifica", None)
    check("RichiestaE002", json.dumps(asked).encode())
    ((status, headers, answer),) = recorder.answers
    assert (status, headers[b"content-type"]) == (200, b"application/json")
    told = json.loads(answer)
    for subject in told["listaSoggetti"]["datiSoggetto"]:
        for name in ADDED & set(subject):
            del subject[name]
    check("RispostaE002OK", json.dumps(told).encode())


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("RichiestaE002", {"idOperazioneClient": "1", "criteriRicerca": {}}),
        ("RispostaE002OK", {"idOperazioneANPR": 1}),
        ("RispostaE002OK", {"listaSoggetti": {"datiSoggetto": [{"identificativo": {}}]}}),
    ],
)
def test_the_check_can_fail(check: Check, name: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        check(name, json.dumps(wrong).encode())
