# SPDX-License-Identifier: EUPL-1.2
"""The figures as a table on the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from bench.figures import Figure
from bench.measure import Measured, Ratio

WIDTH = 134
COLUMNS = ("question", "conn.", "who", "requests/s", "p50", "p99", "server", "PostgreSQL", "hub: rate ×", "hub: CPU ×")  # fmt: skip


def show(found: Sequence[Measured]) -> None:
    """Print the table."""
    table = Table(
        box=box.SIMPLE,
        title="Medians of the rounds. Latencies in milliseconds; CPU in milliseconds per request, from /proc. In a row of another: the hub's\n"
        "requests/s over its, and the hub's CPU over its (beside the bare app the server's alone, beside a peer PostgreSQL's with it).",
    )
    for column in COLUMNS:
        table.add_column(column, justify="left" if column in ("question", "who") else "right", no_wrap=True)
    for measured in found:
        for place, contestant in enumerate(measured.rounds):
            one = measured.middle(contestant)
            table.add_row(
                measured.question.title if place == 0 else "",
                str(measured.connections) if place == 0 else "",
                contestant,
                f"{one.rate:,.0f}",
                f"{one.p50:.2f}",
                f"{one.p99:.2f}",
                f"{one.server_cpu:.3f}",
                f"{one.postgres_cpu:.3f}",
                *_ratios(measured, contestant),
            )
    Console(width=WIDTH).print(table)


def show_apart(others: Iterable[Figure]) -> None:
    """Print figures that stand in no table."""
    console = Console(width=WIDTH)
    for figure in others:
        if not figure.name.endswith(".spread"):
            aim = "" if figure.aim is None else f" (aim {figure.aim:g})"
            console.print(f"{figure.name}: {figure.value:g} {figure.unit}{aim}", highlight=False)


def _ratios(measured: Measured, contestant: str) -> tuple[str, str]:
    if contestant == "hub":
        return "", ""
    rate = measured.ratio("hub", contestant, lambda one: one.rate)
    if contestant == "bare":
        cpu = measured.ratio("hub", contestant, lambda one: one.server_cpu)
    else:
        cpu = measured.ratio("hub", contestant, lambda one: one.cpu)
    return _told(rate), _told(cpu)


def _told(ratio: Ratio) -> str:
    return f"{ratio.middle:.2f} ±{ratio.spread:.2f}"
