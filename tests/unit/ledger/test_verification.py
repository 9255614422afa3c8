# SPDX-License-Identifier: EUPL-1.2
"""A file of the feed, whatever was done to it."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from hub.ledger.canonical import MalformedLine, canonical, read_line
from hub.ledger.checkpoint import Checkpoint
from hub.ledger.merkle import CompactRange, leaf_hash
from hub.ledger.verification import Unproven, verify_lines
from tests.unit.ledger.feed_lines import FIRST_OF_2, PROPOSAL, content_of, entry_of, line, line_of

LINES = [line(number) for number in range(1, 41)]


def checkpoint(lines: list[bytes]) -> Checkpoint:
    tree = CompactRange()
    for one in lines:
        tree.append(leaf_hash(one[one.index(b'"entry":') + 8 : -2]))
    return Checkpoint("feed", tree.size, tree.root())


WHOLE, HALF = checkpoint(LINES), checkpoint(LINES[:20])


def test_a_whole_file_is_proven() -> None:
    found = verify_lines(LINES, [WHOLE, HALF])
    assert (found.lines, found.proven, found.root) == (40, 40, WHOLE.root)
    assert verify_lines(LINES, [HALF]).proven == 20
    assert verify_lines([*LINES[:-1], LINES[-1][:-1]], [WHOLE]).proven == 40, (
        "the last end of line may be missing"
    )
    assert verify_lines([], []).lines == 0


@given(st.integers(0, sum(map(len, LINES)) - 2), st.integers(1, 255))
def test_any_changed_byte_is_found(at: int, change: int) -> None:
    text = bytearray(b"".join(LINES))
    text[at] ^= change
    with pytest.raises(Unproven):
        verify_lines(bytes(text).splitlines(keepends=True) if b"\r" not in text else [bytes(text)], [WHOLE])


@given(st.integers(0, sum(map(len, LINES)) - 2))
def test_a_truncation_is_found(at: int) -> None:
    with pytest.raises(Unproven):
        verify_lines(b"".join(LINES)[:at].splitlines(keepends=True), [WHOLE])


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (LINES[:39], "ends at line 39"),
        (LINES[:10] + LINES[11:], "^Line 11: its position is 12"),
        ([*LINES[:10], LINES[9], *LINES[10:]], "^Line 11: its position is 10"),
        ([LINES[1], LINES[0], *LINES[2:]], "^Line 1: its position is 2"),
        ([*LINES[:4], line_of(content_of(5), entry_of(5, content_of(5), type="PACT_SIGNED")), *LINES[5:]], "^Lines 1 to 20"),
        ([*LINES[:29], line_of(content_of(30), entry_of(30, content_of(30), type="PACT_SIGNED")), *LINES[30:]], "^Lines 21 to 40"),
        ([*LINES[:4], line_of(content_of(6), entry_of(5, content_of(5))), *LINES[5:]], "^Line 5: its content is not"),
        ([*LINES[:4], line(5, erased=True), *LINES[5:]], "^Line 5: its content is gone"),
        ([*LINES[:4], line(5, erases=5), *LINES[5:]], "^Line 5: it erases 5"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(lines: list[bytes], message: str) -> None:
    with pytest.raises(Unproven, match=message):
        verify_lines(lines, [WHOLE, HALF])


def test_erased_content_breaks_no_proof() -> None:
    before = [*LINES, line(41, erases=7)]
    signed = checkpoint(before)
    after = [*LINES[:6], line(7, erased=True), *LINES[7:], line(41, erases=7)]
    found = verify_lines(after, [signed, HALF])
    assert (found.erased, found.to_erase, found.proven) == (1, [], 41)
    assert verify_lines(before, [signed]).to_erase == [7], "a reader's own copy still has it"


NOT_A_LINE: dict[str, Any] = {
    "nothing": b"",
    "no JSON": b"{",
    "no UTF-8": LINES[0][:-1].replace(b"INPS", b"\xff\xfe\xff\xfe"),
    "too deep": b"[" * 100_000,
    "another shape": b'{"content":null}',
    "a list": b"[]",
    "a space": LINES[0][:-1].replace(b":", b": ", 1),
    "another order": b'{"entry":' + LINES[0][LINES[0].index(b'"entry":') + 8 : -2] + b',"content":null}',
    "a name twice": LINES[0][:-1].replace(b'"pact":null', b'"pact":null,"pact":null'),
    "an escape too many": LINES[0][:-1].replace(b"INPS", b"\\u0049NPS"),
    "a lone surrogate": LINES[0][:-1].replace(b"INPS", b"\\ud800"),
    "a fraction": LINES[0][:-1].replace(b'"position":1,', b'"position":1.0,'),
    "an exponent": LINES[0][:-1].replace(b'"position":1,', b'"position":1e0,'),
    "too large a number": LINES[0][:-1].replace(b'"position":1,', b'"position":9007199254740993,'),
    "true for one": LINES[0][:-1].replace(b'"version":1,', b'"version":true,'),
    "another version": LINES[0][:-1].replace(b'"version":1,', b'"version":2,'),
    "a member too many": line_of(content_of(1), entry_of(1, content_of(1), other=1))[:-1],
    "a member of the content too many": line_of(content_of(1, other=1), entry_of(1, content_of(1, other=1)))[:-1],
    "a moment of another form": line_of(content_of(1), entry_of(1, content_of(1), occurredAt="2026-06-15T12:00:00Z"))[:-1],
    "not a number": b'{"content":null,"entry":NaN}',
    "a mark before it": b"\xef\xbb\xbf" + LINES[0][:-1],
    "a version not written yet": LINES[20][:-1].replace(b'"version":2,', b'"version":3,'),
    "the earlier version with a proposal": LINES[20][:-1].replace(b'"version":2,', b'"version":1,'),
    "the later version without": line_of(content_of(1), entry_of(1, content_of(1), version=2))[:-1],
    **{
        f"a proposal's {name} of another form": line_of(content_of(21, proposal={**PROPOSAL, name: value}), entry_of(21, content_of(21, proposal={**PROPOSAL, name: value})))[:-1]
        for name, value in {"count": -1, "months": "1", "monthlyCut": "1.5", "retroactive": 0, "unverified": None, "effect": "none", "breach": 1, "article": None}.items()
    },
    "a proposal that lacks a member": line_of(content_of(21, proposal={}), entry_of(21, content_of(21, proposal={})))[:-1],
}  # fmt: skip


@pytest.mark.parametrize("name", NOT_A_LINE)
def test_what_is_no_line_is_refused(name: str) -> None:
    with pytest.raises(MalformedLine):
        read_line(NOT_A_LINE[name])


TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.text(
    st.sampled_from('"\\\\/\b\t\n\f\r\x00\x0b\x1f\x7f\u2028é🦊')
)
CONTENTS = st.fixed_dictionaries(
    {}, optional={
        "fiscalCode": TEXTS | st.none(), "inpsProtocol": TEXTS | st.none(), "municipality": TEXTS, "region": TEXTS,
        "pact": st.none() | st.just("pct_" + "0a" * 16),
    },
)  # fmt: skip


@given(CONTENTS, TEXTS, st.integers(1, 2**53 - 1), st.none() | st.integers(1, 2**53 - 1))
def test_whatever_is_written_in_them_lines_are_read(
    written: dict[str, Any], source: str, position: int, erases: int | None
) -> None:
    content = content_of(1, **written)
    entry = entry_of(position, content, source=source, erases=erases)
    whole = line_of(content, entry)[:-1]
    found = read_line(whole)
    assert found.entry == rfc8785.dumps(entry)
    assert (found.position, found.erases, found.has_content) == (position, erases, True)
    assert not read_line(line_of(None, entry)[:-1]).has_content


OTHERS = (
    st.none()
    | st.booleans()
    | st.integers(-5, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=70)
)
MEMBERS = [
    (number, where, name)
    for number in (1, FIRST_OF_2)
    for where, names in (
        ("content", content_of(number)),
        ("entry", entry_of(number, {})),
        ("proposal", PROPOSAL),
    )
    for name in names
    if number == FIRST_OF_2 or where != "proposal"
]


@given(st.sampled_from(MEMBERS), OTHERS, st.binary(max_size=3), st.integers(0, len(LINES[0]) - 2))
def test_the_pattern_and_json_agree(member: tuple[int, str, str], value: Any, other: bytes, at: int) -> None:
    """Of a line with another value, or other bytes somewhere: what the pattern takes is canonical, and of the format's members."""
    number, where, name = member
    line = LINES[number - 1]
    content = content_of(number, **({name: value} if where == "content" else {}))
    if where == "proposal":
        content["proposal"] = {**PROPOSAL, name: value}
    entry = entry_of(number, content, **({name: value} if where == "entry" else {}))
    try:
        changed = json.dumps(
            {"content": content, "entry": entry}, separators=(",", ":"), ensure_ascii=False
        ).encode()
    except UnicodeEncodeError:
        return
    for one in (changed, line[:at] + other + line[at + len(other) : -1]):
        try:
            found = read_line(one)
        except MalformedLine:
            if one == line[:-1]:
                raise
            continue
        whole = json.loads(one)
        assert rfc8785.dumps(whole) == one
        assert rfc8785.dumps(whole["entry"]) == found.entry
        assert whole["content"].keys() == content_of(number).keys()
        assert whole["entry"].keys() == entry_of(1, {}).keys()
        assert hashlib.sha256(rfc8785.dumps(whole["content"])).hexdigest() == whole["entry"]["contentHash"]
        assert (found.position, found.erases) == (whole["entry"]["position"], whole["entry"]["erases"])


VALUES = st.recursive(
    st.none() | st.text() | st.integers(-(2**53) + 1, 2**53 - 1),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(st.characters(max_codepoint=126, min_codepoint=32), max_size=5), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@given(VALUES)
def test_the_canonical_form_is_rfc_8785s(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


def test_memory_does_not_grow_with_the_file() -> None:
    def lines(count: int) -> Iterator[bytes]:
        return (line(number) for number in range(1, count + 1))

    def most(count: int) -> int:
        tracemalloc.start()
        verify_lines(lines(count), [])
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    most(10)  # what is made once
    assert most(4_000) < most(100) + 100_000, "a line is 700 bytes at least: 3,900 more would be 2.7 MB"
