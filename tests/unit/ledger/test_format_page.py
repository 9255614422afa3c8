# SPDX-License-Identifier: EUPL-1.2
"""docs/reference/feed-format.md: its members are the format's, and its worked example is true."""

from __future__ import annotations

import re
from pathlib import Path

from hub.ledger.canonical import _CONTENT, _ENTRY, _PROPOSAL, read_line
from hub.ledger.checkpoint import read_checkpoint
from hub.ledger.merkle import is_consistent, is_included, leaf_hash
from hub.ledger.signed_note import VerifierKey
from hub.ledger.verification import verify_lines

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "feed-format.md").read_text(encoding="utf-8")
EXAMPLE = re.findall(r"```\w+\n(.*?)```", PAGE.partition("## A worked example")[2], re.DOTALL)


def test_the_page_names_every_member() -> None:
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == [*_ENTRY, *_CONTENT, *_PROPOSAL]


def test_the_worked_example_is_true() -> None:
    text, hashes, note, key = EXAMPLE
    lines = text.encode().splitlines(keepends=True)
    *leaves, root = [bytes.fromhex(one) for one in hashes.split()]
    assert leaves == [leaf_hash(read_line(line.rstrip(b"\n")).entry) for line in lines]
    checkpoint = read_checkpoint(note, VerifierKey.read(key))
    assert checkpoint.root == root
    found = verify_lines(lines, [checkpoint])
    assert (found.lines, found.proven, found.erased) == (3, 3, 1)
    assert is_included(leaves[0], 0, 3, leaves[1:], root)
    assert is_consistent(1, leaves[0], 3, root, leaves[1:])
