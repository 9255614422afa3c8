# SPDX-License-Identifier: EUPL-1.2
"""`make bench`: the hub beside a bare app and its peers, on the same database; options with `make bench ARGS="--help"`."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.agencies import agencies
from bench.apart import idle_cpu, seed_speed, voucher_check
from bench.conditions import conditions, ended, machine, write_conditions
from bench.connectors import connectors
from bench.cursors import cursors
from bench.figures import RESULTS, Figure, figures, write
from bench.growth import SIZES, fits, growth
from bench.growth import told as growth_told
from bench.inbound import BENEFICIARIES as INBOUND
from bench.inbound import inbound
from bench.ledger import far, ledger
from bench.load import require_wrk
from bench.measure import Measured, measure
from bench.measures import measures
from bench.memory import FLAT_FLOOD, FLAT_REQUESTS, under_flood, under_requests
from bench.memory import told as memory_told
from bench.page import main as write_page
from bench.peers.install import peers, versions_of
from bench.population import population
from bench.questions import Question, questions
from bench.report import show, show_apart
from bench.same import check_same
from bench.served import BARE, HUB, UNLOGGED, Served, learn_cursors, served
from bench.world import World, open_world, read_people

DATA = Path(__file__).parent / "data"
SEEDED_IN = {200_000: 90.0}
"""Seconds in which so many beneficiaries should be seeded."""

Part = Callable[[argparse.Namespace], tuple[list[Figure], Mapping[str, Any]]]
"""Measures and prints; gives the figures, and what they were measured on."""


def main() -> None:
    """Measure, print, write: the questions, or the parts that were asked for."""
    given = _arguments()
    wanted = [name for name in PARTS if given.full or getattr(given, name, False)] or ["questions"]
    if set(wanted) - ALONE:
        require_wrk()
    told: list[Figure] = []
    for name in wanted:
        found, known = PARTS[name](given)
        told += found
        if found and given.only is None:
            write(found, name, given.results)
            write_conditions(ended(known), name, given.results)
            if given.results == RESULTS:
                write_page()
    for figure in told:
        if not figure.meets:
            print(f"Aim missed: {figure.name} is {figure.value:g}, not {figure.aim:g}.")


def _questions(given: argparse.Namespace) -> tuple[list[Figure], Mapping[str, Any]]:
    others: list[Figure] = []
    if given.seed_speed:
        took, aim = seed_speed(given.seed_speed), SEEDED_IN.get(given.seed_speed)
        others.append(Figure(f"seed_{given.seed_speed}.duration", round(took, 1), "s", aim, "lower"))
    with ExitStack() as opened:
        world = opened.enter_context(open_world(DATA / str(given.beneficiaries), given.beneficiaries))
        contenders = [HUB, BARE, UNLOGGED, *([] if given.no_peers else peers(DATA / "peers", world))]
        known = conditions(world, _shown(given), versions_of(contenders, DATA / "peers"))
        codes, positions = asyncio.run(read_people(world.url))
        first = questions(codes, [""], positions)[0]
        contestants = [opened.enter_context(served(one, world, first)) for one in contenders]
        asked = questions(codes, cursors(contestants[0]), positions)
        learn_cursors(contestants, asked)
        wanted = [one for one in asked if given.only is None or one.name in given.only]
        found = _measured(contestants, wanted, world, given)
        others.append(Figure("hub.idle_cpu", round(idle_cpu(contestants[0]), 1), "ms/s", None, "lower"))
        others.append(Figure("voucher.remembered", round(voucher_check(world), 3), "µs", None, "lower"))
        others.append(Figure("hub.start", round(contestants[0].started, 2), "s", None, "lower"))
    show(found)
    show_apart(others)
    return [*(figure for measured in found for figure in figures(measured)), *others], known


def _measured(
    contestants: Sequence[Served], asked: Sequence[Question], world: World, given: argparse.Namespace
) -> list[Measured]:
    found = []
    for question in asked:
        longest = check_same(contestants, question, world)
        print(f"{question.title}: equal answers from all, up to {longest:,} bytes.", flush=True)
        found += [
            measure(
                contestants,
                question,
                connections=connections,
                rounds=given.rounds if connections > 1 else (given.rounds + 1) // 2,
                duration=given.seconds,
            )
            for connections in given.connections
        ]
    return found


def _growth(given: argparse.Namespace) -> tuple[list[Figure], Mapping[str, Any]]:
    sizes, known, found = growth(
        DATA, given.sizes, rounds=given.rounds, duration=given.seconds, connections=given.connections
    )
    told = [figure for measured in found for figure in growth_told(measured)]
    show_apart(told)
    return told, {**known, **_shown(given), "sizes": sizes}


def _memory(given: argparse.Namespace) -> tuple[list[Figure], Mapping[str, Any]]:
    told: list[Figure] = []
    with open_world(DATA / str(given.beneficiaries), given.beneficiaries) as world:
        known = conditions(world, _shown(given), {})
        codes, positions = asyncio.run(read_people(world.url))
        asked = questions(codes, [""], positions)
        with served(HUB, world, asked[0]) as hub:
            looks = under_requests(hub, asked[:2], given.requests, given.budget)
            told += memory_told("requests", looks, FLAT_REQUESTS)
        with served(HUB, world, asked[0]) as hub:
            looks = under_flood(hub, codes[0], given.documents, given.budget)
            told += memory_told("flood", looks, FLAT_FLOOD)
    show_apart(told)
    return told, known


def _ledger(given: argparse.Namespace) -> tuple[list[Figure], Mapping[str, Any]]:
    with open_world(DATA / str(given.beneficiaries), given.beneficiaries) as world:
        known = conditions(world, _shown(given), {})
        codes, positions = asyncio.run(read_people(world.url))
        asked = questions(codes, [""], positions)
        with served(HUB, world, asked[0]) as hub:
            told = asyncio.run(ledger(hub, asked[-1], given.rounds))
    show_apart(told)
    return told, known


def _far(given: argparse.Namespace) -> tuple[list[Figure], Mapping[str, Any]]:
    largest = max(given.sizes)
    if not fits(DATA / str(largest), largest):
        return [], {}
    with open_world(DATA / str(largest), largest) as world:
        known = conditions(world, {**_shown(given), "beneficiaries": largest}, {})
        codes, positions = asyncio.run(read_people(world.url))
        with served(HUB, world, questions(codes, [""], positions)[0]) as hub:
            told = asyncio.run(far(hub, given.rounds))
    show_apart(told)
    return told, known


def _measures(given: argparse.Namespace) -> tuple[list[Figure], Mapping[str, Any]]:  # noqa: ARG001 (a part like the others)
    known = machine()
    told = measures()
    show_apart(told)
    return told, known


def _population(given: argparse.Namespace) -> tuple[list[Figure], Mapping[str, Any]]:
    with open_world(DATA / str(given.beneficiaries), given.beneficiaries) as world:
        known = {**machine(), **_shown(given)}
        told, workers = population(world, given.rounds)
    show_apart(told)
    return told, {**known, **workers}


def _connectors(given: argparse.Namespace) -> tuple[list[Figure], Mapping[str, Any]]:
    known = machine()
    told = connectors(given.rounds)
    show_apart(told)
    return told, known


def _inbound(given: argparse.Namespace) -> tuple[list[Figure], Mapping[str, Any]]:
    with open_world(DATA / "inbound", INBOUND) as world:
        known = {**machine(), "beneficiaries": INBOUND, "rounds": given.rounds}
        told = inbound(world, given.rounds)
    show_apart(told)
    return told, known


def _agencies(given: argparse.Namespace) -> tuple[list[Figure], Mapping[str, Any]]:
    with open_world(DATA / str(given.beneficiaries), given.beneficiaries) as world:
        known = conditions(world, _shown(given), {})
        codes, positions = asyncio.run(read_people(world.url))
        told = agencies(world, questions(codes, [""], positions)[0], given.rounds, given.seconds)
    show_apart(told)
    return told, known


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
ALONE = {"measures", "population", "connectors", "inbound"}
"""Parts that need no wrk."""


def _shown(given: argparse.Namespace) -> dict[str, Any]:
    return {name: vars(given)[name] for name in ("beneficiaries", "rounds", "seconds")}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--full",
        action="store_true",
        help="everything: the questions, growth, memory, the ledger, the longest feed, the measures, the population, connectors, what lands and agencies",
    )
    parser.add_argument(
        "--growth", action="store_true", help="the page and the list over databases of several sizes, alone"
    )
    parser.add_argument(
        "--memory", action="store_true", help="memory over many requests and many documents, alone"
    )
    parser.add_argument(
        "--ledger",
        action="store_true",
        help="recording, visibility, the stream and pages far in, alone",
    )
    parser.add_argument(
        "--far", action="store_true", help="pages far in and the stream of the largest database, alone"
    )
    parser.add_argument(
        "--measures",
        action="store_true",
        help="one assessment of each measure, alone; needs neither wrk nor a database",
    )
    parser.add_argument(
        "--population", action="store_true", help="all households of a measure through the rules, alone"
    )
    parser.add_argument(
        "--connectors", action="store_true", help="reading what labour systems send, alone; needs neither"
    )
    parser.add_argument(
        "--inbound",
        action="store_true",
        help="what regions and INPS tell, landed in a database of its own, alone; needs no wrk",
    )
    parser.add_argument(
        "--agencies",
        action="store_true",
        help="stored data beside agencies that hang, what the hub adds to a call, fifty at once; alone",
    )
    parser.add_argument("--beneficiaries", type=int, default=200_000, help="size of the database")
    parser.add_argument("--connections", type=int, nargs="+", default=[32, 1], help="of wrk")
    parser.add_argument(
        "--rounds", type=int, default=5, help="of each server in turn; half as many at one connection"
    )
    parser.add_argument("--seconds", type=int, default=1, help="of each round")
    parser.add_argument("--no-peers", action="store_true", help="measure only beside the bare app")
    parser.add_argument("--only", nargs="+", help="names of questions; nothing is written then")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="of growth's databases")
    parser.add_argument("--requests", type=int, default=1_000_000, help="of memory's first half")
    parser.add_argument("--documents", type=int, default=100_000, help="of memory's flood")
    parser.add_argument(
        "--budget", type=float, default=1_200.0, help="seconds after which each half of memory ends"
    )
    parser.add_argument(
        "--seed-speed", type=int, metavar="N", help="also time the seeding of N beneficiaries"
    )
    parser.add_argument(
        "--results",
        type=Path,
        default=RESULTS,
        help="folder for the figures; those in the default one are the documentation's too",
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
