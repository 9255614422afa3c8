# SPDX-License-Identifier: EUPL-1.2
"""What JavaScript's tools say of the schema: a router composes it with another subgraph, graphql-eslint finds nothing."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from schema.build import federated_sdl, sdl

HERE = Path(__file__).parent
INPUTS = ("package.json", "package-lock.json", "compose.mjs", "eslint.config.js", "housing_subgraph.graphql")
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "snodo"


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="session")
def tools() -> Path:
    """A folder with the pinned packages, installed once for each state of what stands beside this file."""
    for command in ("node", "npm"):
        if shutil.which(command) is None:
            pytest.skip(f"{command} is not installed: the schema is not checked with JavaScript's tools")
    state = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in INPUTS)).hexdigest()[:16]
    folder = CACHE / f"node-{state}"
    if not folder.is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=CACHE))
        for name in INPUTS:
            shutil.copy(HERE / name, made)
        installed = run(made, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
        if installed.returncode:
            shutil.rmtree(made)
            pytest.skip("npm cannot install the pinned packages here: " + installed.stderr.strip()[-300:])
        try:
            made.rename(folder)
        except OSError:  # another process was first
            shutil.rmtree(made)
    return folder


def composed(tools: Path, folder: Path, subgraph: str) -> subprocess.CompletedProcess[str]:
    (folder / "snodo.graphql").write_text(subgraph, encoding="utf-8")
    other = HERE / "housing_subgraph.graphql"
    return run(tools, "node", "compose.mjs", f"snodo={folder / 'snodo.graphql'}", f"housing={other}")


def test_it_composes_with_a_subgraph_that_extends_its_people(tools: Path, tmp_path: Path) -> None:
    done = composed(tools, tmp_path, federated_sdl())
    assert done.returncode == 0, done.stderr
    people = done.stdout.split("\ntype Beneficiary ")[1].split("\n}")[0]
    assert '@join__type(graph: SNODO, key: "id")' in people
    assert '@join__type(graph: SNODO, key: "fiscalCode")' in people
    assert "housing: Housing @join__field(graph: HOUSING)" in people


def test_without_its_marks_it_does_not(tools: Path, tmp_path: Path) -> None:
    """The check can fail: a page's information that is not shareable, a person without the other's key."""
    for mark in (" @shareable", ' @key(fields: "fiscalCode")'):
        done = composed(tools, tmp_path, federated_sdl().replace(mark, "", 1))
        assert done.returncode == 1, mark


def lint(tools: Path, text: str) -> subprocess.CompletedProcess[str]:
    folder = Path(tempfile.mkdtemp(dir=tools))
    try:
        (folder / "schema.graphql").write_text(text, encoding="utf-8")
        shutil.copy(tools / "eslint.config.js", folder)
        return run(folder, "node", "../node_modules/eslint/bin/eslint.js", "schema.graphql")
    finally:
        shutil.rmtree(folder)


def test_graphql_eslint_finds_nothing(tools: Path) -> None:
    done = lint(tools, sdl())
    assert done.returncode == 0, done.stdout + done.stderr


def test_graphql_eslint_finds_what_is_wrong(tools: Path) -> None:
    done = lint(tools, sdl() + "\ntype stray_type {\n  id: ID!\n}\n")
    assert done.returncode == 1
    for rule in ("naming-convention", "no-unreachable-types", "require-description"):
        assert rule in done.stdout
