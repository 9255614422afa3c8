# SPDX-License-Identifier: EUPL-1.2
"""`make bench`: the hub beside a bare app and its peers, on the same database; options with `make bench ARGS="--help"`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path

import httpx2
import orjson

from bench.apart import idle_cpu, seed_speed, voucher_check
from bench.conditions import conditions, write_conditions
from bench.figures import Figure, figures, write
from bench.load import require_wrk
from bench.measure import Measured, measure
from bench.peers.install import peers, versions_of
from bench.questions import PAGE_SIZE, PEOPLE, Question, questions
from bench.report import show
from bench.same import check_same
from bench.served import BARE, HUB, Served, ask, learn_cursors, served
from bench.world import World, open_world, read_people

DATA = Path(__file__).parent / "data"
LIST_PAGES = 40
SEEDED_IN = {200_000: 90.0}
"""Seconds in which so many beneficiaries should be seeded."""


def main() -> None:
    """Measure, print, write."""
    given = _arguments()
    require_wrk()
    others: list[Figure] = []
    if given.seed_speed:
        took, aim = seed_speed(given.seed_speed), SEEDED_IN.get(given.seed_speed)
        others.append(Figure(f"seed_{given.seed_speed}.duration", round(took, 1), "s", aim, "lower"))
    with contextlib.ExitStack() as opened:
        world = opened.enter_context(open_world(DATA / str(given.beneficiaries), given.beneficiaries))
        contenders = [HUB, BARE, *([] if given.no_peers else peers(DATA / "peers", world))]
        known = conditions(
            world,
            {name: vars(given)[name] for name in ("beneficiaries", "rounds", "seconds")},
            versions_of(contenders, DATA / "peers"),
        )
        codes, positions = asyncio.run(read_people(world.url))
        first = questions(codes, [""], positions)[0]
        contestants = [opened.enter_context(served(one, world, first)) for one in contenders]
        hub = contestants[0]
        asked = questions(codes, cursors(hub), positions)
        learn_cursors(contestants, asked)
        wanted = [one for one in asked if given.only is None or one.name in given.only]
        found = _measured(contestants, wanted, world, given)
        others.append(Figure("hub.idle_cpu", round(idle_cpu(hub), 1), "ms/s", None, "lower"))
        others.append(Figure("voucher.remembered", round(voucher_check(world), 3), "µs", None, "lower"))
        others.append(Figure("hub.start", round(hub.started, 2), "s", None, "lower"))
    show(found, others)
    told = [*(figure for measured in found for figure in figures(measured)), *others]
    if given.only is None:
        write(told)
        write_conditions(known)
    for figure in told:
        if not figure.meets:
            print(f"Aim missed: {figure.name} is {figure.value:g}, not {figure.aim:g}.")


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


def cursors(hub: Served) -> list[str]:
    """Where the pages of the centre's list end."""
    found: list[str] = []
    voucher = hub.world.voucher("centre")
    with httpx2.Client(trust_env=False) as http:
        more, after = True, None
        while more and len(found) < LIST_PAGES:
            body = orjson.dumps(
                {"query": PEOPLE, "variables": {"first": PAGE_SIZE, "after": after, "events": 0}}
            )
            answer = orjson.loads(ask(http, hub.url, voucher, body))
            page = answer["data"]["beneficiaries"]["pageInfo"]
            more, after = page["hasNextPage"], page["endCursor"]
            if more:
                found.append(after)
    return found[:-1] or found  # the last page may be short


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--beneficiaries", type=int, default=200_000, help="size of the database")
    parser.add_argument("--connections", type=int, nargs="+", default=[32, 1], help="of wrk")
    parser.add_argument(
        "--rounds", type=int, default=5, help="of each server in turn; half as many at one connection"
    )
    parser.add_argument("--seconds", type=int, default=1, help="of each round")
    parser.add_argument("--no-peers", action="store_true", help="measure only beside the bare app")
    parser.add_argument(
        "--only", nargs="+", help="names of questions; nothing is written to bench/results then"
    )
    parser.add_argument(
        "--seed-speed", type=int, metavar="N", help="also time the seeding of N beneficiaries"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
