# SPDX-License-Identifier: EUPL-1.2
"""The policy is tested by taking it apart: whatever one thing is removed from it, some probe notices."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from copy import deepcopy
from typing import TYPE_CHECKING

import pytest
from graphql import FieldNode, TypeInfo, TypeInfoVisitor, Visitor, is_abstract_type, parse, visit

from hub.access.rows import PUBLIC
from hub.plan.catalogue import Catalogue
from hub.plan.positions import ByPages, ToMany, ToOne
from tests.api.inhabitants import add_border_cases
from tests.api.mutants import Key, Mutant, mutants, observed
from tests.api.probes import FEED, LISTS, Probe, Suite, answered, forget

if TYPE_CHECKING:
    from tests.api.conftest import Opener

RELATIONSHIPS = (ToOne, ToMany, ByPages)
REDUNDANT = {
    "hub/plan/builder.py chosen: visible: no condition": "the arms that name its rows were cut by the same condition",
    "OWNs: puc_assignment visible: removed": "who sees own offers and courses alone sees no project and nobody to come from",
    "step activity → training_course: no condition": "who sees own courses alone sees no activity to come from",
    "step puc_assignment → puc_project: no condition": "who sees own courses alone sees no assignment to come from",
    "hub/casework/seekers.py _in_force: visible: no condition": "whoever sees a person sees its pacts, and a citizen is answered of itself alone",
    "hub/plan/writing.py form: visible: no condition": "who records an event has found its person within reach, by the same rule",
}
"""Conditions that another one implies: a second lock, which no answer can show."""
ELSEWHERE = {
    "hub/http/feed_stream.py _parts: permit: not checked": "tests/api/test_feed_parts.py::test_who_may_read_lines",
    "hub/http/feed_proofs.py _proved: require: not checked": "tests/api/test_feed_proofs.py::test_proofs_are_for_who_may_read_a_feed",
    "hub/http/posted.py _reply: require: not checked": "tests/api/test_communications.py::test_only_a_purpose_that_may_send_sends",
}
"""Checks at doors beside GraphQL, where no probe knocks: by the test that does."""
NEVER_ASKED = {
    "event_outcome visible": "an outcome is reached from its event alone, which is seen",
    "event_evidence visible": "evidence is reached from its event alone, which is seen",
    "convocation visible": "a convocation is reached from its person alone, who is seen",
}
"""Conditions, and places for one, that as things are no question meets: there is nothing to remove."""


@pytest.fixture(scope="module")
async def suite(open_hub: Opener) -> AsyncIterator[Suite]:
    """On a hub of its own, whose policy is broken again and again."""
    async with open_hub("mutants", sequencer=False) as service:
        await add_border_cases(service.owner, deepcopy(service.world))
        yield await Suite.prepare(service)


def catalogue_of(suite: Suite) -> Catalogue:
    return suite.service.hub._graphql._operations._documents._catalogue


async def test_every_mutant_is_noticed(suite: Suite) -> None:
    asked = await _as_it_is(suite)
    steps = {(str(key[1]), str(key[2])) for keys in asked.values() for key in keys if key[0] == "step"}
    scopes = sorted({probe.caller.scope for probe in suite.reading}, key=str)
    killed, survivors, never = list[str](), list[str](), list[str]()
    for mutant in mutants(catalogue_of(suite), scopes, steps):
        able = [probe for probe, keys in asked.items() if mutant.key is None or mutant.key in keys]
        noticed = await _notices(suite, mutant, able)
        if noticed is not None:
            killed.append(f"{mutant.name}  ←  {noticed.name}")
        else:
            (survivors if able else never).append(mutant.name)
    print(f"{len(killed)} mutants noticed:", *killed, sep="\n  ")
    unseen = sorted(set(survivors) - REDUNDANT.keys() - ELSEWHERE.keys())
    assert not unseen, "no probe notices:\n  " + "\n  ".join(unseen)
    assert REDUNDANT.keys() | ELSEWHERE.keys() <= set(survivors)
    for words in NEVER_ASKED:
        assert any(words in name for name in never), f"{words}: it is asked for now; take it off the list"
    assert [name for name in never if not any(words in name for words in NEVER_ASKED)] == []


async def _as_it_is(suite: Suite) -> dict[Probe, set[Key]]:
    """Ask every probe, which must get what it expects; what each asks conditions for, the quickest first."""
    found: list[tuple[float, Probe, set[Key]]] = []
    for probe in suite.probes:
        forget(suite.service)
        began = time.process_time()
        with observed() as keys:
            assert await answered(suite, probe) == probe.expected, probe.name
        found.append((time.process_time() - began, probe, keys))
    found.sort(key=lambda one: one[0])
    return {probe: keys for _, probe, keys in found}


async def _notices(suite: Suite, mutant: Mutant, able: list[Probe]) -> Probe | None:
    """The first probe whose answer the mutant changes."""
    with pytest.MonkeyPatch.context() as patch:
        mutant.install(patch)
        forget(suite.service)
        for probe in able:
            if mutant.key is None and probe not in suite.demanding:
                continue
            if await answered(suite, probe) != probe.expected:
                return probe
    return None


def test_the_lists_walk_every_relationship(suite: Suite) -> None:
    """One that no list leads along would have a condition that no probe could miss."""
    catalogue = catalogue_of(suite)
    known = {
        (stored.name, name)
        for stored in catalogue.types.values()
        for name, source in stored.fields.items()
        if isinstance(source, RELATIONSHIPS) and source.link.target not in PUBLIC
    }
    assert known - walked(catalogue) == set()


def walked(catalogue: Catalogue) -> set[tuple[str, str]]:
    """(type, field) of everything that the lists select."""
    found: set[tuple[str, str]] = set()
    types = TypeInfo(catalogue.schema)

    class Walk(Visitor):
        def enter_field(self, node: FieldNode, *_: object) -> None:
            parent = types.get_parent_type()
            assert parent is not None
            members = catalogue.schema.get_possible_types(parent) if is_abstract_type(parent) else [parent]
            found.update((member.name, node.name.value) for member in members)

    for query in (*LISTS.values(), FEED):
        visit(parse(query), TypeInfoVisitor(types, Walk()))
    return found
