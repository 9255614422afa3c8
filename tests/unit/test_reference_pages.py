# SPDX-License-Identifier: EUPL-1.2
"""The pages of commands and errors name each of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

import connectors.connected  # noqa: F401 (defines errors)
import hub.measures.assessment
import hub.measures.controls
import hub.measures.sampling
import hub.measures.standing
import hub.measures.suitable_offer  # noqa: F401 (defines errors)
from hub.access.registry_refusals import RegistryRefusalCode
from hub.cli import GROUPS, command_line
from hub.errors import SnodoError
from hub.ledger.refusals import RefusalCode
from hub.opportunities.refusals import PublicationRefusalCode

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def commands(group: Any, prefix: str = "snodo") -> Iterator[str]:
    """Every command, in words."""
    if hasattr(group, "commands"):
        for name, command in group.commands.items():
            yield from commands(command, f"{prefix} {name}")
    else:
        yield prefix


def codes(kind: type[SnodoError] = SnodoError) -> Iterator[str]:
    """The code of every exception of the tree."""
    yield kind.code
    for child in kind.__subclasses__():
        yield from codes(child)


@pytest.mark.parametrize("command", sorted(commands(typer.main.get_command(command_line([])))))
def test_every_command_is_on_its_page(command: str) -> None:
    assert f"`{command}" in (REFERENCE / "commands.md").read_text()


@pytest.mark.parametrize(
    "code", sorted({*codes(), *RefusalCode, *RegistryRefusalCode, *PublicationRefusalCode})
)
def test_every_error_code_is_on_its_page(code: str) -> None:
    assert f"`{code}`" in (REFERENCE / "errors.md").read_text()


def test_a_command_alone_is_found_as_among_all() -> None:
    every = set(commands(typer.main.get_command(command_line([]))))
    for name in GROUPS:
        alone = set(commands(typer.main.get_command(command_line([name]))))
        assert {command for command in every if command.split()[1] == name} <= alone <= every
    assert {command.split()[1] for command in every} == set(GROUPS)
