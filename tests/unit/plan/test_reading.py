# SPDX-License-Identifier: EUPL-1.2
"""A document is read no further than its limits: each has its code, and says what is allowed and what was found."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from graphql import DocumentNode, get_introspection_query

from hub.plan.limits import DocumentLimits
from hub.plan.reading import read_document
from schema.build import build_schema

SCHEMA = build_schema()[0]
LIMITS = DocumentLimits()


def _codes(text: str, limits: DocumentLimits = LIMITS) -> list[str]:
    found = read_document(SCHEMA, text, limits)
    return [] if isinstance(found, DocumentNode) else [(error.extensions or {})["code"] for error in found]


def _pacts(asked: str) -> str:
    return f"{{ pacts {{ nodes {{ {asked} }} }} }}"


@pytest.mark.parametrize(
    ("limit", "at", "beyond", "code", "found"),
    [
        ("length", "{ __typename }" + " " * 86, "{ __typename }" + " " * 87, "MAX_LENGTH_LIMIT", "length"),
        ("tokens", "{" + " __typename" * 98 + "}", "{" + " __typename" * 99 + "}", "MAX_TOKENS_LIMIT", None),
        ("aliases", "{" + " a: __typename" * 100 + "}", "{" + " a: __typename" * 101 + "}", "MAX_ALIASES_LIMIT", "aliases"),
        ("directives", _pacts(" ".join(["id @skip(if: false)"] * 100)), _pacts(" ".join(["id @skip(if: false)"] * 101)), "MAX_DIRECTIVES_LIMIT", "directives"),
        ("root_fields", "{" + " __typename" * 100 + "}", "{" + " __typename" * 100 + " ...F } fragment F on Query { __typename }", "MAX_ROOT_FIELDS_LIMIT", "rootFields"),
        ("weight", _pacts("id " * 80), _pacts("id " * 81), "MAX_FIELDS_LIMIT", "weight"),
        ("comparisons", _pacts("id " * 14), _pacts("id " * 15), "MAX_FIELD_COMPARISONS_LIMIT", None),
    ],
)  # fmt: skip
def test_the_limit_itself_is_allowed(limit: str, at: str, beyond: str, code: str, found: str | None) -> None:
    wide = DocumentLimits(root_fields=1_000, directives=1_000, comparisons=100_000)
    limits = replace(wide, **{limit: 100})
    assert _codes(at, limits) == []
    errors = read_document(SCHEMA, beyond, limits)
    assert isinstance(errors, list)
    (error,) = errors
    assert error.extensions is not None
    assert error.extensions["code"] == code
    assert error.extensions["limit"] == 100
    assert "100 are allowed" in error.message
    if found is not None:
        assert error.extensions[found] == 101
        assert "101" in error.message


def test_what_is_nested_too_deeply_is_said_so() -> None:
    """graphql-core gives these by their sentences alone: an upgrade that rewords them is noticed here."""
    for text in (
        "{ pacts(filter: { kinds: " + "[" * 300 + "]" * 300 + " }) { totalCount } }",
        "{ a" * 300 + "}" * 300,
        "{" + "... {" * 300 + "__typename" + "}" * 301,
        "query ($x: " + "[" * 300 + "Int" + "]" * 300 + ") { __typename }",
        "{ ...F0 } "
        + "".join(f"fragment F{n} on Query {{ ... {{ ...F{n + 1} }} }} " for n in range(150))
        + "fragment F150 on Query { __typename }",
    ):
        assert _codes(text) == ["MAX_DEPTH_LIMIT"], text[:30]


def test_introspection_as_tools_ask_for_it_is_read() -> None:
    every = get_introspection_query(
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
    )
    assert _codes(every) == []


def test_introspection_that_turns_in_circles_is_not() -> None:
    circle = "{ __schema { types { " + "fields { type { " * 5 + "name" + " } }" * 5 + " } } }"
    assert _codes(circle) == ["GRAPHQL_VALIDATION_FAILED"]


SLOWEST = {
    "one key, again and again": _pacts("id " * 1_900),
    "objects of one key": "{" + "pacts { nodes { household { members { id } } } } " * 16 + "}",
    "objects of one key, deeper down": _pacts("household { members { id } } " * 270),
    "arguments to compare": "{" + f"pacts(filter: {{ kinds: [{'WORK ' * 85}] }}) {{ totalCount }} " * 20 + "}",
    "spreads beside each other": _pacts(" ".join(f"...F{n}" for n in range(140))) + " ".join(f"fragment F{n} on Pact {{ id }}" for n in range(140)),
    "spreads that share nothing": _pacts(" ".join(f"...F{n}" for n in range(100))) + " ".join(f"fragment F{n} on Pact {{ a{n}: id }}" for n in range(100)),
    "operations times fragments": " ".join(f"query Q{n} {{ ...F0 }}" for n in range(160)) + " ".join(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(60)) + " fragment F60 on Query { __typename }",
    "unknown fields": _pacts(" ".join(f"x{n}" for n in range(1_900))),
    "unknown names, long": _pacts(" ".join("id" + "x" * 4_000 for _ in range(12))),
    "many variables": "query (" + " ".join(f"$v{n}: Int" for n in range(450)) + ") { __typename }",
    "literals": "{ pacts(filter: { kinds: [" + "WORK " * 1_900 + "] }) { totalCount } }",
    "inline fragments": "{" + "... {" * 190 + "__typename" + "}" * 191,
    "comments": "{ __typename }" + "#\n" * 24_000,
    "commas": "{ __typename" + "," * 49_900 + "}",
    "a string": '{ node(id: "' + "x" * 49_900 + '") { id } }',
    "a block string": '{ node(id: """' + "\n" * 49_900 + '""") { id } }',
    "escapes": '{ node(id: "' + "\\u0041" * 8_300 + '") { id } }',
}  # fmt: skip
"""What takes longest to refuse, or to accept, within the limits that are checked before it."""


@pytest.mark.parametrize("name", SLOWEST)
def test_no_document_is_read_for_long(name: str) -> None:
    """Fifty milliseconds of this machine undisturbed; three times that, since it hardly ever is."""
    assert len(SLOWEST[name]) <= LIMITS.length

    def took() -> float:
        began = time.process_time()
        read_document(SCHEMA, SLOWEST[name], LIMITS)
        return time.process_time() - began

    assert min(took() for _ in range(3)) < 0.150
