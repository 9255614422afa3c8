# SPDX-License-Identifier: EUPL-1.2
"""For every field of the schema, the smallest operations that ask for it: one for each shortest way from a root."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
)

from tests.api.operations import WHOLE
from tests.api.purposes import OWN_ORDER

if TYPE_CHECKING:
    from tests.api.world import World

ROOTS = {"Query": "query", "Mutation": "mutation", "Subscription": "subscription"}


@dataclass(frozen=True)
class Step:
    """A field on the way, and the type it was asked of."""

    kind: str
    name: str

    @property
    def coordinate(self) -> str:
        return f"{self.kind}.{self.name}"


Way = tuple[Step, ...]


def ways(permits: Callable[[str], bool]) -> dict[str, Way]:
    """To each type, a shortest way from a root: through permitted fields alone where there is one."""
    found = _ways(permits)
    return {**_ways(lambda _: True), **found}


def _ways(permits: Callable[[str], bool]) -> dict[str, Way]:
    found: dict[str, Way] = {}
    waiting: deque[tuple[str, Way]] = deque((name, ()) for name in ROOTS)
    while waiting:
        name, way = waiting.popleft()
        if name in found:
            continue
        found[name] = way
        kind = WHOLE.type_map[name]
        if isinstance(kind, (GraphQLInterfaceType, GraphQLUnionType)):
            waiting.extend((one.name, way) for one in WHOLE.get_possible_types(kind))
        for field_name, field in getattr(kind, "fields", {}).items():
            step = Step(name, field_name)
            inner = get_named_type(field.type)
            if field_name.startswith("_"):
                continue  # a router's
            if not is_leaf_type(inner) and permits(step.coordinate):
                waiting.append((inner.name, (*way, step)))
    return found


def operation(way: Way, arguments: dict[str, str]) -> str:
    """The operation that goes this way, and asks for its last field; of an object, for its type's name."""
    last = WHOLE.type_map[way[-1].kind]
    assert isinstance(last, (GraphQLObjectType, GraphQLInterfaceType))
    leaf = is_leaf_type(get_named_type(last.fields[way[-1].name].type))
    text = "" if leaf else "{ __typename }"
    for number in range(len(way) - 1, -1, -1):
        step = way[number]
        kind: Any = WHOLE.type_map[step.kind]
        text = f"{step.name}{_arguments(kind, step, arguments)} {text}"
        before = None if number == 0 else way[number - 1]
        if before is not None:
            parent: Any = WHOLE.type_map[before.kind]
            if get_named_type(parent.fields[before.name].type).name != step.kind:
                text = f"... on {step.kind} {{ {text} }}"
        text = f"{{ {text} }}"
    return f"{ROOTS[way[0].kind]} {text}"


def needed_by(way: Way) -> set[str]:
    """The fields that an operation which goes this way needs."""
    found = {step.coordinate for step in way}
    for step in way:
        listed = step.kind.removesuffix("Connection")
        if listed != step.kind and step.name != "totalCount":
            found.update(OWN_ORDER.get(listed, []))
    return found


def arguments_for(world: World) -> dict[str, str]:
    """What each argument that must be given is given, as a document says it."""
    code, household = world.people["north"].fiscal_code, world.households["mixed"]
    return {
        "Query.node(id:)": f'"{world.people["north"].node}"',
        "Query.beneficiary(fiscalCode:)": f'"{code}"',
        "Query.household(id:)": f'"hsh_{household.hex}"',
        "Query.pact(id:)": f'"pct_{world.pacts["work"].hex}"',
        "Query.municipality(belfioreCode:)": '"H501"',
        "Query.employmentCentre(code:)": '"H501C900031"',
        "JobOffer.suitability(for:)": f'"{code}"',
        "JobOffer.suitability(on:)": '"2026-09-01"',
        "Query._entities(representations:)": "[]",
        "Query.assessEligibility(input:)": '{measure: ADI, on: "2025-03-01", members: [{key: "a", birthDate: "1950-01-01", applicant: true}]}',
        "Household.entitlement(on:)": '"2026-03-01"',
        "Beneficiary.obligationByRule(on:)": '"2026-03-01"',
        "Query.measureRules(measure:)": "MIA",
        "Query.measureRules(on:)": '"2025-03-01"',
        "Beneficiary.registryCheck(kind:)": "RESIDENCE",
        "Beneficiary.registryCheck(measure:)": "ADI",
        "Beneficiary.verifiedDeclaration(declared:)": '{ citizenship: { stateCode: "100" } }',
        "Household.iseeStanding(threshold:)": '"SNOD01"',
        "Query.feedInclusionProof(position:)": "1",
        "Query.feedInclusionProof(size:)": "1",
        "Query.feedConsistencyProof(from:)": "1",
        "Query.feedConsistencyProof(to:)": "1",
        "Query.accessReport(fiscalCode:)": f'"{code}"',
        "Mutation.acknowledgeConditionalityFeed(upTo:)": '"x"',
        "Mutation.reportOutcome(input:)": '{ idempotencyKey: "", position: 1, outcome: NONE, reference: "x", '
        'decidedOn: "2026-10-01" }',
        "Mutation.recordHire(input:)": f'{{ communicationCode: "", kind: UNILAV, fiscalCode: "{code}", '
        'employerCode: "", startsOn: "2026-09-01" }',
        "Mutation.annulHire(input:)": f'{{ communicationCode: "", kind: UNILAV, fiscalCode: "{code}", earlierCode: "" }}',
        # Nothing is published: a reference must have a character.
        "Mutation.publishJobOffer(input:)": '{ reference: "", title: "", employerName: "", municipality: "", contractType: "", '
        'weeklyHours: "1", places: 1, publishedOn: "2026-09-01" }',
        "Mutation.publishPlacement(input:)": '{ reference: "", title: "", hostName: "", municipality: "", weeklyHours: "1", '
        'places: 1, publishedOn: "2026-09-01" }',
        "Mutation.publishTrainingCourse(input:)": '{ reference: "", title: "", providerName: "", mode: ONLINE, municipality: "", '
        'startsOn: "2026-09-01", endsOn: "2026-09-01", hours: 1, places: 1 }',
        "Mutation.withdrawOpportunity(input:)": '{ kind: JOB_OFFER, reference: "" }',
        "Mutation.recordConditionalityEvents(input:)": "{ events: [] }",
        # Nothing is recorded: a key must have a character.
        "Mutation.recordConditionalityEvent(input:)": f'{{ idempotencyKey: "", fiscalCode: "{code}", '
        'type: PACT_SIGNED, occurredAt: "2026-09-01T00:00:00Z" }',
        "Mutation.withdrawConditionalityEvent(input:)": f'{{ idempotencyKey: "", event: "evt_{"0" * 32}", reason: "x" }}',
    }


def _arguments(kind: Any, step: Step, arguments: dict[str, str]) -> str:
    needed = [
        name
        for name, one in kind.fields[step.name].args.items()
        if f"{step.coordinate}({name}:)" in arguments
    ]
    if not needed:
        return ""
    return "(" + ", ".join(f"{name}: {arguments[f'{step.coordinate}({name}:)']}" for name in needed) + ")"
