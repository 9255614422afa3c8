# SPDX-License-Identifier: EUPL-1.2
"""The threat model is held to the tests it names, and to the lists of OWASP it answers."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "explanation" / "threat-model.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[^`]+\.py::[^`]+)`", TEXT)))
ROWS = [line for line in TEXT.splitlines() if line.startswith("| ") and not line.startswith("| threat |")]

API_TOP_TEN = (
    "API1 Broken Object Level Authorization",
    "API2 Broken Authentication",
    "API3 Broken Object Property Level Authorization",
    "API4 Unrestricted Resource Consumption",
    "API5 Broken Function Level Authorization",
    "API6 Unrestricted Access to Sensitive Business Flows",
    "API7 Server Side Request Forgery",
    "API8 Security Misconfiguration",
    "API9 Improper Inventory Management",
    "API10 Unsafe Consumption of APIs",
)
"""OWASP API Security Top 10, 2023."""
GRAPHQL = (
    "Injection",
    "Input validation",
    "Denial of Service",
    "Depth limiting",
    "Amount limiting and pagination",
    "Timeouts",
    "Query cost analysis",
    "Rate limiting",
    "Server-side batching and caching",
    "Broken access control",
    "Mutations without authorisation",
    "Batching attacks",
    "Introspection and GraphiQL",
    "Excessive errors",
)
"""The points of OWASP's GraphQL Cheat Sheet."""


@cache
def _defined_in(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_")
    }


@pytest.mark.parametrize("name", NAMED)
def test_each_named_test_exists(name: str) -> None:
    path, _, test = name.partition("::")
    assert (ROOT / path).is_file(), f"there is no {path}"
    assert test in _defined_in(path), f"{path} has no {test}"


@pytest.mark.parametrize("item", [*API_TOP_TEN, *GRAPHQL])
def test_each_point_of_owasp_has_a_row(item: str) -> None:
    assert any(row.startswith(f"| **{item}**") for row in ROWS), item


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2:50])
def test_each_threat_has_a_control_and_a_test_or_says_that_it_has_none(row: str) -> None:
    threat, control, proof = (cell.strip() for cell in row.strip("|").split(" | "))
    assert threat
    assert control
    named = re.findall(r"`(tests/[^`]+\.py::\w+)`", proof)
    assert named or (proof == "none" and "not yet covered" in control.lower()), threat
    assert set(named) <= set(NAMED)
    assert not re.sub(r"`tests/[^`]+`|[, ]", "", proof) or proof == "none"
