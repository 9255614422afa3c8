# SPDX-License-Identifier: EUPL-1.2
"""What each field set lets a caller ask, worked out another way than the hub does.

The levels are read from the SDL's text. Which fields an operation needs is found by running it: every list has an item of each
type it may hold, and each field that is resolved is noted, with what its filter and its order compare.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    execute_sync,
    get_named_type,
    parse,
    print_ast,
)

from schema.build import sdl
from tests.api.operations import SCHEMA

ROUTERS = "Query._entities"
"""Asked by routers, and not in the schema that clients read."""
LEVELS: dict[str, str] = {
    f"{kind.name.value}.{one.name.value}": print_ast(argument.value)
    for kind in parse(sdl()).definitions
    if isinstance(kind, (ObjectTypeDefinitionNode, InterfaceTypeDefinitionNode))
    for one in kind.fields or ()
    for directive in one.directives or ()
    if directive.name.value == "sensitivity"
    for argument in directive.arguments or ()
} | {ROUTERS: "PERSONAL"}
APART = {"Activity"}
"""Interfaces whose types share a table."""
OWN_ORDER = {
    "AccessReportEntry": ["AccessReportEntry.at"],
    "Beneficiary": ["Beneficiary.familyName", "Beneficiary.givenName"],
    "Household": [],
    "Pact": ["Pact.createdOn"],
    "ConditionalityEvent": ["ConditionalityEvent.occurredAt"],
    "Delivery": ["Delivery.waitingSince"],
    "TrainingActivity": ["TrainingActivity.startsOn"],
    "PucAssignment": ["PucAssignment.startsOn"],
}
ORDERS = {
    "FAMILY_NAME_ASC": ["Beneficiary.familyName", "Beneficiary.givenName"],
    "FAMILY_NAME_DESC": ["Beneficiary.familyName", "Beneficiary.givenName"],
    "BIRTH_DATE_ASC": ["Beneficiary.birthDate"],
    "BIRTH_DATE_DESC": ["Beneficiary.birthDate"],
    "FISCAL_CODE_ASC": ["Beneficiary.fiscalCode"],
    "FISCAL_CODE_DESC": ["Beneficiary.fiscalCode"],
    "NEXT_CONVOCATION_ASC": ["Beneficiary.nextConvocationAt"],
    "OCCURRED_AT_ASC": ["ConditionalityEvent.occurredAt"],
    "OCCURRED_AT_DESC": ["ConditionalityEvent.occurredAt"],
    "RECORDED_AT_ASC": ["ConditionalityEvent.recordedAt"],
    "RECORDED_AT_DESC": ["ConditionalityEvent.recordedAt"],
    "CREATED_ON_DESC": ["Pact.createdOn"],
    "EXPIRES_ON_ASC": ["Pact.expiresOn"],
}
"""Of lists of what is personal; an order of other lists tells of nobody."""
COMPARED = {
    "BeneficiaryFilter": {
        "fiscalCode": ["Beneficiary.fiscalCode"],
        "name": ["Beneficiary.familyName", "Beneficiary.givenName"],
        "obligation": ["Beneficiary.obligation"],
        "employmentStatus": ["Beneficiary.employmentStatus"],
        "measure": ["Beneficiary.household", "Household.measure"],
        "municipality": ["Beneficiary.municipality"],
        "employmentCentre": ["Beneficiary.employmentCentre"],
        "nextConvocation": ["Beneficiary.nextConvocationAt"],
        "household": ["Beneficiary.household"],
        "pacts": ["Beneficiary.pacts"],
        "convocations": ["Beneficiary.convocations"],
        "conditionalityEvents": ["Beneficiary.conditionalityEvents"],
    },
    "HouseholdFilter": {
        "inpsProtocol": ["Household.inpsProtocol"],
        "measure": ["Household.measure"],
        "municipality": ["Household.municipality"],
        "pacts": ["Household.pacts"],
    },
    "PactFilter": {
        "kinds": ["Pact.kind"],
        "statuses": ["Pact.status"],
        "expiringBefore": ["Pact.expiresOn"],
    },
    "ConvocationFilter": {
        "outcomes": ["Convocation.outcome"],
        "scheduledFrom": ["Convocation.scheduledAt"],
        "scheduledBefore": ["Convocation.scheduledAt"],
    },
    "ConditionalityEventFilter": {
        "types": ["ConditionalityEvent.type"],
        "occurredFrom": ["ConditionalityEvent.occurredAt"],
        "occurredBefore": ["ConditionalityEvent.occurredAt"],
    },
}
"""By filter and member; filters of what is public compare what is public."""


class FieldSet:
    """A field set."""

    def __init__(self, fields: Iterable[str]) -> None:
        self.fields = frozenset(fields)
        self.unseen = {
            member
            for interface in APART
            for member in members(interface)
            if not any(one.startswith(f"{member}.") for one in self.fields)
        }

    def permits(self, coordinate: str) -> bool:
        """Whether the set lets a caller ask for a field."""
        kind, _, name = coordinate.partition(".")
        level = LEVELS[coordinate]
        if level == "PUBLIC":
            return True
        if isinstance(SCHEMA.type_map[kind], GraphQLInterfaceType):
            seen = [one for one in members(kind) if one not in self.unseen]
            return bool(seen) and all(self.permits(f"{one}.{name}") for one in seen)
        return coordinate in self.fields or (level == "PERSONAL" and f"{kind}.*" in self.fields)


def members(interface: str) -> list[str]:
    """The names of an interface's types."""
    return [one.name for one in SCHEMA.get_possible_types(SCHEMA.type_map[interface])]  # type: ignore[arg-type]


