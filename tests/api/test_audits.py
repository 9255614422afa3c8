# SPDX-License-Identifier: EUPL-1.2
"""The audits of the npm package graphql-http, the test suite of GraphQL over HTTP: all of them, by default.

They need node and npm, and npm its registry; without them they are skipped, and say so.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.api.conftest import Opener, Service

SUITE = Path(__file__).parents[1] / "node" / "graphql-http"
AUDITS = 61


@pytest.fixture(scope="session")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the suite and its packages."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not installed: the audits of graphql-http are not run")
    folder = tmp_path_factory.mktemp("graphql-http")
    for file in ("package.json", "audits.js"):
        shutil.copy(SUITE / file, folder)
    installed = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if installed.returncode:
        pytest.skip("npm could not install graphql-http: its audits are not run")
    return folder


async def _audit(suite: Path, hub: Service) -> list[dict[str, Any]]:
    """The results of all audits."""
    process = await asyncio.create_subprocess_exec(
        "node",
        "audits.js",
        cwd=suite,
        env={**os.environ, "HUB_URL": f"{hub.url}/graphql", "HUB_TOKEN": hub.token("centre")},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0
    results: list[dict[str, Any]] = json.loads(output)
    return results


async def test_every_audit_passes(suite: Path, ask: Service) -> None:
    results = await _audit(suite, ask)
    assert len(results) == AUDITS
    assert [result for result in results if result["status"] != "ok"] == []


async def test_the_draft_departs_only_where_it_says_so(suite: Path, open_hub: Opener) -> None:
    """422 in place of 400, and the standard's own media type where the client names none: the suite is older than both."""
    async with open_hub("draft", sequencer=False, http_profile="draft-2026-08") as hub:
        departed = {one["id"]: one["status"] for one in await _audit(suite, hub) if one["status"] != "ok"}
    assert departed == {
        "47DE": "warn",  # takes */*: not application/json
        "80D8": "warn",  # names nothing: not application/json
        "86EE": "warn",  # variables that do not coerce: 422, not 400
    }
