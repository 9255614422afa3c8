# SPDX-License-Identifier: EUPL-1.2
"""Whose key is this: PDND's API over HTTP, by a voucher bound to a key, its answers verified."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from joserfc.jwk import RSAKey
from structlog.testing import capture_logs

from connectors.exchange import Answer
from connectors.pdnd import ClientIdentity, InteropApi, ProofKey, PublishedKeys, TokenEndpoint, key_source
from connectors.pdnd.interop_api import client_key
from connectors.pdnd.signed_answer import check_answer
from connectors.simulators.faults import Fault, FaultKind
from connectors.simulators.jws import sign
from connectors.simulators.keys import PDND
from hub.access.jwks import KeySet
from hub.access.signing_key import SigningKey
from hub.errors import UpstreamInvalid, UpstreamRefused, UpstreamUnavailable
from hub.settings import Settings

if TYPE_CHECKING:
    from tests.flows.connectors.conftest import World


def api(
    world: World, *, signed: bool = True, client: str = "hub-m2m", proofs: ProofKey | None = None
) -> InteropApi:
    identity = ClientIdentity.from_pem(world.registry.consumer(client).client_id, world.keys.path(client))
    exchange = world.exchange("PDND")
    tokens = TokenEndpoint(
        identity, exchange, url=f"{world.urls['pdnd']}/token.oauth2",
        assertion_audience=world.registry.assertion_audience, now=world.clock,
    )  # fmt: skip
    return InteropApi(
        exchange, tokens, proofs or ProofKey(), url=f"{world.urls['pdnd']}/v3",
        signed_by=pdnd_keys(world) if signed else None, now=world.clock,
    )  # fmt: skip


def pdnd_keys(world: World) -> KeySet:
    return KeySet(
        PublishedKeys(f"{world.urls['pdnd']}/.well-known/jwks.json", world.http), time.monotonic, 1.0
    )


async def test_a_key_and_whose_it_is(world: World) -> None:
    kid = world.keys.kid("centre")
    found = await api(world).find(kid)
    assert found is not None
    assert found.client_id == UUID(world.registry.consumer("centre").client_id)
    assert found.key.thumbprint() == kid
    assert (world.pdnd.api.asked, world.pdnd.api.refusals, world.pdnd.refusals) == ([kid], [], [])


async def test_one_voucher_serves_many_questions(world: World) -> None:
    asked = api(world)
    for name in ("centre", "inps", "region"):
        assert await asked.find(world.keys.kid(name)) is not None
    world.clock.now += 591
    assert await asked.find(world.keys.kid("centre")) is not None
    assert world.pdnd.refusals == []


async def test_a_key_nobody_has(world: World) -> None:
    assert await api(world).find("A" * 43) is None
    world.pdnd.api.deleted.add(world.keys.kid("centre"))
    assert await api(world).find(world.keys.kid("centre")) is None


async def test_the_clients_key_is_rotated_without_a_restart(world: World, tmp_path: Path) -> None:
    file = tmp_path / "m2m.pem"
    file.write_bytes(world.keys.path("hub-m2m").read_bytes())
    settings = Settings(
        pdnd_api_url=f"{world.urls['pdnd']}/v3",
        pdnd_token_url=f"{world.urls['pdnd']}/token.oauth2",
        pdnd_assertion_audience=world.registry.assertion_audience,
        m2m_client_id=world.registry.consumer("hub-m2m").client_id,
        m2m_client_key_file=file,
    )
    source = key_source(settings, world.http, pdnd_keys(world))
    assert isinstance(source, InteropApi)
    source._now = source._tokens._now = world.clock
    identity = source._tokens._identity
    assert await source.find(world.keys.kid("centre")) is not None
    before = identity.kid
    assert before == world.keys.kid("hub-m2m")

    new = RSAKey.generate_key(2048)
    draft = tmp_path / "new.pem"
    draft.write_bytes(new.as_pem(private=True))
    draft.replace(file)
    assert isinstance(identity.key, SigningKey)
    identity.key._look_at = 0.0  # a second is over
    identity.sign({})
    async with asyncio.timeout(5):
        while identity.kid == before:
            await asyncio.sleep(0.001)
    assert identity.kid == new.thumbprint()
    assert await source.find(world.keys.kid("inps")) is not None, (
        "by the voucher that was got with the old key"
    )
    assert world.pdnd.refusals == []
    world.clock.now += 591
    with pytest.raises(UpstreamRefused):
        await source.find(world.keys.kid("inps"))
    assert world.pdnd.refusals != [], "the next is asked for with the new key, which PDND here does not know"
    await source.aclose()


async def test_a_voucher_it_no_longer_takes_is_renewed_once(world: World) -> None:
    asked = api(world)
    assert await asked.find(world.keys.kid("centre")) is not None
    kept = asked._voucher
    assert kept is not None
    asked._voucher = type(kept)(kept.token[:-8] + "AAAAAAAA", kept.expires_at)
    assert await asked.find(world.keys.kid("centre")) is not None
    assert world.pdnd.api.refusals == ["the signature is wrong"]


async def test_a_voucher_bound_to_another_key_is_of_no_use(world: World) -> None:
    theirs = api(world)
    await theirs.find(world.keys.kid("centre"))
    mine = api(world)
    mine._voucher = theirs._voucher
    mine._ask = lambda: _same(theirs)  # type: ignore[method-assign]
    with pytest.raises(UpstreamRefused):
        await mine.find(world.keys.kid("centre"))
    assert world.pdnd.api.refusals == ["jkt", "jkt"]


async def _same(other: InteropApi):  # type: ignore[no-untyped-def]
    return other._voucher


async def test_a_client_for_e_services_is_refused(world: World) -> None:
    with pytest.raises(UpstreamRefused):
        await api(world, client="hub").find(world.keys.kid("centre"))
    assert world.pdnd.refusals == ["purposeIdNotProvided"]


async def test_pdnd_is_down(world: World) -> None:
    asked = api(world)
    world.pdnd.faults.set("api", Fault(FaultKind.ERROR))
    with pytest.raises(UpstreamUnavailable):
        await asked.find(world.keys.kid("centre"))


# ── its answers are its own ───────────────────────────────────────────────────────────────────────────


async def answer(world: World) -> Answer:
    """A good one, as it came."""
    kept: list[Answer] = []
    asked = api(world, signed=False)
    get = asked._get

    async def spy(path: str) -> Answer:
        kept.append(await get(path))
        return kept[-1]

    asked._get = spy  # type: ignore[method-assign]
    await asked.find(world.keys.kid("centre"))
    return kept[-1]


async def test_a_changed_answer_is_not_believed(world: World) -> None:
    good, keys = await answer(world), pdnd_keys(world)
    now = world.clock()
    await check_answer(good, keys, now)
    changed = Answer(good.status, good.headers, good.body.replace(b"clientId", b"clientID"))
    with pytest.raises(UpstreamInvalid, match="Digest"):
        await check_answer(changed, keys, now)
    for later in (-200, 200):
        with pytest.raises(UpstreamInvalid, match="not of now"):
            await check_answer(good, keys, now + later)


@pytest.mark.parametrize(
    ("claims", "kid", "why"),
    [
        ({"signed_headers": [{"digest": "SHA-256=x"}]}, PDND, "other headers"),
        ({"signed_headers": [{"content-type": "application/json"}]}, PDND, "other headers"),
        ({"signed_headers": None}, PDND, "lacks a claim"),
        ({"exp": None}, PDND, "lacks a claim"),
        ({}, "centre", "none of PDND's keys"),
        (None, PDND, "does not hold"),
        ("", PDND, "does not hold"),
    ],
)
async def test_a_signature_that_is_not_on_it(
    claims: dict[str, object] | str | None, kid: str, why: str, world: World
) -> None:
    good, keys, now = await answer(world), pdnd_keys(world), world.clock()
    own = {"iat": now, "exp": now + 60, "signed_headers": [{"digest": good.headers["digest"]}]}
    if isinstance(claims, dict):
        token = sign({"alg": "RS256", "kid": world.keys.kid(kid)}, {**own, **claims}, world.keys.private[kid])
    elif claims is None:
        token = sign({"alg": "RS256", "kid": world.keys.kid(PDND)}, own, world.keys.private["centre"])
    else:
        token = claims
    headers = good.headers.copy()
    headers["agid-jwt-signature"] = token
    with pytest.raises(UpstreamInvalid, match=why):
        await check_answer(Answer(200, headers, good.body), keys, now)


async def test_an_answer_that_cannot_be_believed_is_counted_and_logged(world: World) -> None:
    asked, kid = api(world), world.keys.kid("centre")
    good = await answer(world)

    changed = Answer(good.status, good.headers, good.body + b" ")
    other = Answer(418, good.headers, good.body)
    coming = iter((changed, other))

    async def get(path: str) -> Answer:
        assert path == f"/keys/{kid}"
        return next(coming)

    assert await asked.find(kid) is not None
    assert asked.exchange.accounts["keys"].invalid == 0
    asked._get = get  # type: ignore[method-assign]
    for number in (1, 2):
        with pytest.raises(UpstreamInvalid), capture_logs() as lines:
            await asked.find(kid)
        assert asked.exchange.accounts["keys"].invalid == number
        assert [(one["event"], one["agency"], one["operation"]) for one in lines] == [
            ("answer.invalid", "PDND", "keys")
        ]
        assert kid not in str(lines)


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b'{"clientId": "x", "jwk": {}}', b'{"clientId": "e58035ce-c753-4f72-b613-46f8a17b71cc", "jwk": {"kty": "oct"}}',
     b'{"clientId": "e58035ce-c753-4f72-b613-46f8a17b71cc", "jwk": 1}'],
)  # fmt: skip
def test_an_answer_that_is_no_key(content: bytes) -> None:
    with pytest.raises(UpstreamInvalid):
        client_key(content, "k" * 43)
