# SPDX-License-Identifier: EUPL-1.2
"""Writes operations nobody thought of, from the schema: what may be asked, in every form it may be asked in.

Arguments are literals, variables, or literals with variables inside; selections hold aliases, one key asked for twice, named and
inline fragments, `@skip` and `@include`, interfaces and their types; lists have filters, orders and pages of both directions.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    build_schema,
    get_named_type,
    is_leaf_type,
    is_non_null_type,
)

from schema.build import sdl
from tests.api.oracle import ENTITY_KEYS, PREFIX, whole_sdl

SCHEMA = build_schema(sdl())
WHOLE = build_schema(whole_sdl())
"""With what only routers ask."""
FEDERATED = {
    ("Beneficiary", "residence"),
    ("Beneficiary", "registeredFamily"),
    ("Beneficiary", "conditionalityStanding"),
    ("Beneficiary", "registryCheck"),
    ("Beneficiary", "registeredIdentity"),
    ("Beneficiary", "verifiedDeclaration"),
    ("Household", "iseeStanding"),
    ("Beneficiary", "obligationByRule"),
    ("Household", "entitlement"),
    ("Household", "payments"),
    ("Household", "isee"),
    ("JobOffer", "suitability"),
}
"""What resolvers answer: other tests look at them."""
ASIDE = {
    "_service",
    "permittedFields",
    "connectorStatus",
    "measureRules",
    "assessEligibility",
    "agencies",
    "agency",
    "fieldSets",
    "accessChanges",
    "accessReport",
    "feedStatus",
    "feedConsumers",
    "feedCheckpoint",
    "feedInclusionProof",
    "feedConsistencyProof",
}
"""Root fields that tell of the hub, not of its data."""
LOOKED_UP = {"household": "hsh", "pact": "pct"}
NAMED = {prefix: kind for kind, prefix in PREFIX.items()}
WORDS: dict[str, list[Any]] = {
    "fiscalCode": ["12345678903", "RSSMRA80A11H010L"],
    "municipality": ["H501", "L219", "Z999"],
    "employmentCentre": ["H501C900031", "H501C900032"],
    "inpsProtocol": ["INPS-ADI-2026-mixed"],
    "regionCode": ["12", "01"],
    "belfioreCode": ["H501", "L219", "Z999"],
    "code": ["H501C900031", "X000C000000"],
    "occurredFrom": ["2026-09-03T11:00:00+02:00", "2026-09-10T09:00:00.1Z"],
    "occurredBefore": ["2026-09-10T09:00:00Z"],
    "family": ["", "ros", "DE", "d’a", "ÞÓR", "eac", "e a", "d'"],
    "given": ["a", "UGO", "", 'Anna "'],
    "from": ["2026-09-03T09:00:00.000001Z", "2026-09-04T00:00:00Z"],
    "before": ["2026-09-03T10:00:00Z", "2030-01-01T00:00:00Z"],
    "scheduledFrom": ["2026-09-03T09:00:00.0001Z"],
    "scheduledBefore": ["2026-09-04T09:00:00Z"],
    "expiringBefore": ["2026-07-01", "9999-12-31"],
    "source": ["inps", "regione-12", "nobody"],
    "flow": ["worker-records", "job-offers", "x"],
    "field": ["codTipoPolitica", "titolo"],
    "receivedBefore": ["2026-09-15T12:00:00Z", "2026-09-01T00:00:00Z"],
    "profession": ["5.2.1", "5", "5.2.10", "3.1"],
    "withinKm": [0.5, 60, 1500],
    "olderThan": [0, 1, 87_600],
}


class Writer:
    """Writes one operation: a selection, its fragments, and its variables with their values."""

    def __init__(
        self,
        random: Random,
        nodes: list[str],
        *,
        codes: list[str] | None = None,
        feed: bool = False,
        entities: bool = False,
        composes: bool = True,
    ) -> None:
        """Take ids and fiscal codes to ask for, and whether the feed, what routers ask, and `or` and `not` may be asked for."""
        self.apart = () if composes else ("or", "not")
        self.random, self.nodes, self.feed, self.entities = random, nodes, feed, entities
        self.words = WORDS if codes is None else {**WORDS, "fiscalCode": codes}
        self.definitions: list[str] = []
        self.values: dict[str, Any] = {}
        self.fragments: dict[str, tuple[str, int, str]] = {}
        """By name: the type it is on, the depth it was written at, its selection."""
        self.lists: list[str] = []
        """The keys of the root fields that are lists, to be asked for again from a cursor."""
        self.cursors: dict[str, tuple[str, str]] = {}
        """By key of such a field: `after` or `before`, and the variable that has the cursor."""
        self.fields = 0
        self.key = 0

    def operation(self) -> str:
        body = self.selection(WHOLE.type_map["Query"], 0)
        head = f"query ({' '.join(self.definitions)})" if self.definitions else "query"
        fragments = [f"fragment {name} on {kind} {body}" for name, (kind, _, body) in self.fragments.items()]
        return "\n".join([f"{head} {body}", *fragments])

    def selection(self, kind: Any, depth: int) -> str:
        chosen = self.random.choices([*self.names(kind, depth), "__typename"], k=self.random.randint(1, 4))
        parts: list[str] = []
        for name in chosen:
            self.fields += 1
            parts += self.field(kind, name, depth) if self.fields < 30 else ["__typename"]
        if depth > 0 and self.random.randint(0, 5) == 0:
            condition = f" on {kind.name}" if self.random.random() < 0.5 else ""
            inside = parts.pop()
            parts.append(f"...{condition} {self.directive()} {{ {inside} }}")
        if depth > 0 and self.random.randint(0, 4) == 0:
            parts.append(f"...{self.fragment(kind, depth)} {self.directive()}")
        if isinstance(kind, (GraphQLInterfaceType, GraphQLUnionType)):
            some = self.random.choices(WHOLE.get_possible_types(kind), k=self.random.randint(0, 3))
            parts += [f"... on {one.name} {self.selection(one, depth + 1)}" for one in some]
        if self.random.randint(0, 9) == 0:
            again = self.random.choice(parts)  # asked for twice, it is answered once
            # A long one, doubled at every level, would have more aliases than a document may.
            parts += [again] if again.count(": ") < 20 else []
        return "{ " + " ".join(parts) + " }"

    def names(self, kind: Any, depth: int) -> list[str]:
        """The fields that may be asked of a type here."""
        return [
            name
            for name, field in getattr(kind, "fields", {}).items()
            if (kind.name, name) not in FEDERATED
            and name not in ASIDE
            and (name != "_entities" or self.entities)
            and (name != "conditionalityFeed" or self.feed)
            and (depth < 7 or is_leaf_type(get_named_type(field.type)))
        ]

    def fragment(self, kind: Any, depth: int) -> str:
        """The name of a fragment on this type: a new one, or one that is spread elsewhere, too."""
        known = [name for name, (on, at, _) in self.fragments.items() if on == kind.name and at >= depth]
        if known and self.random.random() < 0.5:
            return str(self.random.choice(known))
        body = self.selection(kind, depth + 1)
        name = f"F{len(self.fragments)}"
        self.fragments[name] = (kind.name, depth, body)
        return name

    def field(self, kind: GraphQLObjectType, name: str, depth: int) -> list[str]:
        """One field, or the same twice, with different selections that are to be merged."""
        self.key += 1
        key = f"k{self.key}" if not name.endswith("Cursor") and name != "cursor" else f"k{self.key}Cursor"
        if name == "__typename":
            return [f"{key}: __typename {self.directive()}"]
        field = kind.fields[name]
        inner = get_named_type(field.type)
        arguments = self.arguments(name, field.args, depth)
        if is_leaf_type(inner):
            return [f"{key}: {name}{arguments} {self.directive()}"]
        if depth == 0 and name != "conditionalityFeed" and "after" in field.args:
            self.lists.append(key)
            arguments = (
                arguments[:-1] + f", after: ${key}A, before: ${key}B)"
                if arguments
                else f"(after: ${key}A, before: ${key}B)"
            )
            self.definitions += [f"${key}A: String", f"${key}B: String"]
            self.values |= {f"{key}A": None, f"{key}B": None}
            return [f"{key}: {name}{arguments} {{ edges {{ cursor }} ...{self.fragment(inner, depth)} }}"]
        parts = [f"{key}: {name}{arguments} {self.directive()} {self.selection(inner, depth + 1)}"]
        if self.random.randint(0, 7) == 0:
            parts.append(f"{key}: {name}{arguments} {self.selection(inner, depth + 1)}")
        return parts

    def directive(self) -> str:
        if self.random.randint(0, 7):
            return ""
        name = self.random.choice(["skip", "include"])
        return f"@{name}(if: {self.given(GraphQLNonNull(GraphQLBoolean), self.random.random() < 0.5)})"

    def arguments(self, field: str, known: Any, depth: int) -> str:
        written: list[str] = []
        # NOTE below the roots a page always has its size: the cost of fifty each, in lists in lists, is refused.
        paging = self.random.choice(["first", "last"] if depth else ["", "first", "last"])
        if paging == "last" and "last" not in known:
            paging = "first"
        for name, argument in known.items():
            if name in ("first", "last"):
                if name == paging:
                    written.append(f"{name}: {self.given(GraphQLInt, self.random.randint(0, 4))}")
            elif name == "id":
                ids = [node for node in self.nodes if node.startswith(LOOKED_UP.get(field, ""))]
                written.append(f"id: {self.given(argument.type, self.random.choice(ids))}")
            elif name == "after" and field == "conditionalityFeed":
                if self.random.random() < 0.5:
                    written.append(f"after: {self.given(argument.type, str(self.random.randint(0, 15)))}")
            elif name in ("fiscalCode", "belfioreCode", "code", "representations", "olderThan") or (
                name in ("filter", "orderBy") and self.random.random() < 0.5
            ):
                written.append(f"{name}: {self.given(argument.type, self.value(argument.type, name))}")
        return f"({', '.join(written)})" if written else ""

    def value(self, kind: Any, name: str, level: int = 0) -> Any:
        if is_non_null_type(kind):
            kind = kind.of_type
        elif self.random.randint(0, 6) == 0:
            return None
        if isinstance(kind, GraphQLList):
            return [self.value(kind.of_type, name, level) for _ in range(self.random.randint(0, 3))]
        if isinstance(kind, GraphQLEnumType):
            return Word(self.random.choice(list(kind.values)))
        if kind is GraphQLBoolean:
            return self.random.random() < 0.5
        if isinstance(kind, GraphQLInputObjectType):
            known = [
                member
                for member, field in kind.fields.items()
                if member not in self.apart
                and (level < 4 or not isinstance(get_named_type(field.type), GraphQLInputObjectType))
            ]
            chosen = set(self.random.choices(known, k=self.random.randint(0, 2))) if known else set()
            needed = {member for member, field in kind.fields.items() if is_non_null_type(field.type)}
            return {
                member: self.value(kind.fields[member].type, member, level + 1)
                for member in sorted(chosen | needed)
            }
        if name == "representations":
            return self.representation()
        return self.random.choice(self.words[name])

    def representation(self) -> dict[str, str]:
        """A row, named as a router names it."""
        kind, key = self.random.choice(ENTITY_KEYS)
        if key != "id":
            return {"__typename": kind, key: self.random.choice(self.words[key])}
        node = self.random.choice(self.nodes)
        return {"__typename": NAMED[node[:3]], "id": node}

    def given(self, kind: Any, value: Any) -> str:
        """The value as a literal, as a variable, or as a literal with variables inside."""
        if self.random.random() < 0.5:
            bare = kind.of_type if is_non_null_type(kind) else kind
            match value:
                case dict():
                    kinds = getattr(bare, "fields", None)
                    members = (
                        f"{name}: {self.given(kinds[name].type, one) if kinds else json.dumps(one)}"
                        for name, one in value.items()
                    )
                    return "{ " + ", ".join(members) + " }"
                case list():
                    return "[" + ", ".join(self.given(bare.of_type, one) for one in value) + "]"
                case Word():
                    return str(value)
                case _:
                    return json.dumps(value)
        name = f"v{len(self.values)}"
        self.definitions.append(f"${name}: {kind}")
        self.values[name] = value
        return f"${name}"


class Word(str):
    """An enum's value: quoted in JSON, bare in a document."""
