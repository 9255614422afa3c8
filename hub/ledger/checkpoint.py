# SPDX-License-Identifier: EUPL-1.2
"""Checkpoints (C2SP tlog-checkpoint): the text of a signed note that says how long a log is, and the root of its tree.

Pure: it imports nothing of the hub but the signed note.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from hub.ledger.signed_note import MalformedNote, Signer, VerifierKey, text_of, verified

_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")


@dataclass(frozen=True)
class Checkpoint:
    """A log's name, how many entries it had, and the root over them."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    def signed(self, signer: Signer) -> str:
        """The note."""
        return signer.sign(self.text)


def read_checkpoint(note: str, key: VerifierKey | None = None) -> Checkpoint:
    """The checkpoint of a note; with a key, only one that this key has signed.

    Raises:
        MalformedNote: it is none.
        UnsignedNote: the key has not signed it.
    """
    lines = (text_of(note) if key is None else verified(note, key)).split("\n")
    if len(lines) < 4 or not lines[0]:
        raise MalformedNote("A checkpoint has at least three lines: the log's name, its size, its root.")
    if not _SIZE.fullmatch(lines[1]):
        raise MalformedNote("The second line of a checkpoint is the log's size, a decimal number.")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except (binascii.Error, ValueError):
        root = b""
    if len(root) != 32:
        raise MalformedNote("The third line of a checkpoint is the root of its tree: 32 bytes in base64.")
    return Checkpoint(lines[0], int(lines[1]), root)
