# SPDX-License-Identifier: EUPL-1.2
"""How long vouchers and evidence are kept, and for whom."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from connectors.pdnd import ClientIdentity, Operator, Passes
from connectors.pdnd.passes import KEPT
from connectors.pdnd.tokens import TokenEndpoint, Voucher
from hub.errors import UpstreamUnavailable

ANNA = Operator("anna", "desk-1", "high")
BRUNO = Operator("bruno", "desk-1", "high")


class Endpoint(TokenEndpoint):
    """PDND in the test's hand: issues numbered vouchers that live `lifetime` seconds."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.lifetime = 600.0
        self.digests: list[str | None] = []
        self.down = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def voucher(self, purpose_id: str, digest: str | None = None) -> Voucher:
        self.digests.append(digest)
        await self.gate.wait()
        if self.down:
            raise UpstreamUnavailable(agency="PDND")
        return Voucher(f"v{len(self.digests)}", self.now + self.lifetime)


@pytest.fixture
def pdnd() -> Endpoint:
    return Endpoint()


def passes_of(identity: ClientIdentity, pdnd: Endpoint, *, reuse: bool = True) -> Passes:
    numbers = itertools.count()
    return Passes(
        identity,
        pdnd,
        reuse=reuse,
        now=lambda: pdnd.now,
        new_id=lambda: f"id-{next(numbers)}",
        nonce=lambda: 1,
    )


@pytest.fixture
def passes(identity: ClientIdentity, pdnd: Endpoint) -> Passes:
    return passes_of(identity, pdnd)


async def test_one_voucher_serves_one_operator_for_all_calls(passes: Passes, pdnd: Endpoint) -> None:
    got = await asyncio.gather(*(passes.get("p", ["a"], ANNA) for _ in range(50)))
    again = await passes.get("p", ["a"], ANNA)
    assert len(pdnd.digests) == 1
    assert {one.voucher.token for one in (*got, again)} == {"v1"}
    assert again.evidence is not None
    assert pdnd.digests == [again.evidence.digest], "the voucher is bound to the evidence it goes with"


@pytest.mark.parametrize(
    "other",
    [
        ("p", BRUNO),
        ("p", Operator("anna", "desk-2", "high")),
        ("p", Operator("anna", "desk-1", "low")),
        ("q", ANNA),
        ("p", None),
    ],
)
async def test_never_under_another_operators_evidence_or_purpose(
    passes: Passes, pdnd: Endpoint, other: tuple[str, Operator | None]
) -> None:
    first = await passes.get("p", ["a"], ANNA)
    second = await passes.get(other[0], ["a"], other[1])
    assert first.voucher != second.voucher
    assert pdnd.digests[0] != pdnd.digests[1]


async def test_without_an_operator_a_voucher_alone_is_kept(passes: Passes, pdnd: Endpoint) -> None:
    first, second = await passes.get("p", ["a"], None), await passes.get("p", ["a"], None)
    assert first is second
    assert first.evidence is None
    assert pdnd.digests == [None]


async def test_near_its_end_a_pass_is_renewed_in_the_background_with_a_new_evidence(
    passes: Passes, pdnd: Endpoint
) -> None:
    first = await passes.get("p", ["a"], ANNA)
    pdnd.now += 539
    assert await passes.get("p", ["a"], ANNA) is first
    assert len(pdnd.digests) == 1
    pdnd.now += 2
    assert await passes.get("p", ["a"], ANNA) is first, "the caller does not wait for the renewal"
    await asyncio.sleep(0)
    second = await passes.get("p", ["a"], ANNA)
    assert second is not first
    assert first.evidence is not None
    assert second.evidence is not None
    assert first.evidence.jws != second.evidence.jws
    assert len(pdnd.digests) == 2


async def test_a_renewal_that_fails_leaves_the_pass_while_it_lasts(passes: Passes, pdnd: Endpoint) -> None:
    first = await passes.get("p", ["a"], ANNA)
    pdnd.down = True
    pdnd.now += 560
    for _ in range(3):
        assert await passes.get("p", ["a"], ANNA) is first
        await asyncio.sleep(0)
    pdnd.now += 32
    with pytest.raises(UpstreamUnavailable):
        await passes.get("p", ["a"], ANNA)
    pdnd.down = False
    assert await passes.get("p", ["a"], ANNA) is not first


async def test_vouchers_of_a_short_life_are_still_used_more_than_once(passes: Passes, pdnd: Endpoint) -> None:
    pdnd.lifetime = 30
    first = await passes.get("p", ["a"], ANNA)
    pdnd.now += 20
    assert await passes.get("p", ["a"], ANNA) is first
    await asyncio.sleep(0)
    assert len(pdnd.digests) == 1


async def test_an_expired_pass_is_never_given(passes: Passes, pdnd: Endpoint) -> None:
    first = await passes.get("p", ["a"], ANNA)
    pdnd.now += 600
    assert await passes.get("p", ["a"], ANNA) is not first


async def test_the_strict_reading_costs_an_evidence_and_a_voucher_per_call(
    identity: ClientIdentity, pdnd: Endpoint
) -> None:
    strict = passes_of(identity, pdnd, reuse=False)
    got = await asyncio.gather(*(strict.get("p", ["a"], ANNA) for _ in range(3)))
    assert len({one.voucher.token for one in got}) == 3
    assert len(set(pdnd.digests)) == 3


async def test_a_pass_that_was_rejected_is_forgotten(passes: Passes, pdnd: Endpoint) -> None:
    first = await passes.get("p", ["a"], ANNA)
    passes.forget(first)
    second = await passes.get("p", ["a"], ANNA)
    assert second is not first
    passes.forget(first)
    assert await passes.get("p", ["a"], ANNA) is second, "an old one's rejection does not touch the new"


async def test_the_memory_is_bounded_and_drops_what_was_unused_longest(
    identity: ClientIdentity, pdnd: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert KEPT == 4_096
    monkeypatch.setattr("connectors.pdnd.passes.KEPT", 2)
    passes = passes_of(identity, pdnd)
    await passes.get("p", ["a"], ANNA)
    await passes.get("p", ["a"], BRUNO)
    await passes.get("p", ["a"], ANNA)
    await passes.get("p", ["a"], None)
    assert len(pdnd.digests) == 3
    await passes.get("p", ["a"], ANNA)
    assert len(pdnd.digests) == 3
    await passes.get("p", ["a"], BRUNO)
    assert len(pdnd.digests) == 4


async def test_closing_ends_a_renewal_under_way(passes: Passes, pdnd: Endpoint) -> None:
    await passes.get("p", ["a"], ANNA)
    pdnd.gate.clear()
    pdnd.now += 550
    await passes.get("p", ["a"], ANNA)
    await asyncio.sleep(0)
    assert len(pdnd.digests) == 2
    before = len(asyncio.all_tasks())
    await passes.aclose()
    assert len(asyncio.all_tasks()) == before - 1
