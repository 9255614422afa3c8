# SPDX-License-Identifier: EUPL-1.2
"""The Merkle tree of RFC 6962, section 2.1: hashes, the tree as it grows, and proofs checked.

Pure: it imports nothing of the hub, so that a reader of the feed may copy it. Leaves are numbered from 0: the entry at position
n of the feed is leaf n - 1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of the tree without leaves."""
TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of what stands over two nodes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Tile:
    """A full tile's root: of 256 leaves at level 0, of 256 tiles of the level below above it."""

    level: int
    index: int
    hash: bytes


class CompactRange:
    """The tree over the first `size` leaves, kept as the roots of its full subtrees, the largest first: one for each bit of `size`."""

    def __init__(self, size: int = 0, nodes: Iterable[bytes] = ()) -> None:
        """Raises ValueError where `nodes` are not as many as `size` has bits."""
        self.size = size
        self._nodes = list(nodes)
        if len(self._nodes) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} full subtrees")

    def append(self, leaf: bytes) -> Sequence[Tile]:
        """Add the hash of a leaf; the tiles it fills, the lowest first."""
        node, index, height = leaf, self.size, 0
        filled: list[Tile] = []
        self.size += 1
        while index & 1:
            node = node_hash(self._nodes.pop(), node)
            index >>= 1
            height += 1
            if height % TILE_HEIGHT == 0:
                filled.append(Tile(height // TILE_HEIGHT - 1, index, node))
        self._nodes.append(node)
        return filled

    def root(self) -> bytes:
        """The root over all leaves so far."""
        return joined(self._nodes)


def joined(nodes: Sequence[bytes]) -> bytes:
    """The root over neighbouring full subtrees, each smaller than the one before it."""
    if not nodes:
        return EMPTY_ROOT
    root = nodes[-1]
    for node in reversed(nodes[:-1]):
        root = node_hash(node, root)
    return root


def full_root(nodes: Sequence[bytes]) -> bytes:
    """The root over 1, 2, 4 … nodes of one height."""
    level = list(nodes)
    while len(level) > 1:
        level = [node_hash(level[at], level[at + 1]) for at in range(0, len(level), 2)]
    return level[0]


@dataclass(frozen=True, slots=True)
class Subtree:
    """The full subtree over the leaves from `index << height` on, `1 << height` of them."""

    height: int
    index: int


def subtrees(low: int, high: int) -> Iterator[Subtree]:
    """The full subtrees that the leaves from `low` up to and without `high` fall into, from the left."""
    while low < high:
        height = (high - low).bit_length() - 1
        if low:
            height = min(height, (low & -low).bit_length() - 1)
        yield Subtree(height, low >> height)
        low += 1 << height


def inclusion_path(index: int, size: int) -> list[tuple[int, int]]:
    """The ranges of leaves whose roots prove that leaf `index` is in the tree of `size` (RFC 6962, 2.1.1), from the leaf up."""
    path: list[tuple[int, int]] = []
    low, high = 0, size
    while high - low > 1:
        split = low + _largest_power_below(high - low)
        if index < split:
            path.append((split, high))
            high = split
        else:
            path.append((low, split))
            low = split
    return path[::-1]


def consistency_path(old: int, new: int) -> list[tuple[int, int]]:
    """The ranges of leaves whose roots prove that the tree of `new` begins with that of `old` (RFC 6962, 2.1.2)."""
    if old in (0, new):
        return []
    path: list[tuple[int, int]] = []
    low, high = 0, new
    while old != high:
        split = low + _largest_power_below(high - low)
        if old <= split:
            path.append((split, high))
            high = split
        else:
            path.append((low, split))
            low = split
    if low:  # else it is the old tree itself, whose root the verifier has
        path.append((low, high))
    return path[::-1]


def _largest_power_below(count: int) -> int:
    return 1 << ((count - 1).bit_length() - 1)


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` shows that a leaf of this hash stands at `index` in the tree of `size` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, node = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            node = node_hash(sibling, node)
            while place and not place & 1:
                place >>= 1
                last >>= 1
        else:
            node = node_hash(node, sibling)
        place >>= 1
        last >>= 1
    return last == 0 and node == root


def is_consistent(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the tree of `new` leaves begins with that of `old` (RFC 9162, 2.1.4.2)."""
    if not 0 <= old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place >>= 1
        last >>= 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while place and not place & 1:
                place >>= 1
                last >>= 1
        else:
            after = node_hash(after, sibling)
        place >>= 1
        last >>= 1
    return last == 0 and before == old_root and after == new_root
