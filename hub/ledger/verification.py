# SPDX-License-Identifier: EUPL-1.2
"""Verifying a file of the feed: line by line, offline, in memory that does not grow with the file.

It stands on `canonical`, `merkle` and `checkpoint` alone: with them it may be copied.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hub.ledger.canonical import MalformedLine, read_line
from hub.ledger.checkpoint import Checkpoint
from hub.ledger.merkle import EMPTY_ROOT, CompactRange, Tile, leaf_hash


class Unproven(Exception):
    """The file is not the feed that the checkpoints are of; the message names the first line that is wrong, and what of it."""


@dataclass
class Verified:
    """What was found: how many lines, and how many of them the last checkpoint covers."""

    lines: int = 0
    proven: int = 0
    root: bytes = EMPTY_ROOT
    erased: int = 0
    to_erase: list[int] = field(default_factory=list)
    """Positions whose content the file still has, though a later entry says that it was erased."""


class Verifier:
    """Takes the lines of the feed from its first on, and holds them against checkpoints of any age."""

    def __init__(self, checkpoints: Iterable[Checkpoint] = ()) -> None:
        self._tree = CompactRange()
        self._bare: set[int] = set()  # grows with erasures, not with lines
        self._due: deque[Checkpoint] = deque()
        self._found = Verified()
        self.expect(checkpoints)

    def expect(self, checkpoints: Iterable[Checkpoint]) -> None:
        """Hold what comes against these, too; all of sizes that were not reached yet."""
        self._due.extend(sorted(checkpoints, key=lambda checkpoint: checkpoint.size))
        self._hold()

    def take(self, raw: bytes) -> Sequence[Tile]:
        """Take the next line, with or without its end; the tiles of the tree that it fills.

        Raises:
            Unproven: it is not canonical, its content is another than its entry commits to, its position is not the next, or the
                root over the lines so far is not the one that a checkpoint has.
        """
        number = self._tree.size + 1
        try:
            line = read_line(raw.removesuffix(b"\n"))
        except MalformedLine as fault:
            raise Unproven(f"Line {number:,}: {fault}.") from None
        if line.position != number:
            raise Unproven(
                f"Line {number:,}: its position is {line.position:,}, where {number:,} must stand: the feed has no gap, no repetition."
            )
        if not line.has_content:
            self._bare.add(number)
        if line.erases is not None:
            self._erased(number, line.erases)
        filled = self._tree.append(leaf_hash(line.entry))
        self._hold()
        return filled

    def end(self) -> Verified:
        """What was found, when all lines were taken.

        Raises:
            Unproven: there are fewer than a checkpoint says, or content is gone that no entry says was erased.
        """
        if self._due:
            raise Unproven(
                f"The file ends at line {self._tree.size:,}; a checkpoint says that the feed has {self._due[0].size:,} entries: "
                "the others are missing."
            )
        if self._bare:
            raise Unproven(
                f"Line {min(self._bare):,}: its content is gone, and no later line says that it was erased. Unless the file ends "
                "before the entry that says so, somebody removed it."
            )
        self._found.lines = self._tree.size
        self._found.root = self._tree.root()
        return self._found

    def _erased(self, number: int, place: int) -> None:
        if place >= number:
            raise Unproven(f"Line {number:,}: it erases {place:,}, which does not stand before it.")
        if place in self._bare:
            self._bare.remove(place)
            self._found.erased += 1
        else:
            self._found.to_erase.append(place)

    def _hold(self) -> None:
        while self._due and self._due[0].size <= self._tree.size:
            checkpoint, size = self._due.popleft(), self._tree.size
            if checkpoint.size < size or self._tree.root() != checkpoint.root:
                raise Unproven(
                    f"Lines {self._found.proven + 1:,} to {size:,}: the root over the lines up to there is not the one of the "
                    "checkpoint: one of them is not what was signed."
                )
            self._found.proven = size


def verify_lines(lines: Iterable[bytes], checkpoints: Iterable[Checkpoint]) -> Verified:
    """Hold the lines of a file, from the feed's first on, against checkpoints of any age.

    Raises:
        Unproven: as `Verifier` says.
    """
    verifier = Verifier(checkpoints)
    for line in lines:
        verifier.take(line)
    return verifier.end()
