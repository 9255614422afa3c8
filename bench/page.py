# SPDX-License-Identifier: EUPL-1.2
"""`python -m bench.page`: writes the figures of bench/results into docs/explanation/performance.md, between its marks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from bench.conditions import CONDITIONS
from bench.figures import LATEST, LIMIT, RESULTS, UNLOGGED, Figure
from bench.questions import Question, questions

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "performance.md"
WHO = ("hub", LIMIT, UNLOGGED, "postgraphile", "mercurius")
NAMES = {
    "hub": "hub",
    LIMIT: "bare",
    UNLOGGED: "hub without its log",
    "postgraphile": "PostGraphile 5",
    "mercurius": "Mercurius",
}
LEDGER = {
    "single.rate": "one event a request, 32 connections",
    "pgbench.rate": "pgbench, the same inserts, 32 connections",
    "pgbench.rate_ratio": "the first over the second",
    "visible.pace": "pace while visibility was looked at, 32 connections",
    "visible.p50": "from the beginning of its transaction to its position, half of the events within",
    "visible.p99": "the same, 99 of 100 within",
    "bulk": "a thousand events a request, 4 connections",
    "bulk.pgbench.rate": "pgbench, the same inserts by the thousand",
    "bulk.pgbench.rate_ratio": "the first over the second",
    "bulk.server_cpu": "the server's CPU",
    "bulk.postgresql_cpu": "PostgreSQL's",
    "page.positions": "entries of the feed in what follows",
    "page.begin.p50": "a page of 500 at its beginning, p50",
    "page.end.p50": "a page of 500 at its end, p50",
    "page.end_ratio": "the second over the first",
    "stream.rate": "the whole feed as NDJSON",
    "copy.rate": "the same lines by COPY",
    "stream.copy_ratio": "time of the first over the second",
    "stream.growth": "what the server grew by while it streamed",
}
"""What is told of the ledger, by the figures' names."""
MEASURES = {
    "rdc.assessment": "RdC: one assessment of a household of four",
    "mia.assessment": "MIA: the same",
    "adi.assessment": "ADI: the same",
    "sfl.assessment": "SFL: of a couple",
    "adi.assessment.unknown": "ADI: of four, one disability of whom is not known",
    "adi.calendar": "ADI: thirty months, each assessed anew",
}
"""What is told of the measures, by the figures' names."""
POPULATION = {
    "households": "households",
    "rate": "all of them, on all cores",
    "core.rate": "the same for each core",
    "cpu": "the workers' CPU for one household",
    "postgres_cpu": "PostgreSQL's",
    "memory": "the largest worker",
    "memory.growth": "what it grew by from a quarter of the run to its end",
}
"""What is told of a run over the population, of each of these measures."""
POPULATION_OF = ("ADI", "SFL")
CONNECTORS = {
    "sap.parse": "SAP documents read, every rule of theirs looked at",
    "sap.size": "one of them, with five policies",
}
"""What is told of the connectors."""
INBOUND = {
    "offers": "offers",
    "courses": "courses",
    "households": "households, of two people on average",
    "pacts": "pacts, of two or three policies",
}
"""What is told of what lands, by the figures' names; each new and changed."""
AGENCIES = {
    "well.p99": "stored data while agencies are asked ten times a second, all of them well: p99",
    "hanging.p99": "the same, all of them hanging: p99",
    "hanging_ratio": "the second over the first",
    "residence.direct.p50": "a residence by the connector alone, one signed call: p50",
    "residence.p50": "the same by the hub: p50",
    "residence.added": "what the hub adds",
    "fifty.alone": "a residence where each call takes a second",
    "fifty.together": "fifty in one query, fifty calls allowed at once",
    "fifty.ratio": "the second over the first",
    "fifty.vouchers": "vouchers they cost",
}
"""What is told of agencies, by the figures' names."""
MISSED = "**"
"""What stands around a ratio that misses its aim."""

Figures = Mapping[str, Figure]
Part = Callable[[Figures, Mapping[str, Any]], Iterable[str]]


def main() -> None:
    """Rewrite the page."""
    PAGE.write_text(rendered(PAGE.read_text(), read_figures(), read_conditions()))


def read_figures(path: Path = RESULTS / LATEST) -> dict[str, Figure]:
    """The figures last written, by name."""
    return {one["name"]: Figure(**one) for one in orjson.loads(path.read_bytes())}


def read_conditions(path: Path = RESULTS / CONDITIONS) -> dict[str, Any]:
    """What they were measured on, by part."""
    found: dict[str, Any] = orjson.loads(path.read_bytes())
    return found


def rendered(text: str, found: Figures, known: Mapping[str, Any]) -> str:
    """The page's text with every part between its marks made anew; a part that was not measured says so."""
    for name, part in PARTS.items():
        begin, end = f"<!-- {name}: python -m bench.page -->\n", f"<!-- end of {name} -->"
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        lines = part(found, known[name]) if name in known else ["Not measured yet."]
        text = before + begin + "\n".join(lines) + "\n" + end + after
    return text


