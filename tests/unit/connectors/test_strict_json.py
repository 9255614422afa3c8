# SPDX-License-Identifier: EUPL-1.2
"""One text, one meaning."""

from __future__ import annotations

import pytest

from connectors.strict_json import strict_json


def test_what_is_said_once_is_read() -> None:
    told = '{"a": [{"x": 1, "y": {"x": 1.5e3}}, {"x": null}], "à": "è", "b": 12345678901234567890}'
    assert strict_json(told.encode()) == {
        "a": [{"x": 1, "y": {"x": 1500.0}}, {"x": None}],
        "à": "è",
        "b": 12345678901234567890,
    }


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"a": 1, "a": 1}',
        b'{"a": 1, "\\u0061": 2}',
        b'[{"b": {"c": 1, "d": 2, "c": 3}}]',
        b'{"a": NaN}',
        b'{"a": "\\ud800"}',
        '{"a": "è"}'.encode("latin-1"),
        '{"a": 1}'.encode("utf-16"),
        b"\xef\xbb\xbf{}",
        b"[" * 100_000 + b"]" * 100_000,
    ],
    ids=[
        "nothing",
        "half",
        "twice",
        "twice-escaped",
        "deep",
        "nan",
        "surrogate",
        "latin",
        "utf-16",
        "bom",
        "nested",
    ],
)
def test_anything_else_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        strict_json(content)
