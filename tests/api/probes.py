# SPDX-License-Identifier: EUPL-1.2
"""A fixed suite of questions that together walk every road to a person, as callers of every kind, held against the reference.

It runs in process, on a hub whose plans are forgotten between two runs, so that one may ask of many changed policies whether each
is noticed (`tests.api.test_policy_mutants`).
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import _lru_cache_wrapper
from itertools import count, islice
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from hub.access.caller import Caller
from hub.access.seen import Seen
from hub.errors import SnodoError
from hub.http.request import GraphQLRequest
from hub.http.streams import Stream
from hub.plan.plan import Plan
from hub.store.engine import Database
from hub.store.vocabulary import AgencyKind, Capability, GrantScope
from tests.api.conftest import SIGHTS, with_named_cursors
from tests.api.oracle import Oracle
from tests.api.sight import Sight
from tests.api.test_administration import DEFINE, GIVEN, GRANT, LIMIT, REGISTER, REVOKE, TOWN, WITHDRAW

if TYPE_CHECKING:
    from tests.api.conftest import Service

LISTS: Mapping[str, str] = {
    "people": """{ beneficiaries(first: 60) { totalCount nodes { id fiscalCode household { id } pacts { id } activities { title startsOn pact { id } origin { reference run { flow } } deliveries(first: 5) { totalCount nodes { id } } }
      convocations { scheduledAt beneficiary { id } } pucAssignments { startsOn project { id } } nextConvocationAt
      conditionalityEvents(first: 20) { totalCount nodes { id } } } } }""",
    "households": """{ households(first: 30) { totalCount nodes { id members { id } applicant { id } pacts { id } benefit { startsOn }
      conditionalityEvents(first: 30) { totalCount nodes { id } } } } }""",
    "pacts": """{ pacts(first: 30) { totalCount nodes { id professions household { id } beneficiary { id } goals { ordinal }
      activities { title beneficiary { id } pact { id } } conditionalityEvents(first: 20) { totalCount nodes { id } }
      deliveries(first: 20) { totalCount nodes { id } } origin { reference source { code } run { flow } } } } }""",
    "events": """{ conditionalityEvents(first: 50) { totalCount nodes { id beneficiary { id } pact { id } position
      withdraws { id } withdrawnBy { id } evidence { sha256 } deliveries { id } } } }""",
    "stuck": """{ stuck(first: 50) { totalCount nodes { id state event { id beneficiary { id } } attempts { outcome } } } }""",
    "quarantine": """{ quarantine(first: 500) { totalCount nodes { id recordKey field reason source { code } } } }""",
    "courses": """{ trainingCourses(first: 20) { totalCount nodes { id participations(first: 10) { totalCount nodes {
      title beneficiary { id } pact { id } course { id } } } } } }""",
    "projects": """{ pucProjects(first: 20) { totalCount nodes { id assignments(first: 10) { totalCount nodes {
      startsOn beneficiary { id } project { id } } } } } }""",
    "offers": "{ jobOffers(first: 20) { totalCount nodes { id origin { reference source { code } run { flow } } } } opportunities(first: 40) { totalCount nodes { __typename id title } } }",
    "places": " ".join(
        ["{"]
        + [
            f"""{name}: municipality(belfioreCode: "{code}") {{ households(first: 20) {{ totalCount nodes {{ id }} }}
          beneficiaries(first: 40) {{ totalCount nodes {{ id employmentCentre {{ code }} }} }} }}"""
            for name, code in (("roma", "H501"), ("latina", "E472"), ("torino", "L219"))
        ]
        + [
            f"""{name}: employmentCentre(code: "{code}") {{ beneficiaries(first: 30) {{ totalCount nodes {{ id }} }} }}"""
            for name, code in (("north", "H501C900031"), ("east", "H501C900032"), ("there", "L219C900001"))
        ]
        + ["}"]
    ),
    "filtered": """{ some: beneficiaries(first: 60, filter: { pacts: { some: {} } }) { nodes { id } }
      none: beneficiaries(first: 60, filter: { conditionalityEvents: { none: {} } }) { nodes { id } }
      called: beneficiaries(first: 60, filter: { convocations: { some: {} } }) { totalCount }
      bare: households(first: 30, filter: { pacts: { none: {} } }) { nodes { id } } }""",
}
"""By name: a list, with a step along every road that leads on from its rows."""
NODE = """__typename id ... on Beneficiary { fiscalCode household { id } } ... on Household { members { id } applicant { id } }
  ... on Pact { whose: beneficiary { id } household { id } } ... on ConditionalityEvent { beneficiary { id } } ... on Opportunity { title }
  ... on Delivery { state event { id } } ... on QuarantinedRecord { recordKey resolvedAt dismissedBecause }"""
ENTITIES = f"query ($given: [_Any!]!) {{ _entities(representations: $given) {{ ... on Node {{ {NODE} }} }} }}"
FEED = "{ conditionalityFeed(first: 100) { entries { position fiscalCode proposal { count effect } event { id beneficiary { id } outcomes { reference event { id } } } } endCursor hasMore } }"
SUITS = """query ($code: FiscalCode!) { jobOffers(first: 1) { nodes {
  suitability(for: $code, on: "2026-09-01") { measure } } } }"""
FOLLOW = "subscription { conditionalityFeed(first: 5) { entries { position } } }"
RECORD = """mutation ($input: RecordConditionalityEventInput!) { recordConditionalityEvent(input: $input) {
  event { id beneficiary { id household { members { id } } } pact { id } } userErrors { code } } }"""
RECORD_MANY = """mutation ($input: RecordConditionalityEventsInput!) { recordConditionalityEvents(input: $input) {
  results { event { id beneficiary { id household { members { id } } } pact { id } } userErrors { code } } userErrors { code } } }"""
WITHDRAW_EVENT = """mutation ($input: WithdrawConditionalityEventInput!) { withdrawConditionalityEvent(input: $input) {
  withdrawal { id } userErrors { code } } }"""
HIRE = """mutation ($input: RecordHireInput!) { recordHire(input: $input) { event { id } userErrors { code } } }"""
ANNUL = """mutation ($input: AnnulHireInput!) { annulHire(input: $input) { withdrawal { id } userErrors { code } } }"""
REPORT = """mutation { reportOutcome(input: { idempotencyKey: "", position: 1, outcome: NONE, reference: "x", decidedOn: "2026-10-01" }) {
  userErrors { code } } }"""
GUARDED = (
    "{ agencies { code } }",
    "{ feedStatus { lastPosition } }",
    "{ feedConsumers { agencyCode } }",
    'mutation { acknowledgeConditionalityFeed(upTo: "x") { userErrors { code } } }',
    "{ feedCheckpoint { __typename } }",
    "{ feedInclusionProof(position: 1, size: 1) { hashes } }",
    "{ feedConsistencyProof(from: 1, to: 1) { hashes } }",
    '{ agency(code: "inps") { name } }',
    "{ fieldSets { name } }",
    "{ accessChanges { totalCount } }",
    """mutation { publishJobOffer(input: { reference: "", title: "", employerName: "", municipality: "", contractType: "", weeklyHours: "1",
      places: 1, publishedOn: "2026-09-01" }) { userErrors { code } } }""",
    'mutation { withdrawOpportunity(input: { kind: JOB_OFFER, reference: "" }) { userErrors { code } } }',
    '{ accessReport(fiscalCode: "12345678903") { nodes { __typename } } }',
)
RESEND = "mutation ($i: ResendDeliveryInput!) { resendDelivery(input: $i) { userErrors { code } } }"
NOBODY = "00000000-0000-7000-8000-000000000000"
CHANGES: tuple[tuple[str, Mapping[str, Any]], ...] = (
    (REGISTER, TOWN),
    (GRANT, GIVEN),
    (REVOKE, {"purposeId": NOBODY}),
    (WITHDRAW, {"clientId": NOBODY}),
    (LIMIT, {"agencyCode": "nobody", "perMinute": 90}),
    (RESEND, {"delivery": f"dlv_{NOBODY.replace('-', '')}"}),
    (DEFINE, {"name": "mutants", "description": "x", "fields": ["JobOffer.title"]}),
)
"""Changes of who may see what, by somebody who may not; where they were let, they would change nothing that is asked here."""
TYPES = {
    "ben": "Beneficiary", "hsh": "Household", "pct": "Pact", "evt": "ConditionalityEvent", "dlv": "Delivery", "job": "JobOffer", "crs": "TrainingCourse",
    "puc": "PucProject", "qrn": "QuarantinedRecord",
}  # fmt: skip
TABLES = {
    "ben": "beneficiary", "hsh": "household", "pct": "pact", "evt": "conditionality_event", "dlv": "delivery", "job": "job_offer",
    "crs": "training_course", "puc": "puc_project", "qrn": "quarantined_record",
}  # fmt: skip
EVENTS = "SELECT count(*) FROM conditionality_event"
PUBLIC = "of-public"
ROOTS_AT_ONCE = 15
"""Root fields of one question: fewer than a request may have."""
PATIENCE = 5.0
"""Seconds a subscription is given to be refused, or to tell its first page."""
_numbers = count()


@dataclass(frozen=True, eq=False)
class Probe:
    """One question of one caller, and what comes of it: data, or the codes of refusals."""

    name: str
    caller: Caller
    query: str
    variables: Mapping[str, Any]
    expected: Any
    asks_again_as: Caller | None = None
    """Whom a subscription finds when it asks again who is asking."""


async def answered(suite: Suite, probe: Probe) -> Any:
    """The data of an answer, or the codes of its errors; and whether something was recorded all the same."""
    before = suite.recorded
    told = await _told(suite.service, probe)
    recorded = suite.recorded > before
    return "recorded, and not told" if recorded and told != A_RECORDING else told


async def _told(service: Service, probe: Probe) -> Any:
    request = GraphQLRequest(probe.query, probe.variables, None)

    async def ask_again() -> tuple[Caller, None]:
        return probe.asks_again_as or probe.caller, None

    follows = probe.query.startswith("subscription")
    try:
        reply = await service.hub._graphql._operations.run(
            request, probe.caller, None, ask_again=ask_again if follows else None
        )
        if isinstance(reply, Stream):
            try:
                body = await asyncio.wait_for(anext(reply.responses), PATIENCE)
            finally:
                await reply.aclose()
        else:
            body = reply.body
    except SnodoError as refused:
        return [refused.code]
    except TimeoutError:
        return "it was let in, and waits"
    try:
        found = json.loads(body)
    except ValueError:  # a row is missing where the schema says that there is one
        return body
    if "errors" in found:
        return sorted(error["extensions"]["code"] for error in found["errors"])
    return with_named_cursors(found["data"])


def forget(service: Service) -> None:
    """Forget every plan and every statement that was made: what the policy says is asked anew."""
    for operation in service.hub._graphql._operations._documents._known.values():
        operation.forget_plans()
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] in ("hub", "schema") and name != "schema.build":  # the schema is no policy
            for value in vars(module).values():
                if isinstance(value, _lru_cache_wrapper):
                    value.cache_clear()


class Suite:
    """The probes of one hub, for the rows as they are."""

    def __init__(
        self, service: Service, oracle: Oracle, callers: Mapping[str, Caller], stranger: Caller
    ) -> None:
        """Take the callers who may ask for every field, and one who may for none about a person."""
        self.service, self.oracle, self.callers, self.stranger = service, oracle, callers, stranger
        commands = service.hub._graphql._operations._commands
        database = commands._means.database
        rehearsals = Rehearsals(database.write)
        recording, bulk = Rehearsals(database.record), Rehearsals(database.bulk)
        self._rehearsals = (rehearsals, recording, bulk)
        pools = Database(database.read, cast("Any", rehearsals), cast("Any", recording), cast("Any", bulk))
        commands._means = replace(
            commands._means, database=pools, recording=cast("Any", Rehearsing(recording))
        )
        self.reading = [probe for name in callers for probe in self._reading(name)]
        self.demanding = [*self._refused()]
        """Those that are refused for want of a capability."""
        self.probes = [*self.reading, *self.demanding, *self._recording()]

    @property
    def recorded(self) -> int:
        """Events that were recorded, and undone, so far."""
        return sum(pool.events for pool in self._rehearsals)

    @classmethod
    async def prepare(cls, service: Service) -> Suite:
        """With every caller the tests know."""
        authenticator = service.hub._graphql._authenticator
        callers = {}
        for name in (*SIGHTS, PUBLIC):
            headers = {b"authorization": f"Bearer {service.token(name)}".encode()}
            callers[name], _ = await authenticator.authenticate(headers, "POST")
        stranger = callers.pop(PUBLIC)
        return cls(service, await service.oracle(), callers, stranger)

    def _as_the_oracle(self, title: str, name: str, query: str) -> Probe:
        return Probe(title, self.callers[name], query, {}, self.oracle.answer(query, SIGHTS[name]))

    def _reading(self, name: str) -> Iterator[Probe]:
        caller, sight = self.callers[name], SIGHTS[name]
        for title, query in LISTS.items():
            yield self._as_the_oracle(f"{name}: {title}", name, query)
        fields = [*self._by_key(sight)]
        for start in range(0, len(fields), ROOTS_AT_ONCE):
            some = fields[start : start + ROOTS_AT_ONCE]
            keyed = " ".join(f"k{at}: {field}" for at, field in enumerate(some))
            yield self._as_the_oracle(f"{name}: by key, from {start}", name, f"{{ {keyed} }}")
        nodes = [node for prefix in TABLES for node in self._ids(prefix)]
        one_by_one = " ".join(f'n{at}: node(id: "{node}") {{ {NODE} }}' for at, node in enumerate(nodes))
        found = [*self.oracle.answer(f"{{ {one_by_one} }}", sight).values()]
        given = [{"__typename": TYPES[node[:3]], "id": node} for node in nodes]
        yield Probe(f"{name}: entities", caller, ENTITIES, {"given": given}, {"_entities": found})
        yield from self._suiting(name)
        # Who runs the hub is told of every agency's; as callers of every reach, since each has a plan of its own.
        runs_it = replace(caller, capabilities=caller.capabilities | {Capability.ADMINISTER})
        aside = self.oracle.answer(LISTS["quarantine"], replace(sight, administers=True))
        yield Probe(f"{name}: quarantine, administering", runs_it, LISTS["quarantine"], {}, aside)
        # Whoever is granted the whole feed reads all of it; if ever somebody else were, they would read theirs.
        reader = replace(caller, capabilities=caller.capabilities | {Capability.READ_FEED})
        yield Probe(f"{name}: feed", reader, FEED, {}, self.oracle.answer(FEED, sight))

    def _suiting(self, name: str) -> Iterator[Probe]:
        """An offer held against somebody in reach, and against somebody beyond it; a citizen's is nobody but itself."""
        reader = self.oracle.reader(SIGHTS[name])
        offers = min(1, len(reader.where("job_offer")))
        for seen in (True, False):
            found = (
                one["fiscal_code"]
                for one in self.oracle.rows["beneficiary"]
                if (
                    one is reader.myself
                    if reader.sight.kind == "SELF" and seen
                    else reader.sees("beneficiary", one) is seen
                )
                and reader.by_id["household"][one["household_id"]]["measure"] == "ADI"
            )
            for code in islice(found, 1):
                told = {"suitability": {"measure": "ADI"} if seen else None}
                expected = {"jobOffers": {"nodes": [told] * offers}}
                title = f"{name}: an offer for somebody {'in reach' if seen else 'beyond it'}"
                yield Probe(title, self.callers[name], SUITS, {"code": code}, expected)

    def _refused(self) -> Iterator[Probe]:
        inps = self.callers["inps"]
        for name, caller in self.callers.items():
            bare = replace(caller, capabilities=frozenset())
            yield Probe(f"{name}: may not read the feed", bare, FEED, {}, ["FORBIDDEN"])
            # A citizen asks for its own report, and by no fiscal code.
            guarded = GUARDED[:-1] if caller.scope.kind is GrantScope.SELF else GUARDED
            for query in guarded:
                yield Probe(f"{name}: may not ask {query}", bare, query, {}, ["FORBIDDEN"])
            yield Probe(f"{name}: may not follow the feed", bare, FOLLOW, {}, ["FORBIDDEN"])
            yield Probe(f"{name}: may not report an outcome", bare, REPORT, {}, ["FORBIDDEN"])
            yield Probe(
                f"{name}: may not record", bare, RECORD, {"input": _input(self._someone(name))}, ["FORBIDDEN"]
            )
            yield Probe(
                f"{name}: may not record a hire", bare, HIRE, _hire(self._someone(name)), ["FORBIDDEN"]
            )
            yield Probe(
                f"{name}: may not annul a hire", bare, ANNUL, _annulment(self._someone(name)), ["FORBIDDEN"]
            )
            many = _many(self._someone(name))
            yield Probe(f"{name}: may not record many", bare, RECORD_MANY, many, ["FORBIDDEN"])
            yield Probe(
                f"{name}: may not withdraw",
                bare,
                WITHDRAW_EVENT,
                {"input": _withdrawal(self.oracle.rows["conditionality_event"][0]["id"])},
                ["FORBIDDEN"],
            )
        stranger = self.stranger
        for change, given in CHANGES:
            yield Probe(f"public: may not {change}", stranger, change, {"i": given}, ["FORBIDDEN"])
        for title, query in LISTS.items():
            if title in ("people", "households", "pacts", "events", "stuck", "quarantine"):
                yield Probe(f"public: may not ask for {title}", stranger, query, {}, ["FORBIDDEN_FIELD"])
        gone = replace(inps, capabilities=frozenset())
        yield Probe("inps: may no longer follow the feed", inps, FOLLOW, {}, ["FORBIDDEN"], gone)

    def _recording(self) -> Iterator[Probe]:
        """What a caller records about somebody, in reach and beyond it."""
        for name, caller in self.callers.items():
            scribe = replace(
                caller,
                capabilities=caller.capabilities | {Capability.RECORD_EVENTS},
                agency_kind=AgencyKind.REGION,
            )
            within, beyond = self._someone(name), self._someone(name, beyond=True)
            if beyond is not None:
                refused = {
                    "recordConditionalityEvent": {"event": None, "userErrors": [{"code": "PERSON_NOT_FOUND"}]}
                }
                yield Probe(
                    f"{name}: records beyond its reach", scribe, RECORD, {"input": _input(beyond)}, refused
                )
                none = {"event": None, "userErrors": [{"code": "PERSON_NOT_FOUND"}]}
                yield Probe(
                    f"{name}: records a hire beyond its reach",
                    scribe,
                    HIRE,
                    _hire(beyond),
                    {"recordHire": none},
                )
                batch = {"results": [none], "userErrors": [{"code": "EVENTS_REFUSED"}]}
                yield Probe(
                    f"{name}: records many beyond its reach",
                    scribe,
                    RECORD_MANY,
                    _many(beyond),
                    {"recordConditionalityEvents": batch},
                )
            if within is not None:
                yield Probe(f"{name}: records", scribe, RECORD, {"input": _input(within)}, A_RECORDING)
                yield Probe(f"{name}: records many", scribe, RECORD_MANY, _many(within), A_RECORDING)
            yield from self._withdrawing(name, scribe)

    def _withdrawing(self, name: str, scribe: Caller) -> Iterator[Probe]:
        """What a caller that recorded none of them is told of an event in reach, and of one beyond it."""
        reader = self.oracle.reader(SIGHTS[name])
        events = self.oracle.rows["conditionality_event"]
        for seen, code in ((True, "EVENT_OF_ANOTHER_AGENCY"), (False, "EVENT_NOT_FOUND")):
            found = (
                one["id"]
                for one in events
                if reader.sees("conditionality_event", one) is seen
                and one["agency_id"] != scribe.agency_id
                and one["beneficiary_id"] is not None
            )
            for event in islice(found, 1):
                refused = {
                    "withdrawConditionalityEvent": {"withdrawal": None, "userErrors": [{"code": code}]}
                }
                given = {"input": _withdrawal(event)}
                yield Probe(f"{name}: withdraws, {code}", scribe, WITHDRAW_EVENT, given, refused)

    def _someone(self, name: str, *, beyond: bool = False) -> str | None:
        reader = self.oracle.reader(SIGHTS[name])
        people = self.oracle.rows["beneficiary"]
        return next(
            (one["fiscal_code"] for one in people if reader.sees("beneficiary", one) is not beyond), None
        )

    def _by_key(self, sight: Sight) -> Iterator[str]:
        """Of each kind of row one that is seen and one that is not, by each of its keys; and an event that is its recorder's alone."""
        reader = self.oracle.reader(sight)
        for prefix, table in TABLES.items():
            rows = self.oracle.rows[table]
            found = [
                next((row for row in rows if reader.sees(table, row) is seen), None) for seen in (True, False)
            ]
            if table == "conditionality_event":
                found += [row for row in rows if reader.recorded(row) and not reader.sees(table, row)][:1]
            for row in found:
                if row is not None:
                    key = f"{prefix}_{row['id'].hex}"
                    yield f'node(id: "{key}") {{ {NODE} }}'
                    if prefix == "ben":
                        yield f'beneficiary(fiscalCode: "{row["fiscal_code"]}") {{ id }}'
                    if prefix in ("hsh", "pct"):
                        yield f'{table}(id: "{key}") {{ id }}'

    def _ids(self, prefix: str) -> list[str]:
        return [f"{prefix}_{row['id'].hex}" for row in self.oracle.rows[TABLES[prefix]][:30]]


