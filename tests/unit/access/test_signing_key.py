# SPDX-License-Identifier: EUPL-1.2
"""The hub's own key: read at the start, followed while it runs, never shown."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest
from joserfc import jws
from joserfc.jwk import KeySet, RSAKey

from hub.access.signing_key import SigningKey
from hub.errors import ConfigurationError


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def two() -> list[RSAKey]:
    return [RSAKey.generate_key(2048) for _ in range(2)]


def put(path: Path, key: RSAKey) -> None:
    """As one rotates: another file, moved into the place of the first."""
    draft = path.with_suffix(".new")
    draft.write_bytes(key.as_pem(private=True))
    os.replace(draft, path)  # noqa: PTH105


def kid_of(token: str, published: dict[str, list[dict[str, object]]]) -> object:
    """The `kid` of a token that one of the published keys signed."""
    verified = jws.deserialize_compact(token, KeySet.import_key_set(published), algorithms=["RS256"])  # type: ignore[arg-type]
    assert json.loads(verified.payload or b"") == {"a": 1}
    return verified.headers()["kid"]


async def followed(key: SigningKey) -> None:
    while key._loading is not None:
        await asyncio.sleep(0.001)


async def test_a_new_file_is_taken_while_it_runs(tmp_path: Path, two: list[RSAKey]) -> None:
    path, clock = tmp_path / "key.pem", Clock()
    put(path, two[0])
    key = SigningKey(path, None, clock)
    before = key.sign({"a": 1})
    put(path, two[1])
    assert jws.extract_compact(key.sign({"a": 1}).encode()).headers()["kid"] == two[0].thumbprint(), (
        "not looked at yet"
    )
    clock.now += 1
    key.sign({"a": 1})
    await followed(key)
    published = await key.published()
    assert kid_of(key.sign({"a": 1}), published) == two[1].thumbprint()
    assert kid_of(before, published) == two[0].thumbprint(), "the one before stays published"
    await key.close()


async def test_what_is_published_is_the_file_though_nothing_is_signed(
    tmp_path: Path, two: list[RSAKey]
) -> None:
    """Another process signs with the new key as soon as it sees it; whoever asks this one must find that key."""
    path = tmp_path / "key.pem"
    put(path, two[0])
    key = SigningKey(path, None, Clock())
    before = key.sign({"a": 1})
    put(path, two[1])
    both = await asyncio.gather(key.published(), key.published())
    assert both[0] == both[1]
    assert [one["kid"] for one in both[0]["keys"]] == [one.thumbprint() for one in reversed(two)]
    assert kid_of(before, both[0]) == two[0].thumbprint()
    await key.close()


async def test_of_one_name_one_key_is_published(tmp_path: Path, two: list[RSAKey]) -> None:
    """A file written anew does not push out the key before it, and a name that stays is that of the new key alone."""
    path = tmp_path / "key.pem"
    put(path, two[0])
    key, named = SigningKey(path, None, Clock()), SigningKey(path, "ours", Clock())
    before = key.sign({"a": 1})
    put(path, two[1])
    assert len((await key.published())["keys"]) == 2
    put(path, two[1])
    kids = [one["kid"] for one in (await key.published())["keys"]]
    assert kids == [two[1].thumbprint(), two[0].thumbprint()]
    assert kid_of(before, await key.published()) == two[0].thumbprint()
    assert [one["kid"] for one in (await named.published())["keys"]] == ["ours"]
    assert kid_of(named.sign({"a": 1}), await named.published()) == "ours"
    for one in (key, named):
        await one.close()


async def test_a_bad_file_leaves_the_key_as_it_was(tmp_path: Path, two: list[RSAKey]) -> None:
    path, clock = tmp_path / "key.pem", Clock()
    put(path, two[0])
    key = SigningKey(path, None, clock)
    for spoil in (
        lambda: path.write_text("nonsense"),
        lambda: path.unlink(),
        lambda: path.write_bytes(two[1].as_pem(private=False)),
    ):
        spoil()
        clock.now += 1
        key.sign({"a": 1})
        await followed(key)
        assert kid_of(key.sign({"a": 1}), await key.published()) == two[0].thumbprint()
    put(path, two[1])
    clock.now += 1
    key.sign({"a": 1})
    await followed(key)
    assert kid_of(key.sign({"a": 1}), await key.published()) == two[1].thumbprint()


async def test_the_name_on_pdnd(tmp_path: Path, two: list[RSAKey]) -> None:
    path = tmp_path / "key.pem"
    put(path, two[0])
    key = SigningKey(path, "ours", Clock())
    published = (await key.published())["keys"]
    assert [one["kid"] for one in published] == ["ours"]
    assert not any("d" in one or "p" in one for one in published)


@pytest.mark.parametrize("content", [None, b"", b"nonsense"])
def test_a_file_that_holds_none(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="SNODO_SIGNING_KEY_FILE"):
        SigningKey(path, None, Clock())


def test_a_public_key_signs_nothing(tmp_path: Path, two: list[RSAKey]) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(two[0].as_pem(private=False))
    with pytest.raises(ConfigurationError, match="public key"):
        SigningKey(path, None, Clock())