def _questions(found: Figures, known: Mapping[str, Any]) -> Iterable[str]:
    yield _sentence(known) + (
        f" {known['beneficiaries']:,} beneficiaries; {known['rounds']} rounds of {known['seconds']} s at 32 connections, half as many at one."
    )
    yield ""
    yield "| question | conn. | who | requests/s | p50 · p99, ms | server CPU, ms | PostgreSQL CPU, ms | hub's requests/s over its | hub's CPU over its |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for question in questions([], [], []):
        for connections, base in ((32, question.name), (1, f"{question.name}.alone")):
            yield from _rows(question, connections, base, found)

    yield from _without_log(found)


def _without_log(found: Figures) -> Iterable[str]:
    """The second table: the hub without its access log beside the others."""
    others = [who for who in WHO if f"one_person.unlogged.over.{who}.rate_ratio" in found]
    if not others:
        return
    yield ""
    yield (
        "None of the others writes down whom an answer shows. The hub without its log, at 32 connections, over each of them: "
        "requests/s, and CPU per request."
    )
    yield ""
    yield f"| question | {' | '.join(f'over {NAMES[who]}: requests/s | CPU' for who in others)} |"
    yield "|---|" + "---|---|" * len(others)
    for question in questions([], [], []):
        cells = [
            _ratio(found, f"{question.name}.unlogged.over.{who}.{what}")
            for who in others
            for what in ("rate_ratio", "cpu_ratio")
        ]
        yield f"| {question.title} | {' | '.join(cells)} |"


def _rows(question: Question, connections: int, base: str, found: Figures) -> Iterable[str]:
    there = [who for who in WHO if f"{base}.{who}.rate" in found]
    for place, who in enumerate(there):
        name = f"{base}.{who}"
        cells = [
            question.title if place == 0 and connections > 1 else "",
            str(connections) if place == 0 else "",
            NAMES[who],
            f"{found[f'{name}.rate'].value:,.0f}",
            f"{_short(found[f'{name}.p50'].value)} · {_short(found[f'{name}.p99'].value)}",
            f"{found[f'{name}.server_cpu'].value:.3f}",
            f"{found[f'{name}.postgres_cpu'].value:.3f}",
        ]
        if who == "hub":
            cells += ["", ""]
        elif who == LIMIT:
            cells += [_ratio(found, f"{base}.rate_ratio"), _ratio(found, f"{base}.cpu_ratio")]
        else:
            cells += [_ratio(found, f"{name}.rate_ratio"), _ratio(found, f"{name}.total_cpu_ratio")]
        yield f"| {' | '.join(cells)} |"


def _growth(found: Figures, known: Mapping[str, Any]) -> Iterable[str]:
    sizes: list[int] = known["sizes"]
    yield (
        _sentence(known)
        + f" {known['rounds']} rounds of {known['seconds']} s; p50 in ms, and over the smallest's."
    )
    yield ""
    yield "| question | conn. | " + " | ".join(f"{size:,}" for size in sizes) + " |"
    yield "|---|---|" + "---|" * len(sizes)
    for question in questions([], [], []):
        for connections, base in ((32, f"growth.{question.name}"), (1, f"growth.{question.name}.alone")):
            if f"{base}.{sizes[0]}.p50" not in found:
                continue
            cells = [
                _short(found[f"{base}.{size}.p50"].value)
                + (
                    f", {_ratio(found, f'{base}.{size}.p50_ratio')}"
                    if f"{base}.{size}.p50_ratio" in found
                    else ""
                )
                for size in sizes
            ]
            yield f"| {question.title} | {connections} | {' | '.join(cells)} |"


def _memory(found: Figures, known: Mapping[str, Any]) -> Iterable[str]:
    yield _sentence(known)
    yield ""
    yield "| | sent | server, MiB | slope, KB per 1,000 | PostgreSQL's processes, MiB | slope, KB per 1,000 |"
    yield "|---|---|---|---|---|---|"
    for name, title in (
        ("requests", "one person and the page, in turn"),
        ("flood", "distinct documents and shapes"),
    ):
        base = f"memory.{name}"
        cells = [title, f"{found[f'{base}.requests'].value:,.0f}"]
        for whose in ("server", "postgres"):
            cells += [f"{found[f'{base}.{whose}'].value:,.0f}", _aimed(found[f"{base}.{whose}.slope"])]
        yield f"| {' | '.join(cells)} |"


def _ledger(found: Figures, known: Mapping[str, Any]) -> Iterable[str]:
    yield _sentence(known) + f" {known['beneficiaries']:,} beneficiaries."
    yield ""
    yield "| what | | |"
    yield "|---|---|---|"
    for name, title in LEDGER.items():
        figure = found[f"ledger.{name}"]
        yield f"| {title} | {_quantity(figure)} | {figure.unit} |"


