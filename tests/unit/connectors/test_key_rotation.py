# SPDX-License-Identifier: EUPL-1.2
"""The hub's own key is replaced while it runs: the new one signs, and what was got with the old one is used until it ends."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from joserfc import jws
from joserfc.jwk import RSAKey

from connectors.pdnd import ClientIdentity, Operator, Passes
from connectors.pdnd.assertion import client_assertion
from connectors.pdnd.tokens import TokenEndpoint, Voucher
from hub.access.signing_key import SigningKey
from hub.errors import ConfigurationError

ANNA = Operator("anna", "desk-1", "high")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def two() -> list[RSAKey]:
    return [RSAKey.generate_key(2048) for _ in range(2)]


def put(path: Path, key: RSAKey) -> None:
    draft = path.with_suffix(".new")
    draft.write_bytes(key.as_pem(private=True))
    os.replace(draft, path)  # noqa: PTH105


def kid_of(token: str) -> object:
    return jws.extract_compact(token.encode()).headers()["kid"]


async def looked(identity: ClientIdentity) -> None:
    """Until a look at the file that is under way has ended."""
    key = identity.key
    assert isinstance(key, SigningKey)
    while key._loading is not None:
        await asyncio.sleep(0.001)


class Pdnd(TokenEndpoint):
    """Notes by which key each assertion is signed; its vouchers live ten minutes."""

    def __init__(self, identity: ClientIdentity) -> None:
        self.identity, self.now = identity, 1_000_000.0
        self.kids: list[object] = []

    async def voucher(self, purpose_id: str, digest: str | None = None) -> Voucher:
        assertion = client_assertion(
            self.identity, audience="a", purpose_id=purpose_id, jti="j", now=self.now, digest=digest
        )
        self.kids.append(kid_of(assertion))
        return Voucher(f"v{len(self.kids)}", self.now + 600)


async def test_the_new_key_asks_for_the_next_voucher_and_the_old_voucher_is_used_until_then(
    tmp_path: Path, two: list[RSAKey]
) -> None:
    path, clock = tmp_path / "client.pem", Clock()
    put(path, two[0])
    identity = ClientIdentity.following("c", path, clock)
    pdnd = Pdnd(identity)
    passes = Passes(identity, pdnd, now=lambda: pdnd.now)
    first = await passes.get("p", ["a"], ANNA)
    assert identity.kid == two[0].thumbprint()
    assert pdnd.kids == [two[0].thumbprint()]

    put(path, two[1])
    clock.now += 1
    identity.sign({})
    await looked(identity)
    assert identity.kid == two[1].thumbprint()
    assert kid_of(identity.sign({})) == two[1].thumbprint(), "what is signed now, is with the new key"
    pdnd.now += 530
    assert await passes.get("p", ["a"], ANNA) is first, "the voucher lasts"
    assert first.evidence is not None
    assert kid_of(first.evidence.jws) == two[0].thumbprint(), (
        "and its evidence, which it is bound to, goes with it"
    )
    assert len(pdnd.kids) == 1

    pdnd.now += 11  # a tenth of its life is left
    assert await passes.get("p", ["a"], ANNA) is first, "nobody waits for the renewal"
    while len(pdnd.kids) < 2:
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    second = await passes.get("p", ["a"], ANNA)
    assert pdnd.kids == [two[0].thumbprint(), two[1].thumbprint()]
    assert second.evidence is not None
    assert kid_of(second.evidence.jws) == two[1].thumbprint()
    assert len({first.voucher.token, second.voucher.token}) == 2
    await passes.aclose()
    await identity.aclose()


async def test_a_file_that_is_broken_meanwhile_leaves_the_key_at_hand(
    tmp_path: Path, two: list[RSAKey]
) -> None:
    path, clock = tmp_path / "client.pem", Clock()
    put(path, two[0])
    identity = ClientIdentity.following("c", path, clock)
    path.write_text("half a key")
    clock.now += 1
    identity.sign({})
    await looked(identity)
    assert identity.kid == two[0].thumbprint()
    put(path, two[1])
    clock.now += 1
    identity.sign({})
    await looked(identity)
    assert identity.kid == two[1].thumbprint()
    await identity.aclose()


def test_a_key_that_cannot_be_read_at_the_start_names_its_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"absent\.pem \(SNODO_CLIENT_KEY_FILE\)"):
        ClientIdentity.following("c", tmp_path / "absent.pem")


async def test_closing_ends_a_look_under_way(tmp_path: Path, two: list[RSAKey]) -> None:
    path, clock = tmp_path / "client.pem", Clock()
    put(path, two[0])
    identity = ClientIdentity.following("c", path, clock)
    before = asyncio.all_tasks()
    clock.now += 1
    identity.sign({})
    assert len(asyncio.all_tasks() - before) == 1
    await identity.aclose()
    assert asyncio.all_tasks() == before
