# SPDX-License-Identifier: EUPL-1.2
"""A GraphQL operation, read once, and planned for each shape of its variables.

Operation           one document and operation name
└── Prepared        one shape of variables and one scope of callers: a plan per root field
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLObjectType,
    OperationDefinitionNode,
    OperationType,
    get_named_type,
    print_ast,
)

from hub.access.caller import Caller, Scope
from hub.access.line import Selection
from hub.errors import InvalidInput
from hub.plan.catalogue import Catalogue
from hub.plan.commands import Command, Part, ReadBacks, compiled, rows_asked
from hub.plan.coordinates import selection_of
from hub.plan.cost import Estimate, Estimator
from hub.plan.declare import AccessReport, Alone, Guarded
from hub.plan.filter_types import declared
from hub.plan.limits import PageLimits
from hub.plan.needs import Needs
from hub.plan.permission import FieldCheck, ForbiddenFields
from hub.plan.plan import Plan
from hub.plan.roots import plan_root, plan_row, plan_rows
from hub.plan.selection import Document, selected
from hub.plan.variables import Shape, VariableReader
from hub.plan.writing import plan_written
from hub.store.vocabulary import Capability, GrantScope

BYTES_OF_CHARACTER = 150
"""Memory that a character of a document takes once it is read: measured 87 to 154, the tree far more than the text."""
BYTES_OF_SQL = 3
"""Memory that a character of SQL takes once it is planned: measured 1.9 to 3.2."""


class AskedAlone(InvalidInput):
    """A household is assessed alone: ask for nothing beside `assessEligibility`, so that what is told is kept nowhere."""

    code = "ASKED_ALONE"


@dataclass(slots=True)
class Counts:
    """What the caches of one process did so far."""

    documents_compiled: int = 0
    documents_found: int = 0
    documents_dropped: int = 0
    plans_made: int = 0
    plans_found: int = 0
    plans_dropped: int = 0


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
    fields: FieldCheck
    is_accounted: bool
    """Whether the answer is accounted for: a plan reads tables about people, or a root field takes a capability. Commands do it themselves."""
    commands: Sequence[Part] | None = None
    """The same of a mutation that is commands alone; None: it is run by the executor."""

    @property
    def all_plans(self) -> list[Plan]:
        """The plans of root fields, and of what commands read back."""
        called = [one for _, one in self.commands or () if one is not None]
        return [*self.plans.values(), *(plan for one in called for plan in one.reads.all)]

    def permit(self, caller: Caller) -> None:
        """Raise Forbidden unless the caller's purpose has every capability the root fields ask for, and every field."""
        for capability in self.requires:
            caller.require(capability)
        refused = self.fields.refused(caller.fields)
        if refused:
            raise ForbiddenFields(refused, caller)

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
        counts: Counts,
        grew: Callable[[Operation, int], None],
        *,
        defers: bool = False,
    ) -> None:
        """Take what it is made of, the counts to keep, and whom to tell how many bytes it grew by."""
        self.document = document
        self.defers = defers
        """Whether a fragment that asks an agency is deferred."""
        self.definition = definition
        self.kind = definition.operation
        self.name = definition.name.value if definition.name else None
        self.variables = VariableReader(
            catalogue.schema, definition.variable_definitions or (), catalogue.orders, catalogue.contents
        )
        self.catalogue = catalogue
        self.limits = limits
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._prepared: OrderedDict[tuple[Shape, Scope], Prepared] = OrderedDict()
        self._estimates: OrderedDict[Shape, Estimate] = OrderedDict()
        self._read_backs: OrderedDict[tuple[int, Shape, Scope], ReadBacks] = OrderedDict()
        self._counts = counts
        self._grew = grew
        self.weight = 0
        """The memory its plans take, in bytes, by estimate."""

    @cached_property
    def selection(self) -> Selection:
        """What it asks for, as the access log tells it; read when it is first run."""
        return selection_of(self.catalogue.schema, self.document, self.definition)

    def prepare(self, variables: Mapping[str, Any], scope: Scope) -> Prepared:
        """The plans for these variables' shape; made at the first request of the shape.

        Raises:
            InvalidInput: an argument cannot be planned (both `first` and `last`, …), or a field that is asked for alone is not.
            TooExpensive: with these variables it would cost more than one operation may.

        """
        key = (self.variables.shape(variables), scope)
        found = self._prepared.get(key)
        if found is None:
            # NOTE what is too expensive to run is too expensive to plan.
            estimate = self.estimate(variables)
            estimate.check(variables, self.limits.cost)
            found = self._prepared[key] = self._plan(variables, scope, estimate)
            dropped = (
                self._prepared.popitem(last=False)[1] if len(self._prepared) > self.MOST_SHAPES else None
            )
            self._grow(found.all_plans, dropped.all_plans if dropped is not None else [])
            if dropped is not None:
                self.outgrown(-dropped.fields.weight)
        else:
            self._prepared.move_to_end(key)
            self._counts.plans_found += 1
            found.estimate.check(variables, self.limits.cost)
        return found

    def estimate(self, variables: Mapping[str, Any]) -> Estimate:
        """What the operation costs, for these variables' shape; made at the first request of the shape."""
        shape = self.variables.shape(variables)
        found = self._estimates.get(shape)
        if found is None:
            estimator = Estimator(self.catalogue.costs, self.walk(variables), self.limits)
            found = self._estimates[shape] = estimator.selection(self.root, [self.definition.selection_set])
            if len(self._estimates) > self.MOST_SHAPES:
                self._estimates.popitem(last=False)
        return found

    @property
    def root(self) -> GraphQLObjectType:
        """The type its selection is on."""
        root = self.catalogue.schema.get_root_type(self.kind)
        assert root is not None  # validation has passed
        return root

    def forget_plans(self) -> None:
        """Drop every plan; the next request of each shape makes it anew."""
        dropped = [*(one.all_plans for one in self._prepared.values())]
        dropped += [one.all for one in self._read_backs.values()]
        self._prepared.clear()
        self._estimates.clear()
        self._read_backs.clear()
        self._counts.plans_dropped += sum(map(len, dropped))
        self.weight = 0

    def _grow(self, made: Collection[Plan], dropped: Collection[Plan]) -> None:
        self._counts.plans_made += len(made)
        self._counts.plans_dropped += len(dropped)
        grown = _weight(made) - _weight(dropped)
        self.weight += grown
        self._grew(self, grown)

    def instead(self, document: DocumentNode, definition: OperationDefinitionNode) -> Operation:
        """Another operation in this one's place: its memory is counted as this one's."""
        made = Operation(
            self.catalogue,
            document,
            definition,
            self.limits,
            self._counts,
            lambda _instead, grown: self.outgrown(grown),
            defers=self.defers,
        )
        made.weight = len(print_ast(definition)) * BYTES_OF_CHARACTER
        self.outgrown(made.weight)
        return made

    def outgrown(self, grown: int) -> None:
        """Count memory, in bytes, that what stands in this operation's place takes or gives back."""
        self.weight += grown
        self._grew(self, grown)

    def walk(self, variables: Mapping[str, Any]) -> Document:
        """The document as the planner walks it, with these variables."""
        return Document(self.catalogue.schema, self._fragments, variables)

    def read_back(
        self,
        nodes: Sequence[FieldNode],
        payload: GraphQLObjectType,
        command: Command,
        variables: Mapping[str, Any],
        scope: Scope,
    ) -> ReadBacks:
        """The plans of what a command's payload is asked for, where the executor calls it; made once for each shape.

        `nodes`: the mutation field as the document asks for it.
        """
        key = (id(nodes[0]), self.variables.shape(variables), scope)
        found = self._read_backs.get(key)
        if found is None:
            document = self.walk(self.variables.hollow(variables))
            found = self._read_backs[key] = self._read(document, nodes, payload, command, scope)
            dropped = (
                self._read_backs.popitem(last=False)[1] if len(self._read_backs) > self.MOST_SHAPES else None
            )
            self._grow(found.all, dropped.all if dropped is not None else [])
        else:
            self._read_backs.move_to_end(key)
            self._counts.plans_found += 1
        return found

    def _read(
        self,
        document: Document,
        nodes: Sequence[FieldNode],
        payload: GraphQLObjectType,
        command: Command,
        scope: Scope,
    ) -> ReadBacks:
        around: Any = payload if command.each is None else get_named_type(payload.fields[command.each].type)
        type_name = get_named_type(around.fields[command.reads_back].type).name
        asked = rows_asked(document, payload, nodes, command)
        plan = plan_row if command.each is None else plan_rows
        plans = {
            key: plan(self.catalogue, document, type_name, selections, scope, self.limits)
            for key, selections in asked.items()
        }
        if len(asked) > 1 or command.written is None:
            return ReadBacks(plans, None)
        [(only, selections)] = asked.items() or [(None, [])]
        written = command.written(scope)
        at_once = plan_written(self.catalogue, document, type_name, selections, scope, self.limits, written)
        return ReadBacks(plans, None if at_once is None else (only, at_once))

    def _commands(self, variables: Mapping[str, Any], scope: Scope) -> list[Part] | None:
        kind = self.catalogue.schema.mutation_type
        assert kind is not None
        document = self.walk(self.variables.hollow(variables))
        try:
            return compiled(
                document,
                selected(document, kind, [self.definition.selection_set]),
                self.catalogue.commands,
                lambda nodes, payload, command: self._read(document, nodes, payload, command, scope),
            )
        except InvalidInput:
            return None  # the executor meets it again, and says where

    def _guards(self, variables: Mapping[str, Any]) -> set[Capability]:
        """What the root fields that the executor answers ask of the caller."""
        kind = self.catalogue.schema.get_root_type(self.kind)
        assert kind is not None
        asked = selected(self.walk(variables), kind, [self.definition.selection_set])
        fields = (kind.fields.get(field.name) for field in asked)
        found = [declared(field) for field in fields if field is not None]
        # NOTE a field beside it could make a line of the access log, which would hold what is told to this one.
        if any(isinstance(one, Alone) for one in found) and not all(isinstance(one, Alone) for one in found):
            raise AskedAlone
        return {one.requires for one in found if isinstance(one, Guarded)}

    def _plan(self, variables: Mapping[str, Any], scope: Scope, estimate: Estimate) -> Prepared:
        plans: dict[str, Plan] = {}
        parts: list[tuple[bytes, Plan | None]] = []
        schema = self.catalogue.schema
        stored = self.kind is not OperationType.MUTATION
        commands = None if stored or self.defers else self._commands(variables, scope)
        document = self.walk(self.variables.hollow(variables))
        requires = self._guards(variables)
        if stored:
            follows = self.kind is OperationType.SUBSCRIPTION
            kind = schema.subscription_type if follows else schema.query_type
            roots = self.catalogue.followed if follows else self.catalogue.roots
            assert kind is not None
            for field in selected(document, kind, [self.definition.selection_set]):
                text = (b"," if parts else b"") + b'"' + field.key.encode() + b'":'
                if field.name == "__typename":
                    parts.append((text + b'"' + kind.name.encode() + b'"', None))
                    continue
                root = roots.get(field.name)
                if root is None:
                    stored = False  # introspection, and whatever is not stored: the executor's
                    continue
                # About itself a citizen needs no capability.
                of_oneself = scope.kind is GrantScope.SELF and isinstance(root.source, AccessReport)
                if root.requires is not None and not of_oneself:
                    requires.add(root.requires)
                plan = plan_root(self.catalogue, document, field, root, scope, self.limits)
                plans[field.key] = plan
                stored = stored and plan.is_stored
                parts.append((text, plan))
        check = FieldCheck(
            self.catalogue.fields,
            Needs(self.catalogue, document).uses(self.root, self.definition.selection_set),
        )
        is_accounted = bool(requires) or any(plan.is_personal for plan in plans.values())
        return Prepared(plans, frozenset(requires), stored, parts, estimate, check, is_accounted, commands)


def _weight(plans: Collection[Plan]) -> int:
    return sum(len(plan.statement.text) for plan in plans) * BYTES_OF_SQL
