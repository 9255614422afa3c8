# SPDX-License-Identifier: EUPL-1.2
"""Agencies asked: what they cost those who ask for stored data, what the hub adds to a call, and fifty calls at once.

The agencies are simulated, in a process of their own, and check every signature: their share of a call is a real one's at most.
"""

from __future__ import annotations

import asyncio
import re
import statistics
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx2

from bench.figures import Figure
from bench.load import load
from bench.questions import Question, body
from bench.served import HUB, Served, ask, data_of, free_port, served
from bench.simulators import NAMES, Agencies
from bench.wire import wire
from bench.world import World
from connectors.anpr import AnprConnector, Lookups, UseCase
from connectors.exchange import Exchange, Policy
from connectors.pdnd import ClientIdentity, Operator, Passes, TokenEndpoint
from connectors.simulators.registry import ANPR_AUDIENCE_BASE, ASSERTION_AUDIENCE, INPS_AUDIENCE

PEOPLE = 50
BESIDE = 1.1
"""p99 of stored data while every agency hangs, at most so many times that while all are well."""
ADDED = 3.0
"""Milliseconds the hub may add to a call of its own, at p50."""
TOGETHER = 1.3
"""Time of fifty residences in one query, at most so many times that of one alone, where fifty calls may be under way."""
LATENCY = 1.0
"""Seconds each answer takes there: as an agency's on a slow day. Signing and verifying a hundred calls takes one core a while."""
EVERY = 0.1
"""Seconds between two questions to agencies, while stored data is asked for."""
CALLS = 200
CONNECTIONS = 4
LISTED = f"{{ beneficiaries(first: {PEOPLE}) {{ nodes {{ fiscalCode }} }} }}"
ONE = "query Residence($code: FiscalCode!) { beneficiary(fiscalCode: $code) { residence { freshness } } }"
ALL = f"{{ beneficiaries(first: {PEOPLE}) {{ nodes {{ residence {{ freshness }} }} }} }}"
TOKENS = re.compile(
    r'^snodo_agency_calls_total\{agency="PDND",operation="token",outcome="answered"\} (\S+)$', re.MULTILINE
)


@dataclass(frozen=True)
class Scene:
    """The world, its agencies, and the question that asks for stored data."""

    world: World
    agencies: Agencies
    stored: Question

    @contextmanager
    def hub(self, **settings: str) -> Iterator[Served]:
        """A hub among the agencies."""
        registry, keys, agencies = self.world.registry, self.world.keys, self.agencies
        own = registry.consumer("hub")
        environment = {
            "SNODO_CLIENT_ID": own.client_id,
            "SNODO_CLIENT_KEY_FILE": str(keys.path("hub")),
            "SNODO_PDND_TOKEN_URL": f"{agencies.url('pdnd')}/token.oauth2",
            "SNODO_PDND_ASSERTION_AUDIENCE": ASSERTION_AUDIENCE,
            "SNODO_ANPR_URL": agencies.url("anpr"),
            "SNODO_ANPR_AUDIENCE": ANPR_AUDIENCE_BASE,
            "SNODO_ANPR_PURPOSE_ID": own.purpose_for("anpr").purpose_id,
            "SNODO_INPS_URL": agencies.url("inps"),
            "SNODO_INPS_AUDIENCE": INPS_AUDIENCE,
            "SNODO_INPS_PURPOSE_ID": own.purpose_for("inps").purpose_id,
            "SNODO_STALE_ANSWER_AGE": "0",
            "SNODO_LOG_LEVEL": "ERROR",  # a line for each call that failed is not what is measured
            **settings,
        }
        with served(replace(HUB, environment=environment), self.world, self.stored) as hub:
            yield hub


def agencies(world: World, stored: Question, rounds: int, seconds: int) -> list[Figure]:
    """All figures of agencies."""
    ports = {name: free_port() for name in NAMES}
    with served(HUB, world, stored) as hub, httpx2.Client(trust_env=False, timeout=60) as http:
        answer = data_of(ask(http, hub.url, world.voucher("centre"), body(LISTED, {})), "hub")
    codes = [one["fiscalCode"] for one in answer["beneficiaries"]["nodes"]]
    scene = Scene(world, Agencies(world.data_dir, ports, codes), stored)
    return [*beside(scene, rounds, seconds), *added(scene), *fifty(scene, rounds)]


def beside(scene: Scene, rounds: int, seconds: int) -> Iterable[Figure]:
    """p99 of stored data while agencies are asked too: all of them hanging, over all of them well, in turns."""
    found: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(rounds):
        for hanging in (False, True):
            with scene.agencies.running(hanging=hanging), scene.hub() as hub, _asking(scene, hub):
                time.sleep(3 * EVERY)
                measured = load(
                    hub.url,
                    scene.world.voucher(scene.stored.consumer),
                    scene.stored.bodies(),
                    connections=CONNECTIONS,
                    seconds=max(2, seconds),
                )
                found[hanging].append(measured.p99)
    ratios = [sick / well for well, sick in zip(found[False], found[True], strict=True)]
    yield Figure("agencies.well.p99", round(statistics.median(found[False]), 2), "ms", None, "lower")
    yield Figure("agencies.hanging.p99", round(statistics.median(found[True]), 2), "ms", None, "lower")
    yield Figure("agencies.hanging_ratio", round(statistics.median(ratios), 3), "ratio", BESIDE, "lower")


