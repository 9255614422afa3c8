# SPDX-License-Identifier: EUPL-1.2
"""Depth and weight: measured through fragments, without opening any of them twice."""

from __future__ import annotations

import time

import pytest
from graphql import get_introspection_query, parse

from hub.plan.extent import check_extent, measure
from hub.plan.limits import DocumentLimits


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
    assert measure(parse(text)).depth == depth


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("{ a }", 1),
        ("{ a b { c } }", 12),
        ("{ a { b { c } } ... { d } ... on T { e { f } } }", 33),
        ("{ ...F ...F x { ...F } } fragment F on T { a b }", 16),
        ("{ a } query B { a b }", 2),
        ("{ __schema { types { name } } }", 21),
        ("{ ...Missing }", 0),
    ],
)
def test_how_heavy(text: str, weight: int) -> None:
    assert measure(parse(text)).weight == weight


def test_the_limit_itself_is_allowed() -> None:
    document = parse("{ a { b { c } } }")
    assert check_extent(document, DocumentLimits(depth=3, weight=21)) is None
    refused = check_extent(document, DocumentLimits(depth=2))
    assert refused is not None
    assert refused.extensions == {"code": "MAX_DEPTH_LIMIT", "limit": 2, "depth": 3}
    assert "nest 3 deep; at most 2" in refused.message
    refused = check_extent(document, DocumentLimits(weight=20))
    assert refused is not None
    assert refused.extensions == {"code": "MAX_FIELDS_LIMIT", "limit": 20, "weight": 21}


def test_introspection_as_tools_ask_for_it_is_within_the_limits() -> None:
    query = get_introspection_query(input_value_deprecation=True, directive_is_repeatable=True)
    assert check_extent(parse(query), DocumentLimits(weight=1_000)) is None


def test_fragments_that_spread_each_other_often_are_measured_once() -> None:
    text = "{ ...F0 }" + "".join(
        f" fragment F{n} on T {{ a {{ ...F{n + 1} }} b {{ ...F{n + 1} }} }}" for n in range(60)
    )
    started = time.process_time()
    assert measure(parse(text + " fragment F60 on T { a }")).depth == 61
    assert time.process_time() - started < 3
