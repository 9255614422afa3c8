# SPDX-License-Identifier: EUPL-1.2
"""Consumers' keys: found once for many, forgotten with their age, not asked for without end, read from a file as it is."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from joserfc.jwk import RSAKey

from hub.access.client_keys import MISSES, ClientKey, ClientKeys, Found, KeyFile, NoClientKeys, NoSource
from hub.errors import ConfigurationError, UpstreamUnavailable

CLIENT = UUID("e58035ce-c753-4f72-b613-46f8a17b71cc")
KID, OTHER = "k" * 43, "o" * 43


@pytest.fixture(scope="module")
def rsa() -> RSAKey:
    return RSAKey.generate_key(2048)


class Source:
    """Keys that may be taken away, and a count of the questions."""

    def __init__(self, rsa: RSAKey) -> None:
        self.known = {KID: ClientKey(CLIENT, rsa)}
        self.asked: list[str] = []
        self.down = False
        self.gate: asyncio.Event | None = None

    async def find(self, kid: str) -> ClientKey | None:
        self.asked.append(kid)
        if self.gate is not None:
            await self.gate.wait()
        if self.down:
            raise UpstreamUnavailable(agency="PDND")
        return self.known.get(kid)


class Clock:
    now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def source(rsa: RSAKey) -> Source:
    return Source(rsa)


@pytest.fixture
def keys(source: Source, clock: Clock) -> ClientKeys:
    return ClientKeys(source, clock, longest_age=300, unknown_for=30, most=3)


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_key_is_asked_for_once(keys: ClientKeys, source: Source, clock: Clock, rsa: RSAKey) -> None:
    found = await keys.key(KID, CLIENT)
    assert isinstance(found, Found)
    assert (found.kid, found.client_id, found.key, found.until) == (KID, CLIENT, rsa, clock.now + 300)
    clock.now += 149
    assert await keys.key(KID, CLIENT) is not None
    await settled()
    assert source.asked == [KID]


async def test_those_who_need_it_at_once_share_the_answer(keys: ClientKeys, source: Source) -> None:
    source.gate = asyncio.Event()
    waiting = [asyncio.create_task(keys.key(KID, CLIENT)) for _ in range(5)]
    await settled()
    waiting.pop().cancel()
    source.gate.set()
    found = await asyncio.gather(*waiting)
    assert source.asked == [KID]
    assert all(one is found[0] and one is not None for one in found)


async def test_a_deleted_key_ends_within_its_age(keys: ClientKeys, source: Source, clock: Clock) -> None:
    await keys.key(KID, CLIENT)
    source.known.clear()
    clock.now += 149
    assert await keys.key(KID, CLIENT) is not None
    clock.now += 2
    assert await keys.key(KID, CLIENT) is not None, "it is asked for in the background"
    await settled()
    assert await keys.key(KID, CLIENT) is None
    assert source.asked == [KID, KID]


async def test_what_a_key_signed_is_remembered_as_long_as_it_is_there(
    keys: ClientKeys, source: Source, clock: Clock, rsa: RSAKey
) -> None:
    found = await keys.key(KID, CLIENT)
    assert found is not None
    for _ in range(5):  # whoever remembers asks only whether it holds, and so has it renewed
        clock.now += 151
        assert keys.holds(found)
        await settled()
    assert source.asked == [KID] * 6
    source.known[KID] = ClientKey(UUID(int=1), rsa)
    clock.now += 151
    assert keys.holds(found)
    await settled()
    assert not keys.holds(found), "it is another client's now"
    other = await keys.key(KID, CLIENT)
    assert other is not None
    assert other.client_id == UUID(int=1)


async def test_a_source_that_is_down_is_not_asked_at_every_request(
    keys: ClientKeys, source: Source, clock: Clock
) -> None:
    found = await keys.key(KID, CLIENT)
    assert found is not None
    source.down = True
    clock.now += 200
    for _ in range(10):
        assert keys.holds(found)
        await settled()
        clock.now += 1
    assert len(source.asked) == 1 + 2
    clock.now += 90
    assert not keys.holds(found)


async def test_a_key_nobody_used_meanwhile_is_asked_for_anew(
    keys: ClientKeys, source: Source, clock: Clock
) -> None:
    await keys.key(KID, CLIENT)
    source.known.clear()
    clock.now += 300
    assert await keys.key(KID, CLIENT) is None


async def test_while_the_source_is_down_a_key_counts_until_its_age_ends(
    keys: ClientKeys, source: Source, clock: Clock
) -> None:
    await keys.key(KID, CLIENT)
    source.down = True
    clock.now += 200
    assert await keys.key(KID, CLIENT) is not None
    await settled()
    clock.now += 99
    assert await keys.key(KID, CLIENT) is not None
    await settled()
    clock.now += 1
    with pytest.raises(UpstreamUnavailable):
        await keys.key(KID, CLIENT)
    source.down = False
    assert await keys.key(KID, CLIENT) is not None, "a failure is not remembered"


async def test_an_unknown_name_is_not_asked_for_again_for_a_while(
    keys: ClientKeys, source: Source, clock: Clock, rsa: RSAKey
) -> None:
    assert await keys.key(OTHER, CLIENT) is None
    source.known[OTHER] = ClientKey(CLIENT, rsa)
    clock.now += 29
    assert await keys.key(OTHER, CLIENT) is None
    assert source.asked == [OTHER]
    clock.now += 1
    assert await keys.key(OTHER, CLIENT) is not None


@pytest.mark.parametrize(
    "kid", ["", "k" * 42, "k" * 44, "k" * 42 + "/", "../" + "k" * 40, "é" * 43, "k" * 43 + "\n"]
)
async def test_a_name_of_another_form_is_asked_of_nobody(kid: str, keys: ClientKeys, source: Source) -> None:
    assert await keys.key(kid, CLIENT) is None
    assert source.asked == []


async def test_what_is_remembered_is_bounded(keys: ClientKeys, source: Source, rsa: RSAKey) -> None:
    names = [letter * 43 for letter in "abcde"]
    source.known = dict.fromkeys(names[:4], ClientKey(CLIENT, rsa))
    for number, name in enumerate((*names, "f" * 43, "g" * 43, "h" * 43)):
        await keys.key(name, UUID(int=number))
    assert list(keys._found) == names[1:4]
    assert len(keys._unknown) == len(keys._misses) == 3


async def test_a_flood_of_invented_names_ends(keys: ClientKeys, source: Source, clock: Clock) -> None:
    flood = [f"{number:043d}" for number in range(MISSES + 5)]
    for kid in flood:
        assert await keys.key(kid, CLIENT) is None
    assert source.asked == flood[:MISSES]
    assert await keys.key(KID, CLIENT) is None, "nor is one that there is"
    assert await keys.key(KID, UUID(int=1)) is not None, "to another client it makes no difference"
    assert await keys.key(KID, CLIENT) is not None, "and what is known is known"
    clock.now += 30
    assert await keys.key("z" * 43, CLIENT) is None
    assert source.asked[-1] == "z" * 43


async def test_closing_ends_what_is_asked(keys: ClientKeys, source: Source) -> None:
    source.gate = asyncio.Event()
    waiting = asyncio.create_task(keys.key(KID, CLIENT))
    await settled()
    await keys.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert keys._asking == {}


async def test_without_a_source_it_is_said_what_to_set() -> None:
    with pytest.raises(NoClientKeys, match="SNODO_CLIENT_KEYS"):
        await NoSource().find(KID)


# ── the file ──────────────────────────────────────────────────────────────────────────────────────────


def jwk(rsa: RSAKey, kid: str = KID, **more: Any) -> dict[str, object]:
    return {**rsa.as_dict(private=False), "kid": kid, "clientId": str(CLIENT), **more}


async def test_a_file_is_read_as_it_is(tmp_path: Path, rsa: RSAKey) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(orjson.dumps({"keys": [jwk(rsa)]}))
    found = await KeyFile(path).find(KID)
    assert found is not None
    assert found.client_id == CLIENT
    assert await KeyFile(path).find(OTHER) is None
    path.write_bytes(orjson.dumps({"keys": [jwk(rsa, OTHER), {"kty": "oct", "k": "x", "kid": KID}]}))
    assert await KeyFile(path).find(KID) is None
    assert await KeyFile(path).find(OTHER) is not None


@pytest.mark.parametrize(
    "change", [{"clientId": None}, {"clientId": "centre"}, {"clientId": ...}, {"clientId": 7}]
)
async def test_a_key_of_nobody_is_an_error(change: dict[str, Any], tmp_path: Path, rsa: RSAKey) -> None:
    listed = {name: value for name, value in jwk(rsa, **change).items() if value is not ...}
    path = tmp_path / "keys.json"
    path.write_bytes(orjson.dumps({"keys": [listed]}))
    with pytest.raises(ConfigurationError, match="clientId"):
        KeyFile(path).read()
    with pytest.raises(NoClientKeys):
        await KeyFile(path).find(KID)


@pytest.mark.parametrize("content", [None, b"", b"[]", b"{}", b'{"keys": 1}'])
def test_a_file_that_is_none(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError):
        KeyFile(path).read()
