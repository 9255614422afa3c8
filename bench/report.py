# SPDX-License-Identifier: EUPL-1.2
"""The figures as one table, and as bench/results/latest.json."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import orjson
from rich import box
from rich.console import Console
from rich.table import Table

from bench.measure import Measured

LATEST = Path(__file__).parent / "results" / "latest.json"


@dataclass(frozen=True)
class Figure:
    """One figure; `aim` None where it is only told."""

    name: str
    value: float
    unit: str
    aim: float | None
    better: Literal["higher", "lower"]

    @property
    def meets(self) -> bool:
        """Whether the aim is met; where there is none, it is."""
        if self.aim is None:
            return True
        return self.value <= self.aim if self.better == "lower" else self.value >= self.aim


def figures(measured: Measured) -> Iterable[Figure]:
    """What a question's rounds come to. One connection's are named `<question>.alone.…`."""
    question = measured.question
    base = question.name if measured.connections > 1 else f"{question.name}.alone"
    for contestant in measured.rounds:
        name, one = f"{base}.{contestant}", measured.middle(contestant)
        yield Figure(f"{name}.rate", round(one.rate, 1), "requests/s", None, "higher")
        yield Figure(f"{name}.p50", round(one.p50, 3), "ms", None, "lower")
        yield Figure(f"{name}.p99", round(one.p99, 3), "ms", None, "lower")
        yield Figure(f"{name}.server_cpu", round(one.server_cpu, 4), "ms/request", None, "lower")
        yield Figure(f"{name}.postgres_cpu", round(one.postgres_cpu, 4), "ms/request", None, "lower")
    aim = question.ratio if measured.connections > 1 else None
    yield Figure(f"{base}.cpu_ratio", round(measured.ratio("hub", "bare"), 3), "ratio", aim, "lower")


def show(found: Sequence[Measured], others: Iterable[Figure]) -> None:
    """Print the table."""
    table = Table(
        box=box.SIMPLE, title="CPU: milliseconds per request, from /proc; latencies in milliseconds"
    )
    for column in (
        "question",
        "conn.",
        "who",
        "requests/s",
        "p50",
        "p99",
        "server",
        "PostgreSQL",
        "ratio",
        "aim",
    ):
        table.add_column(column, justify="left" if column in ("question", "who") else "right", no_wrap=True)
    for measured in found:
        for place, contestant in enumerate(measured.rounds):
            one, hub = measured.middle(contestant), contestant == "hub"
            aim = f"≤ {measured.question.ratio}" if hub and measured.connections > 1 else ""
            table.add_row(
                measured.question.title if place == 0 else "",
                str(measured.connections) if place == 0 else "",
                contestant,
                f"{one.rate:,.0f}", f"{one.p50:.2f}", f"{one.p99:.2f}", f"{one.server_cpu:.3f}", f"{one.postgres_cpu:.3f}",
                f"{measured.ratio('hub', 'bare'):.2f}" if hub else "",
                aim,
            )  # fmt: skip
    console = Console(width=124)
    console.print(table)
    for figure in others:
        aim = "" if figure.aim is None else f" (aim {figure.aim:g})"
        console.print(f"{figure.name}: {figure.value:g} {figure.unit}{aim}", highlight=False)


def write(found: Sequence[Figure], path: Path = LATEST) -> None:
    """Write the figures as the design says."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(orjson.dumps([asdict(one) for one in found], option=orjson.OPT_INDENT_2) + b"\n")
