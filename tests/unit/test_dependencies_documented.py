# SPDX-License-Identifier: EUPL-1.2
"""docs/reference/dependencies.md says why each direct dependency is here, and under which licence; the lock files hold them."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
GROUPS: dict[str, list[str]] = {
    "## To run": PROJECT["dependencies"],
    "## The embedded database": PROJECT["optional-dependencies"]["embedded"],
    "## Files over SFTP": PROJECT["optional-dependencies"]["sftp"],
    "## Spans": PROJECT["optional-dependencies"]["traces"],
    "## To develop": PROJECT["optional-dependencies"]["dev"],
}


def name_of(requirement: str) -> str:
    """`sqlalchemy[asyncio]>=2.1` → `sqlalchemy`."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found is not None
    return found[0]


def documented(heading: str) -> dict[str, tuple[str, str]]:
    """The reason and the licence of each package under a heading of the page."""
    page = (ROOT / "docs" / "reference" / "dependencies.md").read_text(encoding="utf-8")
    section = next(
        part for part in re.split(r"^(?=## )", page, flags=re.MULTILINE) if part.startswith(heading)
    )
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", section, re.MULTILINE)
    return {name: (reason, licence) for name, reason, licence in rows if name != "package"}


def locked(file: str) -> dict[str, str]:
    """Names and versions of a lock file."""
    text = (ROOT / file).read_text(encoding="utf-8")
    return {
        name.lower(): version for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE)
    }


@pytest.mark.parametrize("heading", GROUPS)
def test_each_direct_dependency_is_on_the_page_and_no_other(heading: str) -> None:
    assert sorted(documented(heading)) == sorted(map(name_of, GROUPS[heading]))


@pytest.mark.parametrize("heading", GROUPS)
def test_each_licence_is_the_one_the_package_declares(heading: str) -> None:
    for name, (_, licence) in documented(heading).items():
        try:
            about = importlib.metadata.metadata(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # an extra that is not installed, or a package that another platform leaves out
        if "License-Expression" in about:
            assert about["License-Expression"] == licence, name


def test_the_lock_files_hold_every_direct_dependency() -> None:
    run = [
        name_of(requirement).lower()
        for requirement in GROUPS["## To run"]
        + GROUPS["## The embedded database"]
        + GROUPS["## Files over SFTP"]
    ]
    develop = [name_of(requirement).lower() for requirement in GROUPS["## Spans"] + GROUPS["## To develop"]]
    assert set(run) - set(locked("requirements.lock")) == set()
    assert set(run + develop) - set(locked("requirements-dev.lock")) == set()


def test_the_lock_files_agree() -> None:
    run, develop = locked("requirements.lock"), locked("requirements-dev.lock")
    assert {name for name in run if develop.get(name) != run[name]} == set()


@pytest.mark.parametrize("file", ["requirements.lock", "requirements-dev.lock"])
def test_every_locked_package_has_a_hash_and_none_an_index(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    entries = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]
    assert [entry.partition(" ")[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert not re.search(r"--(extra-)?index-url|--find-links|https?://", text)
