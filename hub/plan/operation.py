# SPDX-License-Identifier: EUPL-1.2
"""A GraphQL operation, read once: parsed, validated, and planned for each shape of its variables.

Operation           one document and operation name
└── Prepared        one shape of variables and one scope of callers: a plan per root field
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    OperationDefinitionNode,
    OperationType,
    get_named_type,
)

from hub.access.caller import Caller, Scope
from hub.plan.catalogue import Catalogue
from hub.plan.cost import Estimate, Estimator
from hub.plan.deferral import DEFER, deferring
from hub.plan.limits import DocumentLimits, PageLimits
from hub.plan.plan import Plan
from hub.plan.reading import read_document
from hub.plan.roots import plan_root, plan_row
from hub.plan.selection import Document, below, selected
from hub.plan.variables import Shape, VariableReader
from hub.store.vocabulary import Capability


@dataclass(frozen=True)
class Prepared:
    """What one shape of an operation needs: the plan of each stored root field, by response key."""

    plans: Mapping[str, Plan]
    requires: frozenset[Capability]
    is_stored: bool
    """Whether the plans alone make the whole answer."""
    parts: Sequence[tuple[bytes, Plan | None]]
    """The answer's pieces in order: text, then the plan whose result follows it."""
    estimate: Estimate

    def permit(self, caller: Caller) -> None:
        """Raise Forbidden unless the caller's purpose has every capability the root fields ask for."""
        for capability in self.requires:
            caller.require(capability)

    def check(self, variables: Mapping[str, Any], caller: Caller) -> None:
        """Read every value of every plan, so that none is sent when one is refused."""
        for plan in self.plans.values():
            plan.arguments(variables, caller)


class Operation:
    """One operation of one document; immutable but for the plans it remembers."""

    MOST_SHAPES = 64

    def __init__(
        self,
        catalogue: Catalogue,
        document: DocumentNode,
        definition: OperationDefinitionNode,
        limits: PageLimits,
        *,
        defers: bool = False,
    ) -> None:
        self.document = document
        self.defers = defers
        """Whether a fragment that asks an agency is deferred."""
        self.definition = definition
        self.kind = definition.operation
        self.name = definition.name.value if definition.name else None
        self.variables = VariableReader(
            catalogue.schema, definition.variable_definitions or (), catalogue.orders
        )
        self._catalogue = catalogue
        self.limits = limits
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._prepared: OrderedDict[tuple[Shape, Scope], Prepared] = OrderedDict()
        self._estimates: OrderedDict[Shape, Estimate] = OrderedDict()
        self._read_backs: OrderedDict[tuple[int, str, Shape, Scope], Mapping[str, Plan]] = OrderedDict()

    def prepare(self, variables: Mapping[str, Any], scope: Scope) -> Prepared:
        """The plans for these variables' shape; made at the first request of the shape.

        Raises:
            InvalidInput: an argument cannot be planned (both `first` and `last`, …).
            TooExpensive: with these variables it would cost more than one operation may.

        """
        key = (self.variables.shape(variables), scope)
        found = self._prepared.get(key)
        if found is None:
            # NOTE what is too expensive to run is too expensive to plan.
            estimate = self.estimate(variables)
            estimate.check(variables, self.limits.cost)
            found = self._prepared[key] = self._plan(variables, scope, estimate)
            if len(self._prepared) > self.MOST_SHAPES:
                self._prepared.popitem(last=False)
        else:
            self._prepared.move_to_end(key)
            found.estimate.check(variables, self.limits.cost)
        return found

    def estimate(self, variables: Mapping[str, Any]) -> Estimate:
        """What the operation costs, for these variables' shape; made at the first request of the shape."""
        shape = self.variables.shape(variables)
        found = self._estimates.get(shape)
        if found is None:
            root = self._catalogue.schema.get_root_type(self.kind)
            assert root is not None  # validation has passed
            estimator = Estimator(self._catalogue.costs, self.walk(variables), self.limits)
            found = self._estimates[shape] = estimator.selection(root, [self.definition.selection_set])
            if len(self._estimates) > self.MOST_SHAPES:
                self._estimates.popitem(last=False)
        return found

    def walk(self, variables: Mapping[str, Any]) -> Document:
        """The document as the planner walks it, with these variables."""
        return Document(self._catalogue.schema, self._fragments, variables)

    def read_back(
        self,
        nodes: Sequence[FieldNode],
        payload: GraphQLObjectType,
        name: str,
        variables: Mapping[str, Any],
        scope: Scope,
    ) -> Mapping[str, Plan]:
        """The plans of what a mutation's payload is asked for under `name`, by response key; made once for each shape.

        `nodes`: the mutation field as the document asks for it.
        """
        key = (id(nodes[0]), name, self.variables.shape(variables), scope)
        found = self._read_backs.get(key)
        if found is None:
            document = self.walk(variables)
            type_name = get_named_type(payload.fields[name].type).name
            found = self._read_backs[key] = {
                field.key: plan_row(self._catalogue, document, type_name, below(field), scope, self.limits)
                for field in selected(document, payload, [node.selection_set for node in nodes])
                if field.name == name
            }
            if len(self._read_backs) > self.MOST_SHAPES:
                self._read_backs.popitem(last=False)
        else:
            self._read_backs.move_to_end(key)
        return found

    def _plan(self, variables: Mapping[str, Any], scope: Scope, estimate: Estimate) -> Prepared:
        plans: dict[str, Plan] = {}
        requires: set[Capability] = set()
        parts: list[tuple[bytes, Plan | None]] = []
        schema = self._catalogue.schema
        stored = self.kind is not OperationType.MUTATION
        if stored:
            follows = self.kind is OperationType.SUBSCRIPTION
            kind = schema.subscription_type if follows else schema.query_type
            roots = self._catalogue.followed if follows else self._catalogue.roots
            assert kind is not None
            document = self.walk(variables)
            for field in selected(document, kind, [self.definition.selection_set]):
                text = (b"," if parts else b"") + b'"' + field.key.encode() + b'":'
                if field.name == "__typename":
                    parts.append((text + b'"' + kind.name.encode() + b'"', None))
                    continue
                root = roots.get(field.name)
                if root is None:
                    stored = False  # introspection, and whatever is not stored: the executor's
                    continue
                if root.requires is not None:
                    requires.add(root.requires)
                plan = plan_root(self._catalogue, document, field, root, scope, self.limits)
                plans[field.key] = plan
                stored = stored and plan.is_stored
                parts.append((text, plan))
        return Prepared(plans, frozenset(requires), stored, parts, estimate)


