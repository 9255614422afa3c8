# SPDX-License-Identifier: EUPL-1.2
"""The feed's lines on their way: packed, signed, cut off anywhere and gone on with; and readers that take nothing."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import random
import socket
import zlib
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psutil  # type: ignore[import-untyped]
import pytest

from connectors.simulators.jws import public_key, verify
from connectors.simulators.keys import SIGNING
from hub.http.codings import zstd
from hub.plan.feed_lines import FeedLines, Lines
from tests.api.test_feed_parts import lines_of, places

if TYPE_CHECKING:
    from tests.api.conftest import Answer, Opener, Service

FEED = "/feeds/conditionality"
UNPACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda packed: zlib.decompressobj(31).decompress(packed),
    "zstd": lambda packed: zstd.ZstdDecompressor().decompress(packed),
}
PATIENCE = 20.0


async def packed(hub: Service, coding: str, **parameters: Any) -> bytes:
    """The answer's bytes as they came."""
    async with hub.client.stream(
        "GET", hub.url + FEED, params=parameters,
        headers={"authorization": f"Bearer {hub.token('inps')}", "accept-encoding": coding},
    ) as answer:  # fmt: skip
        assert answer.headers["content-encoding"] == coding
        assert answer.headers["vary"] == "accept-encoding"
        return b"".join([part async for part in answer.aiter_raw()])


@pytest.mark.parametrize("parameters", [{}, {"first": 3}])
@pytest.mark.parametrize("coding", UNPACK)
async def test_it_is_packed_for_who_takes_that(coding: str, parameters: dict[str, Any], ask: Service) -> None:
    plain = await lines_of(ask, headers={"accept-encoding": "identity"}, **parameters)
    assert "content-encoding" not in plain.headers
    assert UNPACK[coding](await packed(ask, coding, **parameters)) == plain.body


async def test_who_takes_no_coding_is_told(ask: Service) -> None:
    answer = await lines_of(ask, headers={"accept-encoding": "br, *;q=0"})
    assert (answer.status, answer.json["code"]) == (406, "NOT_ACCEPTABLE")
    assert "zstd or gzip" in answer.json["detail"]


async def test_cut_off_at_any_byte_it_is_gone_on_with(ask: Service) -> None:
    """A reader keeps its whole lines, and asks for what lies beyond the last of them."""
    whole = (await lines_of(ask)).body
    rest: dict[int, bytes] = {}
    cuts = [*range(2_500), *random.Random(3).sample(range(len(whole)), 500), len(whole)]
    for cut in cuts:
        kept = whole[: whole.rfind(b"\n", 0, cut) + 1]
        last = json.loads(kept.splitlines()[-1])["entry"]["position"] if kept else 0
        if last not in rest:
            rest[last] = (await lines_of(ask, after=last)).body
        assert kept + rest[last] == whole
    assert len(rest) > 10
    for coding, unpack in UNPACK.items():
        sent = await packed(ask, coding)
        for cut in range(len(sent)):
            assert whole.startswith(unpack(sent[:cut])), "what is cut off, unpacked, is a beginning of it"


# ── signed ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
async def signing(open_hub: Opener) -> AsyncIterator[Service]:
    """A hub with a key of its own, whose answers to INPS are signed."""
    async with open_hub(
        "signed-lines", sequencer=False, signing_key_file=open_hub._keys.path(SIGNING)
    ) as service:
        await service.owner.execute("UPDATE agency SET demands = '{SIGNED_ANSWERS}' WHERE code = 'inps'")
        yield service


class Refused(Exception):
    """An answer is not the one that was signed."""


async def taken(hub: Service, answer: Answer, body: bytes) -> bytes:
    """The lines, if they are the ones the hub signed for this reader: what a client does before it believes them."""
    if answer.headers["digest"] != f"SHA-256={base64.b64encode(hashlib.sha256(body).digest()).decode()}":
        raise Refused("digest")
    keys = (await hub.send("GET", "/.well-known/jwks.json")).json["keys"]
    known = {one["kid"]: public_key(one) for one in keys}
    claims = verify(answer.headers["agid-jwt-signature"], known.get).claims
    client = hub.registry.consumer("inps").client_id
    if (claims["iss"], claims["aud"]) != (hub.settings.audience, client):
        raise Refused("parties")
    said = {name: value for one in claims["signed_headers"] for name, value in one.items()}
    if said != {"digest": answer.headers["digest"], "content-type": answer.headers["content-type"]}:
        raise Refused("headers")
    return body


async def test_a_whole_feed_read_in_signed_pieces(signing: Service) -> None:
    """Each is verified by its reader, and together they are what is stored."""
    stored = await signing.owner.fetch(
        "SELECT entry, content FROM feed_entry JOIN feed_content USING (position) ORDER BY position"
    )
    whole = b"".join(f'{{"content":{row["content"]},"entry":{row["entry"]}}}\n'.encode() for row in stored)
    for size in ({}, {"first": 5}):
        found, parameters, pieces = b"", dict[str, Any](size), 0
        while True:
            # Compression is not for what is signed, whoever takes it.
            answer = await lines_of(signing, headers={"accept-encoding": "zstd, gzip"}, **parameters)
            assert answer.status == 200, answer.body
            assert "content-encoding" not in answer.headers
            assert int(answer.headers["content-length"]) == len(answer.body)
            found += await taken(signing, answer, answer.body)
            pieces += 1
            if "link" not in answer.headers:
                break
            parameters["after"] = answer.headers["feed-cursor"]
        assert found == whole
        assert pieces == (4 if size else 1)