def needed(text: str, variables: Mapping[str, Any]) -> set[str]:
    """The fields an operation needs, with each interface's field as the field of every type."""
    found: set[str] = set()
    document = parse(text)
    for turn in range(len(members("Node"))):
        result = execute_sync(
            SCHEMA,
            document,
            variable_values=dict(variables),
            field_resolver=_Noting(found, turn),
            type_resolver=lambda value, *_: str(value["__typename"]),
        )
        assert not result.errors, result.errors
    return found


class _Noting:
    """Resolves whatever is asked, and notes it. `turn`: which type a field gives that gives one object of several types."""

    def __init__(self, found: set[str], turn: int) -> None:
        self._found, self._turn = found, turn

    def __call__(self, source: Any, info: Any, **given: Any) -> Any:
        self._found.add(f"{info.parent_type.name}.{info.field_name}")
        if info.field_name != "totalCount" and isinstance(source, dict):
            self._found.update(source.get("order", ()))
        definition = info.parent_type.fields[info.field_name]
        if given.get("filter") is not None:
            kind = get_named_type(definition.args["filter"].type)
            self._found.update(_compared(kind, given["filter"]))
        words = given.get("orderBy") or []
        connection = get_named_type(definition.type).name
        listed = connection.removesuffix("Connection")
        if connection == listed or listed not in OWN_ORDER:
            return self._value(definition.type, [])
        self._found.update(one for word in words for one in ORDERS[word])
        return self._value(definition.type, [] if words else OWN_ORDER[listed])

    def _value(self, kind: Any, order: list[str]) -> Any:
        if isinstance(kind, GraphQLNonNull):
            return self._value(kind.of_type, order)
        if isinstance(kind, GraphQLList):
            inner = get_named_type(kind)
            if isinstance(inner, (GraphQLInterfaceType, GraphQLUnionType)):
                return [{"__typename": one.name} for one in SCHEMA.get_possible_types(inner)]
            return [self._value(kind.of_type, order)]
        if isinstance(kind, (GraphQLInterfaceType, GraphQLUnionType)):
            possible = SCHEMA.get_possible_types(kind)
            return {"__typename": possible[self._turn % len(possible)].name}
        if isinstance(kind, GraphQLObjectType):
            return {"__typename": kind.name, "order": order}
        if isinstance(kind, GraphQLEnumType):
            return next(iter(kind.values))
        return {"Int": 1, "Float": 1.0, "Boolean": True}.get(kind.name, "x")


def _compared(kind: Any, given: Any) -> Iterator[str]:
    for name, value in given.items():
        if value is None:
            continue
        for one in value if name in ("and", "or") and isinstance(value, list) else [value]:
            yield from COMPARED.get(kind.name, {}).get(name, [])
            inner = get_named_type(kind.fields[name].type)
            if (
                isinstance(one, dict)
                and inner.name.endswith("Filter")
                and inner.name not in ("NameFilter", "NearFilter")
            ):
                yield from _compared(inner, one)
