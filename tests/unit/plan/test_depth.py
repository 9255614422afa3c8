# SPDX-License-Identifier: EUPL-1.2
"""Depth: measured through fragments, without opening any of them twice."""

from __future__ import annotations

import time

import pytest
from graphql import parse

from hub.plan.depth import check_depth


def _depth(text: str) -> int:
    error = check_depth(parse(text), 0)
    if error is None:
        return 0
    assert error.extensions is not None
    found: int = error.extensions["depth"]
    return found


@pytest.mark.parametrize(
    ("text", "depth"),
    [
        ("{ a }", 1),
        ("{ a b { c } d { e { f } } }", 3),
        ("{ ... { ... on T { a } } }", 1),
        ("{ a { ...F } } fragment F on T { b { c } }", 3),
        ("{ ...A } fragment A on T { x { ...B } } fragment B on T { y { z } }", 3),
        ("{ a } query B { a { b } }", 2),
        ("{ __schema { types { fields { type { ofType { name } } } } } __typename }", 0),
        ("{ a { __typename } }", 1),
        ("{ ...Missing }", 0),
        ("{ ...A } fragment A on T { a { ...A } }", 2),
        ("{ ...A } fragment A on T { a { ...B } } fragment B on T { b { ...A } }", 3),
        ("{ a } fragment Unused on T { a { b { c { d } } } }", 4),
    ],
)
def test_how_deep(text: str, depth: int) -> None:
    assert _depth(text) == depth


def test_the_limit_itself_is_allowed() -> None:
    document = parse("{ a { b { c } } }")
    assert check_depth(document, 3) is None
    refused = check_depth(document, 2)
    assert refused is not None
    assert refused.extensions == {"code": "MAX_DEPTH_LIMIT", "limit": 2, "depth": 3}
    assert "nest 3 deep; at most 2" in refused.message


def test_fragments_that_spread_each_other_often_are_measured_once() -> None:
    text = "{ ...F0 }" + "".join(
        f" fragment F{n} on T {{ a {{ ...F{n + 1} }} b {{ ...F{n + 1} }} }}" for n in range(60)
    )
    started = time.perf_counter()
    assert _depth(text + " fragment F60 on T { a }") == 61
    assert time.perf_counter() - started < 1
