# SPDX-License-Identifier: EUPL-1.2
"""The committed schema is the one that is served: `snodo schema print > schema/schema.graphql` after a change."""

from __future__ import annotations

from pathlib import Path

from graphql import assert_valid_schema, build_schema

from schema.build import sdl

COMMITTED = Path(__file__).parents[3] / "schema" / "schema.graphql"


def test_the_committed_schema_is_the_one_that_is_served() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == sdl()


def test_it_is_a_valid_schema() -> None:
    assert_valid_schema(build_schema(sdl()))
