# SPDX-License-Identifier: EUPL-1.2
"""That a schema leaves no field without a level, and no filter or order without the fields it tells of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from graphql import get_named_type

from hub.plan.catalogue import Catalogue, SchemaMismatch
from hub.plan.declare import DEFINITION, Combination, Condition, ordered_by
from hub.plan.filter_types import RelatedBy
from hub.plan.needs import listed_type
from hub.plan.positions import GatheredType
from hub.plan.sensitivity import NotShown
from hub.plan.weights import fields_of


def check_marks(catalogue: Catalogue) -> None:
    """Hold the schema to it.

    Raises:
        SchemaMismatch: names every field without `@sensitivity`, and every filter and order that says not what it compares.

    """
    problems = [f"{coordinate} has no @sensitivity" for coordinate in catalogue.fields.unmarked]
    seen: set[tuple[str, str]] = set()
    for (kind, name), field in fields_of(catalogue.schema):
        target = listed_type(field)
        if target is None:
            continue
        position = catalogue.position(target)
        if not isinstance(position, GatheredType):
            problems += _hidden(catalogue, f"{target}'s own order", target, position.order.columns)
        if (orders := field.args.get("orderBy")) is not None:
            words: Any = get_named_type(orders.type)
            for item in words.extensions[DEFINITION].wrapped_cls:
                what = f"{kind}.{name} by {item.name}"
                problems += _hidden(catalogue, what, target, ordered_by(item)[0])
        if (given := field.args.get("filter")) is not None:
            problems += _filter(catalogue, str(get_named_type(given.type)), target, seen)
    if problems:
        raise SchemaMismatch(
            "The schema does not say what its fields tell:\n"
            + "\n".join(f"  - {problem}" for problem in dict.fromkeys(problems))
        )


def _filter(catalogue: Catalogue, name: str, target: str, seen: set[tuple[str, str]]) -> Iterator[str]:
    if (name, target) in seen:
        return
    seen.add((name, target))
    for member, stands in catalogue.filters[name].items():
        where = f"{name}.{member}"
        if isinstance(stands, (Condition, Combination)):
            if not stands.compares:
                yield f"{where} says not which fields it compares"
            yield from _hidden(catalogue, where, target, stands.compares)
        elif isinstance(stands, RelatedBy):
            yield from _hidden(catalogue, where, target, (stands.relationship,))
            inner: Any = get_named_type(catalogue.schema.type_map[name].fields[member].type)  # type: ignore[attr-defined]
            related = catalogue.standing_on(stands.link.target).name
            for one in (
                (get_named_type(one.type) for one in inner.fields.values()) if stands.many else [inner]
            ):
                yield from _filter(catalogue, one.name, related, seen)


def _hidden(catalogue: Catalogue, what: str, target: str, paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        try:
            catalogue.fields.shown(target, path)
        except NotShown as error:
            yield f"{what} compares what no field shows: {error}"