@contextmanager
def _asking(scene: Scene, hub: Served) -> Iterator[None]:
    """Ask for residences, ten a second, however long each takes, until the block ends."""
    over = threading.Event()

    async def all_of_them() -> None:
        headers = {"authorization": f"Bearer {scene.world.voucher('centre')}"}
        async with httpx2.AsyncClient(trust_env=False, timeout=30, headers=headers) as http:
            asked: set[asyncio.Task[Any]] = set()
            while not over.is_set():
                for code in scene.agencies.codes:
                    question = {"query": ONE, "variables": {"code": code}}
                    asked.add(asyncio.create_task(http.post(f"{hub.url}/graphql", json=question)))
                    await asyncio.sleep(EVERY)
                    if over.is_set():
                        break
            for one in asked:
                one.cancel()
            await asyncio.gather(*asked, return_exceptions=True)

    thread = threading.Thread(target=lambda: asyncio.run(all_of_them()))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def added(scene: Scene) -> Iterable[Figure]:
    """One residence by the hub, and by the connector alone with the same signatures, in turns: p50 of each, and what lies between.

    Either knows the person's national id from before, and asks C020 alone.
    """
    with scene.agencies.running(), scene.hub() as hub:
        through, direct = asyncio.run(_in_turns(scene, hub))
    by_hub, alone = (statistics.median(one) * 1e3 for one in (through, direct))
    yield Figure("agencies.residence.p50", round(by_hub, 2), "ms", None, "lower")
    yield Figure("agencies.residence.direct.p50", round(alone, 2), "ms", None, "lower")
    yield Figure("agencies.residence.added", round(by_hub - alone, 2), "ms", ADDED, "lower")


async def _in_turns(scene: Scene, hub: Served) -> tuple[list[float], list[float]]:
    async with (
        wire(hub.url, scene.world.voucher("centre")) as asking,
        httpx2.AsyncClient(trust_env=False, timeout=30) as http,
    ):
        anpr = _connector(scene, http)
        operator = Operator("bench", "bench", "low")
        codes = scene.agencies.codes
        ids = {code: await anpr.national_id(code, operator) for code in codes}
        known = {code: found for code, found in ids.items() if found is not None}

        async def by_hub(code: str) -> None:
            answer = await asking.ask(body(ONE, {"code": code}))
            if b'"residence":{"freshness":"LIVE"}' not in answer:
                raise SystemExit(f"The hub gave no residence: {answer[:500]!r}")

        async def by_itself(code: str) -> None:
            if await anpr.residence(code, operator, lookups=Lookups(known)) is None:
                raise SystemExit("The simulated ANPR gave no residence.")

        for code in codes:  # vouchers, connections and plans are there, and the hub keeps the ids
            await by_hub(code)
            await by_itself(code)
        through, direct = list[float](), list[float]()
        for number in range(CALLS):
            for way, times in ((by_hub, through), (by_itself, direct)):
                began = time.perf_counter()
                await way(codes[number % len(codes)])
                times.append(time.perf_counter() - began)
        return through, direct


def _connector(scene: Scene, http: httpx2.AsyncClient) -> AnprConnector:
    registry, agencies = scene.world.registry, scene.agencies
    own = registry.consumer("hub")
    identity = ClientIdentity.from_pem(own.client_id, scene.world.keys.path("hub"))
    tokens = TokenEndpoint(
        identity,
        Exchange("PDND", Policy(), http),
        url=f"{agencies.url('pdnd')}/token.oauth2",
        assertion_audience=ASSERTION_AUDIENCE,
    )
    return AnprConnector(
        identity,
        Passes(identity, tokens),
        Exchange("ANPR", Policy(), http),
        url=agencies.url("anpr"),
        audience=ANPR_AUDIENCE_BASE,
        purposes=dict.fromkeys(UseCase, own.purpose_for("anpr").purpose_id),
    )


def fifty(scene: Scene, rounds: int) -> Iterable[Figure]:
    """Fifty residences in one query over the slowest of as many alone, and the vouchers they cost."""
    alone, together, vouchers = list[float](), list[float](), list[float]()
    voucher = scene.world.voucher("centre")
    for _ in range(rounds):
        with (
            scene.agencies.running(latency=LATENCY),
            scene.hub(SNODO_CALL_CONCURRENCY=str(PEOPLE)) as hub,
            httpx2.Client(trust_env=False, timeout=60) as http,
        ):
            together.append(_took(http, hub, voucher, ALL))
            counted = TOKENS.search(http.get(f"{hub.url}/metrics").text)
            vouchers.append(float(counted[1]) if counted else 0.0)
            alone.append(max(_took(http, hub, voucher, ONE, code=code) for code in scene.agencies.codes[:3]))
    ratios = [many / one for many, one in zip(together, alone, strict=True)]
    yield Figure("agencies.fifty.alone", round(statistics.median(alone) * 1e3, 1), "ms", None, "lower")
    yield Figure("agencies.fifty.together", round(statistics.median(together) * 1e3, 1), "ms", None, "lower")
    yield Figure("agencies.fifty.ratio", round(statistics.median(ratios), 3), "ratio", TOGETHER, "lower")
    yield Figure("agencies.fifty.vouchers", max(vouchers), "vouchers", 1.0, "lower")


def _took(http: httpx2.Client, hub: Served, voucher: str, document: str, **variables: str) -> float:
    """Seconds of one question, each residence of which must come from the agency."""
    began = time.perf_counter()
    answer = ask(http, hub.url, voucher, body(document, variables))
    took = time.perf_counter() - began
    if b'"residence":null' in answer or b'"freshness":"LIVE"' not in answer:
        raise SystemExit(f"Not every residence came from the agency: {answer[:500]!r}")
    return took
