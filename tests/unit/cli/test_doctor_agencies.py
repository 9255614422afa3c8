# SPDX-License-Identifier: EUPL-1.2
"""`snodo doctor`: the agencies, by its own look and as a running hub sees them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx2
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from typer.testing import CliRunner

from connectors.exchange import Policy
from hub.cli import command_line
from hub.cli.doctor import agencies_as_seen
from hub.errors import UpstreamUnavailable
from hub.http.agency_metrics import AgencyMetrics
from tests.unit.connectors.test_exchange import FRAGILE, Agency, exchange, prepare, reply


async def seen(answer: httpx2.Response | Exception) -> dict[str, str | None]:
    def answering(request: httpx2.Request) -> httpx2.Response:
        assert str(request.url) == "http://hub.example/metrics"
        if isinstance(answer, Exception):
            raise answer
        return answer

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answering)) as http:
        return {one.what: one.fault for one in await agencies_as_seen("http://hub.example/", http)}


async def test_a_running_hub_says_which_breakers_are_open() -> None:
    down = exchange(Agency(*(reply(503) for _ in range(4))), Policy(attempts=1, breaker=FRAGILE))
    for _ in range(4):
        with pytest.raises(UpstreamUnavailable):
            await down.call("C020", prepare, idempotent=True)
    await down.call("C030", prepare, idempotent=True)
    registry = CollectorRegistry()
    registry.register(AgencyMetrics([down]))
    told = await seen(httpx2.Response(200, content=generate_latest(registry)))
    assert told == {
        "hub at http://hub.example/, TEST C020": "the breaker is open, 100% of its last calls failed: it is called again by itself; "
        "if that lasts, ask TEST.",
        "hub at http://hub.example/, TEST C030: 0% of its last calls failed": None,
        # Of the budget each call leaves a tenth, up to ten; nothing was tried again.
        "hub at http://hub.example/, TEST: calls under way 0, waiting for a place 0, retries that may be made now 10.0": None,
    }


async def test_a_running_hub_says_who_waits_and_what_is_left_of_the_budget() -> None:
    policy = Policy(attempts=2, concurrency=1, queue=5, first_backoff=0.001, longest_backoff=0.001)
    agency = Agency(reply(503), reply(200))
    target = exchange(agency, policy)
    await target.call("C030", prepare, idempotent=True)
    held = asyncio.Event()

    async def hold(_: httpx2.Request) -> httpx2.Response:
        await held.wait()
        return reply(200)

    target._http = httpx2.AsyncClient(transport=httpx2.MockTransport(hold))
    calls = [asyncio.create_task(target.call("C030", prepare, idempotent=True)) for _ in range(3)]
    while target.status.waiting < 2:
        await asyncio.sleep(0.001)
    registry = CollectorRegistry()
    registry.register(AgencyMetrics([target]))
    told = await seen(httpx2.Response(200, content=generate_latest(registry)))
    held.set()
    await asyncio.gather(*calls)
    left = target.status.retry_budget
    assert left < 10
    assert (
        f"hub at http://hub.example/, TEST: calls under way 1, waiting for a place 2, retries that may be made now {left:.1f}"
        in told
    )


async def test_a_hub_that_has_called_nobody_says_so() -> None:
    registry = CollectorRegistry()
    registry.register(AgencyMetrics([]))
    told = await seen(httpx2.Response(200, content=generate_latest(registry)))
    assert told == {"hub at http://hub.example/: has called no agency yet": None}


@pytest.mark.parametrize(
    "answer", [httpx2.ConnectError("refused"), httpx2.Response(404), httpx2.Response(200, text="<html {")]
)
async def test_what_is_no_hub_is_said_to_be_none(answer: httpx2.Response | Exception) -> None:
    told = await seen(answer)
    (fault,) = told.values()
    assert "is this the address of a hub" in (fault or "")


def test_where_regions_leave_their_files_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "regions").mkdir()
    (tmp_path / "lombardia").mkdir()
    for code, folder in (("03", "lombardia"), ("13", "abruzzo")):
        text = f'kind = "batch"\nregion = "{code}"\nformat = "ndjson"\nfolder = "../{folder}"\n[files]\npacts = "*.ndjson"\n'
        (tmp_path / "regions" / f"{code}.toml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("SNODO_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("SNODO_REGIONS", str(tmp_path / "regions"))
    ended = CliRunner().invoke(command_line(["doctor"]), ["doctor", "--data-dir", str(tmp_path)])
    lines = ended.stdout.splitlines()
    assert ended.exit_code == 1
    assert [one.partition(":")[0] for one in lines if one.startswith("FAULT")] == [
        "FAULT database",
        f"FAULT files of regione-13, {tmp_path}/regions/../abruzzo",
    ]
    assert f"ok    files of regione-03, {tmp_path}/regions/../lombardia: reached, files in it: 0" in lines