class _Event:
    """Equal to the answer of a recording: an event of somebody the recorder sees."""

    def __eq__(self, answer: object) -> bool:
        match answer:
            case {"recordConditionalityEvent": {"event": {"beneficiary": {"id": str()}}, "userErrors": []}}:
                return True
            case {"recordConditionalityEvents": {"results": [one], "userErrors": []}}:
                return self == {"recordConditionalityEvent": one}
            case _:
                return False

    __hash__ = None  # type: ignore[assignment]


A_RECORDING = _Event()


class Rehearsals:
    """A pool whose connections undo whatever was done on them."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self.events = 0
        """Events that were recorded, and undone, so far."""

    @asynccontextmanager
    async def acquire(self, **given: Any) -> AsyncIterator[Any]:
        async with self._pool.acquire(**given) as connection:
            transaction = connection.transaction()
            await transaction.start()
            before = await connection.fetchval(EVENTS)
            try:
                yield connection
                self.events += await connection.fetchval(EVENTS) - before
            finally:
                await transaction.rollback()


class Rehearsing:
    """Runs each plan alone, on such a connection."""

    def __init__(self, pool: Rehearsals) -> None:
        self._pool = pool

    async def run(self, plan: Plan, variables: Any, caller: Caller, seen: Seen) -> bytes:
        async with self._pool.acquire() as connection:
            return await plan.run(connection, variables, caller, seen)


def _withdrawal(event: UUID) -> dict[str, Any]:
    return {"idempotencyKey": f"probe-{next(_numbers)}", "event": f"evt_{event.hex}", "reason": "x"}


def _input(fiscal_code: str | None) -> dict[str, Any]:
    return {
        "idempotencyKey": f"probe-{next(_numbers)}",
        "fiscalCode": fiscal_code or "12345678903",
        "type": "CONVOCATION_MISSED",
        "occurredAt": "2026-03-10T09:00:00Z",
    }


def _hire(fiscal_code: str | None) -> dict[str, Any]:
    return {
        "input": {
            "communicationCode": f"15{next(_numbers):014}",
            "kind": "UNILAV",
            "fiscalCode": fiscal_code or "12345678903",
            "employerCode": "12345678903",
            "startsOn": "2026-09-01",
        }
    }


def _annulment(fiscal_code: str | None) -> dict[str, Any]:
    """Of a hire that nobody communicated."""
    said = _hire(fiscal_code)["input"]
    return {
        "input": {name: said[name] for name in ("communicationCode", "kind", "fiscalCode")}
        | {"earlierCode": f"16{next(_numbers):014}"}
    }


def _many(fiscal_code: str | None) -> dict[str, Any]:
    return {"input": {"events": [_input(fiscal_code)]}}
