# SPDX-License-Identifier: EUPL-1.2
"""The tree against the definitions of RFC 6962, section 2.1, written as they stand there."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.ledger.merkle import (
    EMPTY_ROOT,
    CompactRange,
    Subtree,
    Tile,
    consistency_path,
    full_root,
    inclusion_path,
    is_consistent,
    is_included,
    joined,
    leaf_hash,
    node_hash,
    subtrees,
)

ENTRIES = [f"entry {number}".encode() for number in range(600)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]


def mth(entries: list[bytes]) -> bytes:
    """MTH of RFC 6962."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    k = split(len(entries))
    return hashlib.sha256(b"\x01" + mth(entries[:k]) + mth(entries[k:])).digest()


def split(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def path(m: int, entries: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962."""
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if m < k:
        return [*path(m, entries[:k]), mth(entries[k:])]
    return [*path(m - k, entries[k:]), mth(entries[:k])]


def subproof(m: int, entries: list[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962."""
    if m == len(entries):
        return [] if whole else [mth(entries)]
    k = split(len(entries))
    if m <= k:
        return [*subproof(m, entries[:k], whole), mth(entries[k:])]
    return [*subproof(m - k, entries[k:], False), mth(entries[:k])]


def root_of(low: int, high: int) -> bytes:
    """A range's root, from its full subtrees."""
    return joined(
        [
            full_root(LEAVES[one.index << one.height : (one.index + 1) << one.height])
            for one in subtrees(low, high)
        ]
    )


def test_the_published_roots_of_the_certificate_transparency_project() -> None:
    leaves = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ]
    roots = {
        0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    }
    tree = CompactRange()
    assert tree.root().hex() == roots[0]
    for leaf in leaves:
        tree.append(leaf_hash(bytes.fromhex(leaf)))
        assert tree.root().hex() == roots.get(tree.size, tree.root().hex())
    assert tree.size == 8


def test_the_growing_tree_is_the_one_of_the_definition() -> None:
    tree = CompactRange()
    assert tree.root() == EMPTY_ROOT == mth([])
    for size, leaf in enumerate(LEAVES[:300], start=1):
        tree.append(leaf)
        assert tree.root() == mth(ENTRIES[:size]) == root_of(0, size)


def test_tiles_are_told_when_they_are_full() -> None:
    tree = CompactRange()
    tiles: list[Tile] = []
    for number in range(2 * 65_536):
        tiles += tree.append(number.to_bytes(32, "big"))
    lowest = [tile.hash for tile in tiles if tile.level == 0]
    assert [tile.index for tile in tiles if tile.level == 0] == list(range(512))
    assert lowest[1] == full_root([number.to_bytes(32, "big") for number in range(256, 512)])
    above = [tile for tile in tiles if tile.level == 1]
    assert [(tile.index, tile.hash) for tile in above] == [
        (0, full_root(lowest[:256])),
        (1, full_root(lowest[256:])),
    ]
    assert len(tiles) == 514
    assert tree.root() == node_hash(above[0].hash, above[1].hash)


@given(st.integers(1, 400), st.data())
def test_an_inclusion_proof(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = [root_of(low, high) for low, high in inclusion_path(index, size)]
    assert proof == path(index, ENTRIES[:size])
    root = mth(ENTRIES[:size])
    assert is_included(LEAVES[index], index, size, proof, root)
    assert not is_included(LEAVES[index], index, size, [*proof, root], root)
    assert not is_included(LEAVES[-1], index, size, proof, root)
    other = data.draw(st.integers(0, size - 1).filter(lambda one: one != index)) if size > 1 else size
    assert not is_included(LEAVES[index], other, size, proof, root)
    for at in range(len(proof)):
        assert not is_included(LEAVES[index], index, size, [*proof[:at], bytes(32), *proof[at + 1 :]], root)
        assert not is_included(LEAVES[index], index, size, proof[:at] + proof[at + 1 :], root)


@given(st.integers(1, 400), st.data())
def test_a_consistency_proof(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    proof = [root_of(low, high) for low, high in consistency_path(old, new)]
    assert proof == subproof(old, ENTRIES[:new], True)
    before, after = mth(ENTRIES[:old]), mth(ENTRIES[:new])
    assert is_consistent(old, before, new, after, proof)
    assert not is_consistent(old, bytes(32), new, after, proof)
    assert not is_consistent(old, before, new, bytes(32), proof)
    assert not is_consistent(old, before, new, after, [*proof, after])
    for at in range(len(proof)):
        assert not is_consistent(old, before, new, after, [*proof[:at], bytes(32), *proof[at + 1 :]])


def test_what_lies_outside_a_tree_is_not_in_it() -> None:
    assert not is_included(LEAVES[0], 1, 1, [], LEAVES[0])
    assert not is_included(LEAVES[0], -1, 1, [], LEAVES[0])
    assert not is_consistent(3, mth(ENTRIES[:3]), 2, mth(ENTRIES[:2]), [])
    assert is_consistent(0, EMPTY_ROOT, 2, mth(ENTRIES[:2]), [])
    assert not is_consistent(0, bytes(32), 2, mth(ENTRIES[:2]), [])


@given(st.integers(0, 2**40), st.integers(0, 2**20))
def test_a_range_falls_into_few_full_subtrees(low: int, length: int) -> None:
    found = list(subtrees(low, low + length))
    assert len(found) <= 2 * 41
    covered = low
    for one in found:
        assert one.index << one.height == covered
        covered += 1 << one.height
    assert covered == low + length


def test_a_tree_has_as_many_full_subtrees_as_its_size_has_bits() -> None:
    assert list(subtrees(0, 6)) == [Subtree(2, 0), Subtree(1, 2)]
    with pytest.raises(ValueError, match="full subtrees"):
        CompactRange(6, [bytes(32)])
