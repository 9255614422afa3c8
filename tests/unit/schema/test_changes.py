# SPDX-License-Identifier: EUPL-1.2
"""No breaking change of the schema without a line in the change log that names it."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import build_schema

from schema.build import sdl
from schema.changes import named_coordinates, unnamed_breaks

ROOT = Path(__file__).parents[3]
OLD = """
  directive @a(x: Int) on FIELD
  directive @b on FIELD | QUERY
  enum E { A B }
  input I { a: Int }
  interface N { id: ID }
  type T implements N { id: ID f(a: Int, b: Int): Int g: Int }
  type Q { a: Int }
  type Gone { a: Int }
  union U = T | Q
  type Query { t: T u: U q(i: I): E n: N }
"""
BREAKS = {
    "an enum's value goes": ("enum E { A B }", "enum E { A }", "E.B"),
    "a field goes": ("g: Int }", "}", "T.g"),
    "a field's type changes": ("g: Int }", "g: String }", "T.g"),
    "an argument goes": ("b: Int)", ")", "T.f(b:)"),
    "an argument's type changes": ("f(a: Int,", "f(a: String,", "T.f(a:)"),
    "an argument is required": ("b: Int)", "b: Int, c: Int!)", "T.f(c:)"),
    "a member of an input is required": ("{ a: Int }\n  interface", "{ a: Int b: Int! }\n  interface", "I.b"),
    "an input's member changes": ("input I { a: Int", "input I { a: ID", "I.a"),
    "an interface is left": ("implements N ", "", "T"),
    "a union loses a member": ("T | Q", "T", "U"),
    "a type goes": ("type Gone { a: Int }", "", "Gone"),
    "a type becomes another kind": ("type Gone {", "interface Gone {", "Gone"),
    "a directive goes": ("directive @a(x: Int) on FIELD", "", "@a"),
    "a directive's argument is required": ("@a(x: Int)", "@a(x: Int, y: Int!)", "@a(y:)"),
    "a directive's place goes": ("FIELD | QUERY", "FIELD", "@b"),
}


def changelog(section: str, text: str) -> str:
    return f"# Changes\n\n## [Unreleased]\n\n### {section}\n\n- {text}\n\n## [0.0.1]\n\n### Removed\n\n- `Old.one`\n"


def breaks(new: str, log: str) -> list[str]:
    return unnamed_breaks(build_schema(OLD), build_schema(new), log)


@pytest.mark.parametrize("name", BREAKS)
@pytest.mark.parametrize("section", ["Changed", "Removed"])
def test_a_break_must_be_named_by_its_coordinate(name: str, section: str) -> None:
    before, after, place = BREAKS[name]
    assert OLD.count(before) == 1
    new = OLD.replace(before, after)
    (found,) = breaks(new, changelog(section, "`Something.else` has gone."))
    assert found.startswith(f"{place}: ")
    assert breaks(new, changelog(section, f"`{place}` has gone, as announced.")) == []
    assert len(breaks(new, changelog("Added", f"`{place}`"))) == 1
    assert len(breaks(new, changelog(section, place))) == 1


def test_what_breaks_nothing_needs_no_line() -> None:
    assert breaks(OLD.replace("g: Int }", "g: Int h: Int }"), "") == []


def test_an_older_release_names_nothing_for_this_one() -> None:
    assert named_coordinates(changelog("Changed", "`T.g` and `E.B`")) == {"T.g", "E.B"}


def test_every_break_since_the_last_release_is_in_the_change_log() -> None:
    released = build_schema((ROOT / "schema" / "released.graphql").read_text(encoding="utf-8"))
    log = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert unnamed_breaks(released, build_schema(sdl()), log) == []
