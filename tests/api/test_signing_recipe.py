# SPDX-License-Identifier: EUPL-1.2
"""The recipes of docs/how-to/sign-requests.md do what they say: each block is taken from the page, and run."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from connectors.simulators.pdnd import issue_voucher
from tests.api.test_demands import demanding, hub

if TYPE_CHECKING:
    from tests.api.conftest import Service

__all__ = ["hub"]  # the fixture

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "sign-requests.md").read_text(encoding="utf-8")
QUESTION = json.dumps({"query": "{ __typename }"}).encode()


def blocks(language: str) -> list[str]:
    found = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found
    return found


def names(hub: Service) -> dict[str, str]:
    """What a reader writes in the place of the page's dots."""
    centre = hub.registry.consumer("centre")
    return {
        "KID": hub.keys.kid("centre"),
        "CLIENT": centre.client_id,
        "PURPOSE": centre.purpose_for("hub").purpose_id,
        "HUB": "https://snodo.example/graphql",
        "URL": f"{hub.url}/graphql",
    }


async def run_python(hub: Service, folder: Path) -> dict[str, Any]:
    """The names the page's three blocks leave behind."""
    (folder / "question.json").write_bytes(QUESTION)
    given = names(hub)
    text = "\n".join(blocks("python"))
    for old, new in {
        '"client.pem"': repr(str(hub.keys.path("centre"))),
        '"question.json"': repr(str(folder / "question.json")),
        'read_text()), "…"': f'read_text()), "{given["KID"]}"',
        'CLIENT, PURPOSE, HUB = "…", "…"': f'CLIENT, PURPOSE, HUB = "{given["CLIENT"]}", "{given["PURPOSE"]}"',
        "https://snodo.example/.well-known": f"{hub.url}/.well-known",
    }.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    known: dict[str, Any] = {}
    await asyncio.to_thread(exec, compile(text, "sign-requests.md", "exec"), known)
    return known


async def test_in_python(hub: Service, tmp_path: Path) -> None:
    async with demanding(hub, "EVIDENCE", "SIGNATURE", "SIGNED_ANSWERS"):
        known = await run_python(hub, tmp_path)
        voucher = issue_voucher(hub.registry, hub.keys, "centre", digest=known["digest"]["value"])
        headers = {
            "Authorization": f"Bearer {voucher}",
            "Agid-JWT-TrackingEvidence": known["evidence"],
            "Content-Type": "application/json",
            "Digest": known["digest_header"],
            "Agid-JWT-Signature": known["signature"],
        }
        answer = await hub.send(content=QUESTION, headers=headers)
    assert answer.status == 200, answer.body
    check = known["verified"]
    assert check(answer.body, answer.headers, known["digest_header"]) == answer.body
    for content, came, asked in (
        (answer.body + b" ", answer.headers, known["digest_header"]),
        (answer.body, _with(answer.headers, "Content-Type", "text/plain"), known["digest_header"]),
        (answer.body, answer.headers, "SHA-256=another"),
    ):
        with pytest.raises(AssertionError):
            check(content, came, asked)


def _with(headers: Mapping[str, str], name: str, value: str) -> Any:
    changed: Any = headers.copy()  # type: ignore[attr-defined]
    changed[name] = value
    return changed


@pytest.mark.skipif(not (shutil.which("openssl") and shutil.which("curl")), reason="needs openssl and curl")
async def test_in_a_shell(hub: Service, tmp_path: Path) -> None:
    (tmp_path / "question.json").write_bytes(QUESTION)
    shutil.copy(hub.keys.path("centre"), tmp_path / "client.pem")
    (script,) = blocks("sh")
    async with demanding(hub, "SIGNATURE") as forge:
        ended = await asyncio.create_subprocess_exec(
            "sh", "-e", "-c", script, cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin:/usr/local/bin", "VOUCHER": forge.token(), "NO_PROXY": "*", **names(hub)},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        said, errors = await asyncio.wait_for(ended.communicate(), 30)
    assert json.loads(said or b"{}") == {"data": {"__typename": "Query"}}, errors.decode() + said.decode()
