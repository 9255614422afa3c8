# SPDX-License-Identifier: EUPL-1.2
"""docs/reference/settings.md says of every setting what hub/settings.py says."""

from __future__ import annotations

import enum
import types
from pathlib import Path
from typing import Any, get_args

import annotated_types
import pytest
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from hub.settings import Settings

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"

WORDS: dict[Any, str] = {
    str: "text",
    SecretStr: "text, secret",
    int: "whole number",
    float: "number",
    bool: "`true` or `false`",
    Path: "path",
}


def variable(name: str) -> str:
    """The environment variable of a field."""
    return f"{Settings.model_config['env_prefix']}{name}".upper()


def kind(field: FieldInfo) -> str:
    """A field's type and limits in words."""
    wanted = field.annotation
    if isinstance(wanted, types.UnionType):
        wanted = next(part for part in get_args(wanted) if part is not type(None))
    if isinstance(wanted, type) and issubclass(wanted, enum.StrEnum):
        return ", ".join(f"`{word.value}`" for word in wanted)
    limits = []
    for limit in field.metadata:
        if isinstance(limit, annotated_types.Ge):
            limits.append(f"≥ {limit.ge}")
        elif isinstance(limit, annotated_types.Gt):
            limits.append(f"> {limit.gt}")
        elif isinstance(limit, annotated_types.Le):
            limits.append(f"≤ {limit.le}")
        elif pattern := getattr(limit, "pattern", None):
            limits.append(f"as `{pattern}`")
        else:
            raise AssertionError(f"describe this limit: {limit!r}")
    return " ".join((WORDS[wanted], ", ".join(limits))).strip()


def default(field: FieldInfo) -> str:
    """A field's default as it would be written in the environment."""
    assert not field.is_required(), "a setting without a default would stop the demo"
    value = field.default
    if value is None:
        return "–"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def row(name: str, field: FieldInfo) -> str:
    """The line of the page for a field."""
    return f"| `{variable(name)}` | {kind(field)} | {default(field)} | {field.description} |"


def documented() -> dict[str, str]:
    """The page's lines by environment variable."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    found = {line.split("`")[1]: line for line in lines}
    assert len(found) == len(lines), "a setting is on the page twice"
    return found


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented_as_it_is(name: str) -> None:
    assert documented().get(variable(name)) == row(name, Settings.model_fields[name])


def test_the_page_names_no_setting_that_does_not_exist() -> None:
    assert set(documented()) - {variable(name) for name in Settings.model_fields} == set()


def test_every_setting_is_described_in_a_sentence() -> None:
    unfinished = [
        name
        for name, field in Settings.model_fields.items()
        if not (field.description or "").endswith(".") or "|" in (field.description or "")
    ]
    assert unfinished == []
