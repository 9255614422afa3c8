# SPDX-License-Identifier: EUPL-1.2
"""The rules of fields are tested by breaking each: a set that names one more, or one less, than it was shipped with is noticed.

A rule is a field set and a coordinate: that the set names it, or that it does not. Broken, the caller who has the set comes with what
it should not have, or without what it should; then the smallest operation that needs the field is asked, and must be answered
otherwise than the shipped set says. A level is a rule, too: a field that is shipped as personal is taken for public, and then the
callers who have it by no set are let through.

In CI a sample, the same at every run, with each set in it; `SNODO_FIELD_MUTANTS=all` takes every one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from graphql import GraphQLObjectType

from hub.access.caller import Caller
from hub.access.fields import FieldPermission, Sensitivity, field_permission
from hub.errors import Forbidden
from hub.http.request import GraphQLRequest
from hub.http.streams import Stream
from hub.plan.permission import ForbiddenFields
from hub.plan.sensitivity import FieldPolicy
from hub.store.vocabulary import Capability
from tests.api.conftest import PURPOSES
from tests.api.minimal import Step, Way, arguments_for, needed_by, operation, ways
from tests.api.operations import SCHEMA
from tests.api.probes import forget
from tests.api.purposes import LEVELS, FieldSet

if TYPE_CHECKING:
    from tests.api.conftest import Service

ALL = os.environ.get("SNODO_FIELD_MUTANTS") == "all"
OF_EACH_SET = 25
"""Mutants of one set in CI, of each of the two kinds."""
GUARDED = sorted(
    coordinate
    for coordinate, level in LEVELS.items()
    if level != "PUBLIC" and isinstance(SCHEMA.type_map[coordinate.partition(".")[0]], GraphQLObjectType)
)
"""The fields that are named by grants: an interface's are those of its types."""


@dataclass(frozen=True)
class FieldMutant:
    """A set with one entry more or less; and the fields whose verdict that turns round."""

    name: str
    fields: frozenset[str]
    turned: tuple[str, ...]


def with_less(shipped: FieldSet) -> Iterator[FieldMutant]:
    """For each entry of a set, the set without it."""
    for entry in sorted(shipped.fields):
        left = FieldSet(shipped.fields - {entry})
        turned = tuple(one for one in GUARDED if shipped.permits(one) and not left.permits(one))
        yield FieldMutant(f"without {entry}", left.fields, turned)


def with_more(shipped: FieldSet) -> Iterator[FieldMutant]:
    """For each field that a set does not permit, the set that names it."""
    for coordinate in GUARDED:
        if not shipped.permits(coordinate):
            yield FieldMutant(f"with {coordinate}", shipped.fields | {coordinate}, (coordinate,))


class Judge:
    """Asks the smallest operation for a field, in process, as callers whose permission is given."""

    def __init__(self, service: Service, arguments: Mapping[str, str], callers: Mapping[str, Caller]) -> None:
        self._service, self._arguments = service, arguments
        self.callers = callers
        """By field set: with every capability, so that nothing but fields is refused."""

    @classmethod
    async def sit(cls, service: Service) -> Judge:
        """With a caller for each shipped set."""
        callers = {}
        for name in PURPOSES:
            headers = {b"authorization": f"Bearer {service.token(f'of-{name}')}".encode()}
            caller, _ = await service.hub._graphql._authenticator.authenticate(headers, "POST")
            callers[name] = replace(caller, capabilities=frozenset(Capability))
        return cls(service, arguments_for(service.world), callers)

    @property
    def policy(self) -> FieldPolicy:
        """What the hub in question knows of fields."""
        return self._service.hub._graphql._operations._documents._catalogue.fields

    def forget(self) -> None:
        """Forget what was planned and judged, so that a level is looked up anew."""
        forget(self._service)
        self.policy._permitted.clear()

    async def refused(self, way: Way, caller: Caller, fields: FieldPermission) -> set[str]:
        """The coordinates that are refused; none: it is answered."""
        request = GraphQLRequest(operation(way, dict(self._arguments)), {}, None)
        asking = replace(caller, fields=fields)

        async def ask_again() -> tuple[Caller, None]:
            return asking, None

        try:
            reply = await self._service.hub._graphql._operations.run(
                request, asking, None, ask_again=ask_again
            )
        except ForbiddenFields as forbidden:
            return {str((one.extensions or {})["coordinate"]) for one in forbidden.errors}
        except Forbidden as forbidden:  # not by a field: whatever this is, it was not expected
            return {forbidden.code}
        if isinstance(reply, Stream):
            await reply.aclose()
            return set()
        errors: list[Any] = json.loads(reply.body).get("errors", [])
        return {
            one["extensions"]["coordinate"]
            for one in errors
            if one["extensions"]["code"] == "FORBIDDEN_FIELD"
        }


def permission(fields: frozenset[str], name: str) -> FieldPermission:
    return field_permission((one, name) for one in fields)


@pytest.fixture(scope="module")
async def judge(ask: Service) -> Judge:
    return await Judge.sit(ask)


def to(coordinate: str, shipped: FieldSet) -> Way:
    """A shortest way to a field, through what the set permits where there is one."""
    kind, _, name = coordinate.partition(".")
    return (*ways(shipped.permits)[kind], Step(kind, name))


@pytest.mark.parametrize("name", PURPOSES)
async def test_every_mutant_of_a_set_is_noticed(
    name: str, judge: Judge, purposes: dict[str, FieldSet]
) -> None:
    shipped, caller = purposes[name], judge.callers[name]
    less, more = list(with_less(shipped)), list(with_more(shipped))
    assert len(less) == len(shipped.fields)
    if not ALL:
        random = Random(f"fields {name}")
        less, more = (random.sample(some, min(len(some), OF_EACH_SET)) for some in (less, more))
    survivors = [
        mutant.name for mutant in (*less, *more) if not await _noticed(mutant, shipped, caller, judge, name)
    ]
    assert survivors == []


async def _noticed(mutant: FieldMutant, shipped: FieldSet, caller: Caller, judge: Judge, name: str) -> bool:
    given = permission(mutant.fields, name)
    for coordinate in mutant.turned:
        way = to(coordinate, shipped)
        expected = {one for one in needed_by(way) if not shipped.permits(one)}
        # The shipped set is asked by the same way: what tells the two apart is the rule, and nothing else.
        assert await judge.refused(way, caller, permission(shipped.fields, name)) == expected, coordinate
        if await judge.refused(way, caller, given) != expected:
            return True
    return False


async def test_every_level_is_noticed(judge: Judge, purposes: dict[str, FieldSet]) -> None:
    """A field that is taken for public is asked for by who has nothing beyond."""
    shipped, caller = purposes["public"], judge.callers["public"]
    assert not shipped.fields
    chosen = GUARDED if ALL else Random("levels").sample(GUARDED, OF_EACH_SET)
    nothing, survivors = permission(shipped.fields, "public"), list[str]()
    for coordinate in chosen:
        way = to(coordinate, shipped)
        expected = {one for one in needed_by(way) if not shipped.permits(one)}
        judge.forget()
        assert await judge.refused(way, caller, nothing) == expected, coordinate
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(judge.policy.levels, coordinate, Sensitivity.PUBLIC)
            judge.forget()
            if await judge.refused(way, caller, nothing) == expected:
                survivors.append(coordinate)
    judge.forget()
    assert survivors == []
