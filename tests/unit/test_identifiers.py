# SPDX-License-Identifier: EUPL-1.2
"""Ids: one written form, and a prefix that is read the same by everyone who reads it."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.store.identifiers import InvalidId, decode_id, encode_id, id_prefix

KEY = UUID("01930e5b-0000-7000-8000-00000000000a")


@given(prefix=st.from_regex(r"[a-z]{3}", fullmatch=True), key=st.uuids())
def test_there_and_back(prefix: str, key: UUID) -> None:
    text = encode_id(prefix, key)
    assert decode_id(text) == (prefix, key) == decode_id(text, prefix)
    assert id_prefix(text) == prefix


@given(text=st.text() | st.from_regex(r"[a-zA-Z]{2,4}[_-]?[0-9a-gA-G]{30,33}\s?", fullmatch=True))
def test_what_reads_as_an_id_reads_so_by_its_prefix_too(text: str) -> None:
    try:
        prefix, key = decode_id(text)
    except InvalidId:
        return
    assert encode_id(prefix, key) == text
    assert id_prefix(text) == prefix


@pytest.mark.parametrize(
    "text",
    ["", "ben", "ben_", "ben_" + KEY.hex + "\n", " ben_" + KEY.hex, "ben_" + KEY.hex.upper(), f"ben_{KEY}",
     "Ben_" + KEY.hex, "bén_" + KEY.hex, "ben" + KEY.hex, "ben_" + KEY.hex[1:], "ben_" + "٣" * 32],
)  # fmt: skip
def test_what_is_no_id(text: str) -> None:
    with pytest.raises(InvalidId) as refused:
        decode_id(text)
    assert KEY.hex not in refused.value.message


def test_another_kind_is_named() -> None:
    with pytest.raises(InvalidId, match=r"starts with ben_, where hsh_ is expected"):
        decode_id(encode_id("ben", KEY), "hsh")


@pytest.mark.parametrize(
    ("text", "prefix"), [("ben_x", "ben"), ("abcd_", ""), ("ab_c", ""), ("", ""), ("___", ""), ("é é_", "")]
)
def test_the_prefix_by_form_alone(text: str, prefix: str) -> None:
    assert id_prefix(text) == prefix
