# SPDX-License-Identifier: EUPL-1.2
"""What memory comes to, and a flood in which no two bodies are alike to a cache."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import orjson
import pytest
from graphql import parse, validate

from bench.growth import BYTES_MORE, fits
from bench.memory import BITS, Look, chosen, distinct
from bench.memory import told as memory_told
from hub.plan.documents import Documents
from hub.plan.operation import Operation
from schema.build import build_schema

CODE = "RSSMRA80A01H501U"


def looks(*server: int) -> list[Look]:
    return [Look(number * 1_000, held, {1: 7}) for number, held in enumerate(server)]


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        ((50, 100, 100, 100, 100, 100), 0.0),
        ((50, 100, 110, 120, 130, 140), 10.0),
        ((50, 100, 90, 80, 70, 60), -10.0),
        ((100,), 0.0),
    ],
)
def test_the_slope_is_of_what_comes_after_the_first_fifth(server: tuple[int, ...], expected: float) -> None:
    told = {one.name: one.value for one in memory_told("flood", looks(*server), 10.0)}
    assert told["memory.flood.server.slope"] == pytest.approx(expected)
    assert told["memory.flood.postgres.slope"] == 0.0


def test_postgres_slope_is_of_the_processes_that_stayed_and_its_level_of_all() -> None:
    held = [{1: 100 + number, 2: 500} for number in range(6)]
    held[1][3] = 9_000  # a vacuum that ends
    held[4][4] = held[5][4] = 2_000  # a connection that is opened
    found = [Look(number * 1_000, 0, backends) for number, backends in enumerate(held)]
    told = {one.name: one.value for one in memory_told("flood", found, 10.0)}
    assert told["memory.flood.postgres.slope"] == pytest.approx(1.0)
    assert told["memory.flood.postgres"] == round((105 + 500 + 2_000) / 1024, 1)


def test_every_body_of_a_flood_is_new_to_the_caches_and_is_planned() -> None:
    schema, catalogue = build_schema()
    documents = Documents(catalogue, most=10_000)
    seen: set[Any] = set()
    for body in itertools.islice(distinct(CODE), 300):
        asked = orjson.loads(body)
        assert validate(schema, parse(asked["query"])) == []
        operation = documents.operation(asked["query"], None)
        assert isinstance(operation, Operation)
        variables, errors = operation.variables.coerce(asked["variables"])
        assert not errors
        seen.add((asked["query"], operation.variables.shape(variables)))
    assert len(seen) == 300


def test_a_flood_is_as_wide_at_its_end_as_at_its_beginning() -> None:
    """Else what it leaves in memory would grow for that alone."""
    for first in range(0, 2**BITS, 5_000):
        several = [chosen(first + number) for number in range(1_000)]
        assert all(400 <= sum(column) <= 600 for column in zip(*several, strict=True))
    assert len({tuple(chosen(number)) for number in range(2**BITS)}) == 2**BITS


def test_a_size_without_room_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        free = BYTES_MORE + 1

    monkeypatch.setattr("shutil.disk_usage", lambda _path: Usage)
    assert not fits(tmp_path / "2000000", 2_000_000)
    assert "2,000,000 beneficiaries are left out" in capsys.readouterr().out
    (tmp_path / "kept" / "postgres").mkdir(parents=True)
    assert fits(tmp_path / "kept", 2_000_000)