def _far(found: Figures, known: Mapping[str, Any]) -> Iterable[str]:
    yield _sentence(known) + f" {known['beneficiaries']:,} beneficiaries."
    yield ""
    yield "| what | | |"
    yield "|---|---|---|"
    for name, title in LEDGER.items():
        if figure := found.get(f"far.{name}"):
            yield f"| {title} | {_quantity(figure)} | {figure.unit} |"


def _one_process(known: Mapping[str, Any]) -> str:
    return (
        f"{known['at'][:10]}, {known['cpu']}, one process of Python {known['versions']['python']}; "
        f"load average {known['load_before'][0]:.1f} to {known['load_after'][0]:.1f}."
    )


def _measures(found: Figures, known: Mapping[str, Any]) -> Iterable[str]:
    yield _one_process(known)
    yield ""
    yield "| what | CPU, ms |"
    yield "|---|---|"
    for name, title in MEASURES.items():
        yield f"| {title} | {_aimed(found[f'measures.{name}'])} |"


def _population(found: Figures, known: Mapping[str, Any]) -> Iterable[str]:
    yield _one_process(known).replace("one process", f"{known['workers']} workers")
    yield ""
    yield f"| what | {' | '.join(POPULATION_OF)} | |"
    yield f"|---|{'---|' * len(POPULATION_OF)}---|"
    for name, title in POPULATION.items():
        figures = [found[f"population.{measure.lower()}.{name}"] for measure in POPULATION_OF]
        yield f"| {title} | {' | '.join(map(_quantity, figures))} | {figures[0].unit} |"


def _connectors(found: Figures, known: Mapping[str, Any]) -> Iterable[str]:
    yield _one_process(known)
    yield ""
    yield "| what | | |"
    yield "|---|---|---|"
    for name, title in CONNECTORS.items():
        figure = found[f"connectors.{name}"]
        yield f"| {title} | {_quantity(figure)} | {figure.unit} |"


def _inbound(found: Figures, known: Mapping[str, Any]) -> Iterable[str]:
    yield _one_process(known) + (
        f" Beside {known['beneficiaries']:,} beneficiaries; the middle of {known['rounds']} rounds."
    )
    yield ""
    yield "| what | records/s | records/s of CPU | the hub's CPU for one, ms | PostgreSQL's, ms |"
    yield "|---|---|---|---|---|"
    for name, title in INBOUND.items():
        for version in ("new", "changed"):
            rate, cpu_rate, client, postgres = (
                found[f"inbound.{name}.{version}.{what}"]
                for what in ("rate", "cpu_rate", "client_cpu", "postgres_cpu")
            )
            yield (
                f"| {title}: {version} | {_quantity(rate)} | {_quantity(cpu_rate)} "
                f"| {client.value:.3f} | {postgres.value:.3f} |"
            )


def _agencies(found: Figures, known: Mapping[str, Any]) -> Iterable[str]:
    yield _sentence(known)
    yield ""
    yield "| what | | |"
    yield "|---|---|---|"
    for name, title in AGENCIES.items():
        figure = found[f"agencies.{name}"]
        yield f"| {title} | {_aimed(figure)} | {figure.unit} |"


PARTS: Mapping[str, Part] = {
    "questions": _questions,
    "growth": _growth,
    "memory": _memory,
    "ledger": _ledger,
    "far": _far,
    "measures": _measures,
    "population": _population,
    "connectors": _connectors,
    "inbound": _inbound,
    "agencies": _agencies,
}


def _quantity(figure: Figure) -> str:
    if figure.unit in ("ratio", "ms", "MiB"):
        return _aimed(figure)
    mark = "" if figure.meets else MISSED
    aim = "" if figure.aim is None else f" (≥ {figure.aim:,.0f})"
    return f"{mark}{figure.value:,.0f}{mark}{aim}"


def _sentence(known: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in known["versions"].items())
    load = " to ".join(f"{known[when][0]:.1f}" for when in ("load_before", "load_after"))
    return (
        f"{known['at'][:10]}, {known['cpu']}, {known['cores']} cores shared by load generator, servers and PostgreSQL, "
        f"{known['memory_gib']:g} GiB; load average {load}.{_disk(known)} {versions}."
    )


def _disk(known: Mapping[str, Any]) -> str:
    taken = known.get("fdatasync_ms")  # what was measured before this was has none
    return f" A small write was durable after {taken['p50']:g} ms (p99 {taken['p99']:g})." if taken else ""


def _ratio(found: Figures, name: str) -> str:
    spread = found[f"{name}.spread"].value
    return f"{_aimed(found[name])} ± {spread:.2f}"


def _aimed(figure: Figure) -> str:
    text = f"{figure.value:.2f}"
    if figure.aim is None:
        return text
    sign = "≤" if figure.better == "lower" else "≥"
    mark = "" if figure.meets else MISSED
    return f"{mark}{text}{mark} ({sign} {figure.aim:g})"


def _short(milliseconds: float) -> str:
    return f"{milliseconds:.2f}" if milliseconds < 10 else f"{milliseconds:.0f}"


if __name__ == "__main__":
    main()