async def test_what_was_changed_on_the_way_is_not_believed(signing: Service) -> None:
    answer = await lines_of(signing, first=2)
    assert await taken(signing, answer, answer.body) == answer.body
    for at in random.Random(9).sample(range(len(answer.body)), 50):
        changed = bytearray(answer.body)
        changed[at] ^= 1
        with pytest.raises(Refused):
            await taken(signing, answer, bytes(changed))
    other = await lines_of(signing, first=3)
    with pytest.raises(Refused):
        await taken(signing, answer, other.body)


async def test_an_answer_without_lines_and_a_refusal_are_signed_too(signing: Service) -> None:
    last = await signing.owner.fetchval("SELECT max(position) FROM feed_entry")
    for parameters, status in (({"after": last}, 200), ({"after": last + 1}, 400)):
        answer = await lines_of(signing, **parameters)
        assert answer.status == status
        await taken(signing, answer, answer.body)


async def test_without_a_key_nothing_is_given_unsigned(open_hub: Opener) -> None:
    async with open_hub("unsigned-lines", sequencer=False, signing_key_file=None) as hub:
        await hub.owner.execute("UPDATE agency SET demands = '{SIGNED_ANSWERS}' WHERE code = 'inps'")
        answer = await lines_of(hub, headers={"accept-encoding": "gzip"})
        assert (answer.status, answer.json["code"]) == (503, "SIGNING_UNAVAILABLE")


# ── readers that take nothing ─────────────────────────────────────────────────────────────────────────

LARGE = b"x" * 30_000_000
"""More than the kernel's buffers of both ends."""


def _open_here(port: int, peer: int) -> bool:
    """Whether this process, the hub's, still holds the connection that somebody at `peer` opened to `port`."""
    return any(
        one.laddr and one.raddr and (one.laddr.port, one.raddr.port) == (port, peer)
        for one in psutil.Process(os.getpid()).net_connections("tcp")
    )


@pytest.mark.parametrize("query", ["", "?first=1"])
async def test_a_reader_that_takes_nothing_is_hung_up_on(
    query: str, open_hub: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def large(*_: Any) -> Lines:
        return Lines(LARGE, 1, 1, False)

    async with open_hub(f"stalled-{len(query)}", sequencer=False, feed_stall=1.5) as hub:
        monkeypatch.setattr(FeedLines, "read", large)
        address = urlsplit(hub.url)
        assert address.port
        with socket.create_connection((address.hostname, address.port)) as reader:
            peer = reader.getsockname()[1]
            reader.sendall(
                f"GET {FEED}{query} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {hub.token('inps')}\r\n\r\n".encode()
            )
            assert await asyncio.to_thread(reader.recv, 12) == b"HTTP/1.1 200"
            async with asyncio.timeout(PATIENCE):
                while _open_here(address.port, peer):
                    await asyncio.sleep(0.05)
            assert await hub.metric("snodo_streams_open") == 0
            assert await hub.metric("snodo_subscriptions_open") == 0
            # What was on its way is all that comes; who reads on learns that it is not the whole.
            reader.setblocking(True)
            came = 0
            while piece := await asyncio.to_thread(_rest_of, reader):
                came += len(piece)
            assert came < len(LARGE)
        monkeypatch.undo()
        assert places(await lines_of(hub)), "others are served"


@pytest.mark.parametrize("coding", ["identity", *UNPACK])
async def test_closing_within_a_part_does_not_look_like_the_end(
    coding: str, open_hub: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = random.Random(coding).randbytes(len(LARGE))  # nothing makes it smaller

    async def large(*_: Any) -> Lines:
        return Lines(text, 1, 1, False)

    async with open_hub(f"closing-{coding}", sequencer=False) as hub:
        monkeypatch.setattr(FeedLines, "read", large)
        address = urlsplit(hub.url)
        with socket.create_connection((address.hostname, address.port)) as reader:
            reader.sendall(
                f"GET {FEED} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {hub.token('inps')}\r\n"
                f"accept-encoding: {coding}\r\n\r\n".encode()
            )
            came = await asyncio.to_thread(reader.recv, 12)
            await hub.hub.close_streams()
            while piece := await asyncio.to_thread(_rest_of, reader):
                came += piece
        assert len(came) < len(text)
        assert not came.endswith(b"\r\n0\r\n\r\n"), "no chunk says that this is all"


def _rest_of(reader: socket.socket) -> bytes:
    try:
        return reader.recv(1_000_000)
    except ConnectionResetError:
        return b""
