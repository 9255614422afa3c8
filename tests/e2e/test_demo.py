# SPDX-License-Identifier: EUPL-1.2
"""`snodo demo` as a new user runs it: embedded PostgreSQL, simulated agencies, the tour, and the doors it leaves open."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.conftest import open_folder
from tests.e2e.conftest import Snodo, environment, hear


def test_check_walks_the_tour_and_exits_0_and_again_on_what_it_left(snodo: Snodo) -> None:
    for _ in range(2):
        ended = snodo("demo", "--check", "--port", "0")
        assert ended.returncode == 0, ended.stdout[-2_000:] + ended.stderr
        assert "The tour's 10 steps went as told" in ended.stdout
        assert '"freshness": "LIVE"' in ended.stdout
    assert "0 received" in ended.stdout, "the second run pulls nothing twice"


def test_a_taken_port_is_said_before_anything_is_started(snodo: Snodo, folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        ended = snodo("demo", "--check", "--port", str(port))
    assert ended.returncode == 1
    assert f"Port {port} on 127.0.0.1 cannot be had" in ended.stderr
    assert "--port" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (folder / ".snodo").exists()


@pytest.fixture(scope="module")
def running(command: list[str]) -> Iterator[tuple[str, Path, str]]:
    """A demo that keeps serving: its address, its data directory, what it printed."""
    with open_folder() as folder:
        yield from _running(command, folder)


def _running(command: list[str], folder: Path) -> Iterator[tuple[str, Path, str]]:
    printed, said = folder / "printed", folder / "said"
    with printed.open("w") as output, said.open("w") as errors:
        process = subprocess.Popen(
            [*command, "demo", "--port", "0"],
            cwd=folder,
            env=environment(),
            stdout=output,
            stderr=errors,
        )
        try:
            until = time.monotonic() + 180  # patience, no aim: a loaded machine takes a minute
            while "Ctrl-C ends" not in printed.read_text():
                assert process.poll() is None, said.read_text()[-2_000:]
                assert time.monotonic() < until, printed.read_text()[-2_000:]
                time.sleep(0.1)
            text = printed.read_text()
            found = re.search(r"(http://127\.0\.0\.1:\d+)/graphql", text)
            assert found is not None
            yield found[1], folder / ".snodo", text
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(20) in (0, 130), said.read_text()[-2_000:]
            hear(said.read_text(), ())
    assert not (folder / ".snodo" / "postgres" / "postmaster.pid").exists(), (
        "the embedded server stops with the demo"
    )


def test_it_keeps_serving_with_graphiql_and_its_tabs(running: tuple[str, Path, str]) -> None:
    address, _, _ = running
    page = httpx2.get(f"{address}/graphql", headers={"accept": "text/html"})
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "query PersonPage" in page.text
    assert "Bearer " in page.text


def test_printed_tokens_and_snodo_voucher_both_open_the_door(
    running: tuple[str, Path, str], snodo: Snodo
) -> None:
    address, data_dir, text = running
    printed = re.search(r"^inps:\nBearer (\S+)$", text, re.MULTILINE)
    assert printed is not None
    asked = snodo("voucher", "--as", "inps", "--data-dir", str(data_dir))
    assert asked.returncode == 0, asked.stderr
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+\n", asked.stdout), "the token alone on stdout"
    for token in (printed[1], asked.stdout.strip()):
        answer = httpx2.post(
            f"{address}/graphql",
            json={"query": "{ conditionalityFeed { endCursor } }"},
            headers={"authorization": f"Bearer {token}"},
        )
        assert answer.status_code == 200
        assert answer.json()["data"]["conditionalityFeed"]["endCursor"] == "1"


def test_the_readmes_question_has_the_readmes_answer(running: tuple[str, Path, str], snodo: Snodo) -> None:
    address, data_dir, _ = running
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    question, answer = (
        re.findall(rf"```{language}\n(.*?)```", readme, re.DOTALL) for language in ("graphql", "json")
    )
    token = snodo("voucher", "--as", "centre", "--data-dir", str(data_dir)).stdout.strip()
    answered = httpx2.post(
        f"{address}/graphql", json={"query": question[0]}, headers={"authorization": f"Bearer {token}"}
    )
    assert answered.json() == json.loads(answer[0])


def test_the_probes_answer(running: tuple[str, Path, str]) -> None:
    address, _, _ = running
    assert httpx2.get(f"{address}/healthz").text == "ok\n"
    assert httpx2.get(f"{address}/readyz").status_code == 200
    status = httpx2.get(f"{address}/status")
    assert (status.status_code, status.headers["content-type"]) == (200, "application/problem+json")
    assert "snodo_sequencer_active 1.0" in httpx2.get(f"{address}/metrics").text
    assert "type Beneficiary implements Node" in httpx2.get(f"{address}/schema.graphql").text


def test_a_citizen_sees_itself(running: tuple[str, Path, str], snodo: Snodo) -> None:
    address, data_dir, _ = running

    def ask(*more: str) -> httpx2.Response:
        token = snodo("voucher", "--as", "citizen", *more, "--data-dir", str(data_dir)).stdout
        assert token.count("\n") == 1
        return httpx2.post(
            f"{address}/graphql",
            json={"query": "{ me { fiscalCode household { members { fiscalCode } } } }"},
            headers={"authorization": f"Bearer {token.strip()}"},
        )

    me = ask().json()["data"]["me"]
    assert me["fiscalCode"] in [one["fiscalCode"] for one in me["household"]["members"]]
    assert ask("--fiscal-code", "12345678903").json() == {"data": {"me": None}}, "who is nobody's beneficiary"
    refused = ask("--level", "1")
    assert refused.status_code == 401
    assert refused.json()["errors"][0]["extensions"]["check"] == "assurance"


@pytest.mark.parametrize(
    "wrong",
    [
        ("--as", "citizen", "--fiscal-code", "RSSMRA80A01H501A"),
        ("--as", "centre", "--fiscal-code", "12345678903"),
    ],
    ids=["no fiscal code", "no citizen"],
)
def test_a_token_that_cannot_be(wrong: tuple[str, ...], snodo: Snodo) -> None:
    ended = snodo("voucher", *wrong)
    assert ended.returncode == 1
    assert "fiscal" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""