class Documents:
    """The operations one process remembers, by their text: the least recently used goes first."""

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        most: int,
        limits: DocumentLimits | None = None,
        pages: PageLimits | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._most = most
        self._limits = limits or DocumentLimits()
        self._pages = pages or PageLimits()
        self._known: OrderedDict[tuple[str, str | None], Operation] = OrderedDict()
        self.compiled = 0
        """Documents parsed and validated so far: a warm request adds none."""

    def operation(self, text: str, name: str | None) -> Operation | list[GraphQLError]:
        """The operation `name` of a document, or the errors that stand in its way."""
        key = (text, name)
        found = self._known.get(key)
        if found is not None:
            self._known.move_to_end(key)
            return found
        self.compiled += 1
        compiled = self._compile(text, name)
        if isinstance(compiled, Operation):
            self._known[key] = compiled
            if len(self._known) > self._most:
                self._known.popitem(last=False)
        return compiled

    def _compile(self, text: str, name: str | None) -> Operation | list[GraphQLError]:
        document = read_document(self._catalogue.schema, text, self._limits)
        if isinstance(document, list):
            return document
        defers = False
        if DEFER in text:
            document, defers = deferring(document, self._catalogue)
        return self._choose(document, name, defers=defers)

    def _choose(
        self, document: DocumentNode, name: str | None, *, defers: bool
    ) -> Operation | list[GraphQLError]:
        operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        if name is not None:
            operations = [node for node in operations if node.name is not None and node.name.value == name]
            message = f"The document has no operation named {name!r}."
        else:
            message = "Say with `operationName` which of the document's operations to run."
        if len(operations) != 1:
            return [GraphQLError(message, extensions={"code": "OPERATION_RESOLUTION_FAILURE"})]
        return Operation(self._catalogue, document, operations[0], self._pages, defers=defers)
