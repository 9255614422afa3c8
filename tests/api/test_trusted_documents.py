# SPDX-License-Identifier: EUPL-1.2
"""Trusted documents over HTTP: asked for by their hash, and, for the consumers that are bound to them, nothing else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hub.errors import ConfigurationError
from hub.plan.trusted import TrustedDocument, document_id, registry_bytes

if TYPE_CHECKING:
    from tests.api.conftest import Answer, Opener, Service

LIST = "query List($n: Int) { beneficiaries(first: $n) { nodes { id } } }\n"
TWO = "query A { a: __typename } query B { b: __typename } "
RECORD = (
    'mutation Record { recordConditionalityEvent(input: { idempotencyKey: "k", fiscalCode: "12345678903", '
    'type: PACT_SIGNED, occurredAt: "2026-09-01T00:00:00Z" }) { userErrors { code } } }'
)
DOCUMENTS = [
    TrustedDocument(LIST, ("List",), "list.graphql"),
    TrustedDocument(TWO, ("A", "B"), "two.graphql"),
    TrustedDocument(RECORD, ("Record",), "record.graphql"),
]
UNKNOWN = document_id("{ __typename }")
BOUND, FREE = "centre", "inps"


@pytest.fixture(scope="module")
async def hub(open_hub: Opener, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """A hub that knows three documents, and remembers but two others; the centre may ask nothing else."""
    file = tmp_path_factory.mktemp("trusted") / "registry.json"
    file.write_bytes(registry_bytes(DOCUMENTS))
    async with open_hub("trusted", sequencer=False, document_cache_size=2, trusted_documents=file,
                        trusted_only="cpi-h501c900031 nobody") as service:  # fmt: skip
        code = await service.owner.fetchval(
            "SELECT agency.code FROM agency JOIN agency_client ON agency_id = agency.id WHERE client_id = $1",
            service.registry.consumer(BOUND).client_id,
        )
        assert code == "cpi-h501c900031", "the setting names the centre"
        yield service


async def _post(hub: Service, as_: str = BOUND, accept: str = "*/*", **content: Any) -> Answer:
    headers = {"authorization": f"Bearer {hub.token(as_)}", "accept": accept}
    return await hub.send(json=content, headers=headers)


@pytest.mark.parametrize("as_", [BOUND, FREE])
async def test_a_document_by_its_hash(as_: str, hub: Service) -> None:
    before = await hub.metric("snodo_documents_compiled_total")
    hash_ = document_id(LIST)
    ways: list[dict[str, Any]] = [
        {"documentId": hash_},
        {"documentId": hash_, "query": LIST},
        {"documentId": hash_, "query": None, "operationName": "List"},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash_.removeprefix("sha256:")}}},
        {"query": LIST},
    ]
    for way in ways:
        found = await _post(hub, as_, variables={"n": 1}, **way)
        assert len(found.data["beneficiaries"]["nodes"]) == 1
    found = await hub.send(
        "GET",
        params={"documentId": hash_, "variables": '{"n": 2}'},
        headers={"authorization": f"Bearer {hub.token(as_)}"},
    )
    assert len(found.data["beneficiaries"]["nodes"]) == 2
    assert await hub.metric("snodo_documents_compiled_total") == before, "compiled when the hub started"


async def test_one_operation_of_several(hub: Service) -> None:
    hash_ = document_id(TWO)
    assert (await _post(hub, documentId=hash_, operationName="B")).data == {"b": "Query"}
    for name in (None, "C"):
        answer = await _post(hub, documentId=hash_, operationName=name)
        assert (answer.status, answer.codes) == (400, ["OPERATION_RESOLUTION_FAILURE"])


@pytest.mark.parametrize(
    ("content", "code", "status"),
    [
        ({"documentId": UNKNOWN}, "PERSISTED_QUERY_NOT_FOUND", 400),
        ({"extensions": {"persistedQuery": {"sha256Hash": UNKNOWN[7:]}}}, "PERSISTED_QUERY_NOT_FOUND", 400),
        ({"documentId": UNKNOWN, "query": LIST}, "PERSISTED_QUERY_MISMATCH", 400),
        ({"documentId": document_id(LIST), "query": LIST.strip()}, "PERSISTED_QUERY_MISMATCH", 400),
        ({"query": LIST.strip()}, "PERSISTED_QUERY_REQUIRED", 403),
        ({"query": "{"}, "PERSISTED_QUERY_REQUIRED", 403),
        ({"query": "{ __typename }", "documentId": UNKNOWN}, "PERSISTED_QUERY_REQUIRED", 403),
        ({"documentId": 1}, "BAD_REQUEST", 400),
        ({"documentId": ""}, "BAD_REQUEST", 400),
        ({"documentId": "list"}, "BAD_REQUEST", 400),
        ({"documentId": UNKNOWN.upper()}, "BAD_REQUEST", 400),
        ({"documentId": UNKNOWN + "0"}, "BAD_REQUEST", 400),
        ({"documentId": UNKNOWN[:-1] + "\n"}, "BAD_REQUEST", 400),
        ({"documentId": UNKNOWN.replace("sha256", "md5")}, "BAD_REQUEST", 400),
        ({"documentId": "sha256:\N{FOX FACE}"}, "BAD_REQUEST", 400),
        ({"extensions": {"persistedQuery": UNKNOWN}}, "BAD_REQUEST", 400),
        ({"extensions": {"persistedQuery": {"version": 1}}}, "BAD_REQUEST", 400),
        ({"extensions": {"persistedQuery": {"sha256Hash": 1}}}, "BAD_REQUEST", 400),
    ],
)  # fmt: skip
async def test_what_is_refused(content: dict[str, Any], code: str, status: int, hub: Service) -> None:
    answer = await _post(hub, **content)
    assert (answer.status, answer.codes) == (status, [code])


async def test_who_is_not_bound_sends_what_they_like(hub: Service) -> None:
    assert (await _post(hub, FREE, query="{ __typename }")).data == {"__typename": "Query"}
    hash_of_it = {"query": "{ __typename }", "documentId": UNKNOWN}
    assert (await _post(hub, FREE, **hash_of_it)).data == {"__typename": "Query"}
    assert (await _post(hub, FREE, documentId=UNKNOWN)).codes == ["PERSISTED_QUERY_NOT_FOUND"]


async def test_apollos_client_finds_an_unknown_hash_in_the_body(hub: Service) -> None:
    """It asks for `application/json` alone, reads the code, and sends the text."""
    answer = await _post(hub, FREE, "application/json", documentId=UNKNOWN)
    assert (answer.status, answer.codes) == (200, ["PERSISTED_QUERY_NOT_FOUND"])


async def test_a_trusted_mutation_is_not_read_by_get(hub: Service) -> None:
    answer = await hub.send(
        "GET",
        params={"documentId": document_id(RECORD)},
        headers={"authorization": f"Bearer {hub.token(BOUND)}"},
    )
    assert (answer.status, answer.codes, answer.headers["allow"]) == (405, ["METHOD_NOT_ALLOWED"], "POST")


async def test_no_flood_of_others_takes_their_place(hub: Service) -> None:
    await _post(hub, documentId=document_id(LIST), variables={"n": 1})
    planned = await hub.metric("snodo_plans_made_total")
    for number in range(20):
        await _post(hub, FREE, query=f"query Flood{number} {{ __typename }}")
    compiled = await hub.metric("snodo_documents_compiled_total")
    await _post(hub, documentId=document_id(LIST), variables={"n": 1})
    assert await hub.metric("snodo_documents_compiled_total") == compiled
    assert await hub.metric("snodo_plans_made_total") == planned
    assert await hub.metric("snodo_documents_remembered") <= 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda _: None, "cannot be read"),
        (lambda _: b"{", "not JSON"),
        (lambda _: b"[]", "not a registry"),
        (lambda good: {**good, "version": 2}, "in version 1"),
        (lambda good: {**good, "documents": [{"id": "x"}]}, "without id, text"),
        (lambda good: {**good, "documents": [{**good["documents"][0], "text": "{ a }"}]}, "changed by hand"),
    ],
)
async def test_a_registry_that_cannot_be_used_stops_the_start(
    change: Any, said: str, open_hub: Opener, tmp_path: Path
) -> None:
    file = tmp_path / "registry.json"
    content = change(json.loads(registry_bytes(DOCUMENTS)))
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    with pytest.raises(ConfigurationError, match=said):
        async with open_hub("refused", trusted_documents=file):
            pass


async def test_every_document_that_no_longer_fits_is_named(open_hub: Opener, tmp_path: Path) -> None:
    """At the start, where somebody looks, and not by one front end after another."""
    old = [
        TrustedDocument("query Old {\n  beneficiaries { nodes { shoeSize } }\n}", ("Old",), "a/old.graphql"),
        TrustedDocument("query Older { nobody { id } }", ("Older",), "older.graphql"),
        *DOCUMENTS,
    ]
    file = tmp_path / "registry.json"
    file.write_bytes(registry_bytes(old))
    with pytest.raises(ConfigurationError) as refused:
        async with open_hub("outdated", trusted_documents=file):
            pass
    assert "a/old.graphql:2:27: Cannot query field 'shoeSize'" in refused.value.message
    assert "older.graphql:1:15: Cannot query field 'nobody'" in refused.value.message
    assert "list.graphql" not in refused.value.message


async def test_consumers_bound_to_no_documents_stop_the_start(open_hub: Opener) -> None:
    with pytest.raises(ConfigurationError, match="SNODO_TRUSTED_DOCUMENTS"):
        async with open_hub("bound", trusted_only="*"):
            pass
