# SPDX-License-Identifier: EUPL-1.2
"""What proves the feed, over HTTP and GraphQL: who may have what, and what is said to a wrong number."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hub.ledger.checkpoint import Checkpoint, read_checkpoint
from hub.ledger.checkpoint_key import make_key
from hub.ledger.merkle import CompactRange, is_consistent, is_included, leaf_hash
from hub.ledger.signed_note import VerifierKey
from tests.api.conftest import Answer, Opener, Service

FEED = "/feeds/conditionality"


@pytest.fixture(scope="module")
async def signing(open_hub: Opener, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """A hub that signs checkpoints."""
    key: Path = tmp_path_factory.mktemp("keys") / "checkpoint.pem"
    make_key(key)
    async with open_hub("proofs", checkpoint_key_file=key, checkpoint_interval=0.05) as service:
        yield service


async def get(hub: Service, path: str, as_: str | None = None, /, **parameters: Any) -> Answer:
    headers = {} if as_ is None else {"authorization": f"Bearer {hub.token(as_)}"}
    return await hub.send("GET", FEED + path, params=parameters, headers=headers)


async def signed(hub: Service) -> Checkpoint:
    """The last checkpoint, once it is over all entries; verified as a stranger would."""
    key = VerifierKey.read((await get(hub, "/key")).body.decode())
    size = await hub.owner.fetchval("SELECT max(position) FROM feed_entry")
    async with asyncio.timeout(20):
        while True:
            answer = await get(hub, "/checkpoint")
            if answer.status == 200:
                checkpoint = read_checkpoint(answer.body.decode(), key)
                if checkpoint.size == size:
                    return checkpoint
            await asyncio.sleep(0.05)


async def leaves(hub: Service) -> list[bytes]:
    rows = await hub.owner.fetch("SELECT entry FROM feed_entry ORDER BY position")
    return [leaf_hash(row["entry"].encode()) for row in rows]


async def test_a_stranger_gets_the_checkpoint_and_its_key(signing: Service) -> None:
    checkpoint, tree = await signed(signing), CompactRange()
    for leaf in await leaves(signing):
        tree.append(leaf)
    assert (checkpoint.origin, checkpoint.root) == (signing.settings.feed_origin, tree.root())


async def test_proofs_over_http_and_graphql_are_the_same_and_hold(signing: Service) -> None:
    checkpoint, hashes = await signed(signing), await leaves(signing)
    size = checkpoint.size
    found = (await get(signing, "/proofs/inclusion", "inps", position=2, size=size)).json
    proof = [b64decode(one) for one in found["hashes"]]
    assert (found["position"], found["size"]) == (2, size)
    assert is_included(hashes[1], 1, size, proof, checkpoint.root)
    step = (await get(signing, "/proofs/consistency", "inps", **{"from": 3, "to": size})).json
    earlier = CompactRange()
    for leaf in hashes[:3]:
        earlier.append(leaf)
    steps = [b64decode(one) for one in step["hashes"]]
    assert is_consistent(3, earlier.root(), size, checkpoint.root, steps)
    answer = await signing(
        """query ($size: BigInt!) { feedCheckpoint { origin size root note }
             feedInclusionProof(position: 2, size: $size) { hashes } feedConsistencyProof(from: 3, to: $size) { hashes } }""",
        as_="inps",
        size=size,
    )
    assert answer.data["feedInclusionProof"]["hashes"] == found["hashes"]
    assert answer.data["feedConsistencyProof"]["hashes"] == step["hashes"]
    assert read_checkpoint(answer.data["feedCheckpoint"]["note"]) == checkpoint


@pytest.mark.parametrize(
    ("path", "parameters", "code", "sentence"),
    [
        ("inclusion", {"position": 1}, "BAD_USER_INPUT", "`size` must be given once"),
        ("inclusion", {"size": 1}, "BAD_USER_INPUT", "`position` must be given once"),
        ("inclusion", {"position": "x", "size": 1}, "BAD_USER_INPUT", "decimal"),
        ("inclusion", {"position": -1, "size": 1}, "BAD_USER_INPUT", "decimal"),
        ("inclusion", {"position": "1" * 19, "size": 1}, "BAD_USER_INPUT", "decimal"),
        ("inclusion", {"position": [1, 2], "size": 2}, "BAD_USER_INPUT", "once"),
        ("inclusion", {"position": 0, "size": 1}, "OUTSIDE_FEED", "1 to 1"),
        ("inclusion", {"position": 3, "size": 2}, "OUTSIDE_FEED", "1 to 2"),
        ("inclusion", {"position": 1, "size": 10**17}, "OUTSIDE_FEED", "the feed has"),
        ("consistency", {"from": 2, "to": 1}, "OUTSIDE_FEED", "`from` is 2"),
        ("consistency", {"from": 0, "to": 1}, "OUTSIDE_FEED", "`from` is 0"),
        ("consistency", {"from": 1, "to": 10**17}, "OUTSIDE_FEED", "the feed has"),
        ("consistency", {"to": 1}, "BAD_USER_INPUT", "`from` must be given once"),
    ],
)
async def test_a_wrong_number_is_refused_with_a_sentence(
    signing: Service, path: str, parameters: dict[str, Any], code: str, sentence: str
) -> None:
    answer = await get(signing, f"/proofs/{path}", "inps", **parameters)
    assert answer.status == 400
    assert "x-ratelimit-remaining" in answer.headers
    assert answer.json["code"] == code
    assert sentence in answer.json["detail"]


async def test_a_wrong_number_is_refused_in_graphql_too(signing: Service) -> None:
    for question in (
        "{ feedInclusionProof(position: 9, size: 2) { hashes } }",
        "{ feedConsistencyProof(from: -1, to: 2) { hashes } }",
    ):
        assert (await signing(question, as_="inps")).codes == ["OUTSIDE_FEED"]


@pytest.mark.parametrize("as_", ["centre", "ministry", "citizen"])
async def test_proofs_are_for_who_may_read_a_feed(signing: Service, as_: str) -> None:
    answer = await get(signing, "/proofs/inclusion", as_, position=1, size=1)
    assert (answer.status, answer.json["code"]) == (403, "FORBIDDEN")
    answer = await signing("{ feedInclusionProof(position: 1, size: 1) { hashes } }", as_=as_)
    assert answer.codes == ["FORBIDDEN"]


async def test_nobody_in_particular_gets_no_proof(signing: Service) -> None:
    answer = await get(signing, "/proofs/consistency", None, **{"from": 1, "to": 1})
    assert (answer.status, answer.json["code"]) == (401, "UNAUTHENTICATED")
    assert {"x-ratelimit-remaining", "www-authenticate"} <= set(answer.headers)


async def test_a_hub_without_a_key_says_so(ask: Service) -> None:
    for path in ("/checkpoint", "/key"):
        answer = await get(ask, path)
        assert (answer.status, answer.json["code"]) == (404, "NO_CHECKPOINT")
    assert (await ask("{ feedCheckpoint { size } }", as_="inps")).data == {"feedCheckpoint": None}


async def test_an_erased_entry_is_served_about_nobody(signing: Service) -> None:
    await signed(signing)
    agency = await signing.owner.fetchval("SELECT id FROM agency WHERE kind = 'INPS' LIMIT 1")
    await signing.owner.fetchval("SELECT erase_feed_content(1, $1, 'dpo', 'A reason')", agency)
    async with asyncio.timeout(20):
        while (
            await signing.owner.fetchval("SELECT max(type) FROM feed_entry WHERE type = 'CONTENT_ERASED'")
        ) is None:
            await asyncio.sleep(0.02)
    answer = await signing(
        """{ conditionalityFeed(first: 1000) { entries { position fiscalCode inpsProtocol erases erasedAt
             event { id type beneficiary { fiscalCode } } } }
             conditionalityEvents(first: 1000) { nodes { id } } }""",
        as_="inps",
    )
    entries = answer.data["conditionalityFeed"]["entries"]
    first, told = entries[0], entries[-1]
    assert int(first["position"]) == 1
    assert (first["fiscalCode"], first["inpsProtocol"]) == (None, None)
    assert first["erasedAt"] is not None
    assert first["event"]["beneficiary"] is None
    assert (told["event"]["type"], int(told["erases"]), told["fiscalCode"]) == ("CONTENT_ERASED", 1, None)
    assert [one["position"] for one in entries] == sorted((one["position"] for one in entries), key=int)
