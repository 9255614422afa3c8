# SPDX-License-Identifier: EUPL-1.2
"""The demo's tour: what each user does, over HTTP, with the question and the answer in full."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx2
import orjson
from rich.console import Console
from rich.syntax import Syntax

from connectors.exchange import Exchange, Policy
from connectors.pdnd import ClientIdentity, EServiceAccess, Operator, Passes, TokenEndpoint
from connectors.simulators.consumers import ACCREDITED_AGENCY_CODE
from connectors.simulators.demo_world import OUTSIDE_PROTOCOL, ROME_PROTOCOL
from connectors.simulators.identity_provider import GRANT, LEVELS
from connectors.simulators.registry import ASSERTION_AUDIENCE, HUB_AUDIENCE
from hub.cli.simulation import Simulation

PERSON_PAGE = """\
query PersonPage($fiscalCode: FiscalCode!) {
  beneficiary(fiscalCode: $fiscalCode) {
    fiscalCode givenName familyName birthDate employmentStatus obligation
    employmentCentre { code name }
    household { inpsProtocol measure benefit { status monthlyAmount } members { givenName birthDate } }
    pacts { kind status signedOn goals { description status } }
    conditionalityEvents(first: 10) { nodes { type occurredAt position } }
    residence { municipalityName address since source freshness asOf }
  }
}"""

RECORD_EVENT = """\
mutation RecordMissedConvocation($input: RecordConditionalityEventInput!) {
  recordConditionalityEvent(input: $input) {
    event { id type occurredAt recordedAt source { name } beneficiary { givenName familyName } }
    userErrors { code message path }
  }
}"""

HOUSEHOLD_BY_PROTOCOL = """\
query HouseholdByProtocol($protocol: String!) {
  households(filter: { inpsProtocol: $protocol }) { nodes { id municipality { name } } }
}"""

HOUSEHOLD_PAGE = """\
query HouseholdPage($id: ID!) {
  household(id: $id) {
    inpsProtocol measure municipality { name province }
    benefit { status monthlyAmount startsOn endsOn }
    members { givenName familyName obligation }
    payments { state lastPaymentOn lastAmount source freshness unverified }
  }
}"""

FEED = """\
query Feed($after: String) {
  conditionalityFeed(after: $after, first: 500) {
    entries { position fiscalCode inpsProtocol event { id type occurredAt } }
    endCursor hasMore
  }
}"""

MY_PAGE = """\
query MyPage {
  me {
    givenName familyName obligation nextConvocationAt
    employmentCentre { name }
    household {
      measure benefit { status monthlyAmount } payments { state lastPaymentOn freshness }
      members { givenName birthDate }
      pacts { kind status }
    }
    pacts { kind status goals { description status } }
    conditionalityEvents(first: 5) { nodes { id type occurredAt } }
  }
}"""

NEIGHBOUR = """\
query Neighbour($fiscalCode: FiscalCode!) {
  beneficiary(fiscalCode: $fiscalCode) { givenName familyName }
}"""

OPPORTUNITIES = """\
query Opportunities {
  jobOffers(first: 3, filter: { status: OPEN }) { totalCount nodes { title employerName weeklyHours municipality { name } } }
  trainingCourses(first: 3) { totalCount nodes { title hours startsOn } }
}"""

OWN_OPPORTUNITIES = """\
query OwnOpportunities {
  jobOffers { totalCount nodes { title employerName source { code } } }
  trainingCourses { totalCount nodes { title startsOn source { code } } }
}"""


CITIZEN = "citizen"


class TourFailed(Exception):
    """An answer of the hub was not what the tour tells."""


@dataclass
class Tour:
    """The steps, each checked as it is told."""

    address: str
    simulation: Simulation
    http: httpx2.AsyncClient
    console: Console
    now: Callable[[], datetime]
    steps: int = 0
    _accesses: dict[str, EServiceAccess] = field(default_factory=dict)

    async def walk(self) -> None:
        """All steps in order.

        Raises:
            TourFailed: an answer is not what it should be.
        """
        world = self.simulation.world
        person, rome, outside = world.person, ROME_PROTOCOL, OUTSIDE_PROTOCOL

        page = await self._step(
            "A centre's operator opens a person's page: stored data, and the residence live from ANPR, in one query.",
            "centre", PERSON_PAGE, {"fiscalCode": person.fiscal_code},
        )  # fmt: skip
        self._expect(page["beneficiary"]["household"]["inpsProtocol"] == rome, "the person's household")
        self._expect(page["beneficiary"]["residence"]["freshness"] == "LIVE", "a live residence")
        self._expect(bool(page["beneficiary"]["pacts"]), "the pacts the region sent")

        occurred = (self.now() - timedelta(hours=2)).isoformat(timespec="seconds")
        recorded = await self._step(
            "The person did not come: the operator records the missed convocation.",
            "centre", RECORD_EVENT,
            {"input": {
                "idempotencyKey": str(uuid.uuid4()), "fiscalCode": person.fiscal_code,
                "type": "CONVOCATION_MISSED", "occurredAt": occurred, "note": "Prima convocazione, nessun giustificativo.",
            }},
        )  # fmt: skip
        self._expect(recorded["recordConditionalityEvent"]["userErrors"] == [], "no refusal")
        event_id = recorded["recordConditionalityEvent"]["event"]["id"]

        own = await self._household_id("municipality", rome)
        seen = await self._step(
            "The municipality looks at one of its households; the payments are live from INPS.",
            "municipality", HOUSEHOLD_PAGE, {"id": own},
        )  # fmt: skip
        self._expect(seen["household"]["inpsProtocol"] == rome, "its household")
        self._expect(seen["household"]["payments"]["freshness"] == "LIVE", "live payments")

        foreign = await self._household_id("inps", outside)
        refused = await self._step(
            "It asks for a household of Torino, outside its territory: refused. The answer is that of a household that does not exist.",
            "municipality", HOUSEHOLD_PAGE, {"id": foreign},
        )  # fmt: skip
        self._expect(refused == {"household": None}, "nothing about it")

        mine = await self._step(
            "The person logs in with SPID, level 2, and opens its own page: the missed convocation is there, the payments are live.",
            CITIZEN, MY_PAGE, {},
        )  # fmt: skip
        self._expect(
            event_id in [event["id"] for event in mine["me"]["conditionalityEvents"]["nodes"]], "its event"
        )
        self._expect(mine["me"]["household"]["payments"]["freshness"] == "LIVE", "live payments")
        neighbour = await self._step(
            "It asks for a person of another household: there is none.",
            CITIZEN, NEIGHBOUR, {"fiscalCode": world.outsider.fiscal_code},
        )  # fmt: skip
        self._expect(neighbour == {"beneficiary": None}, "nothing about another person")

        await self._step("Offers and courses of the territory.", "centre", OPPORTUNITIES, {})
        published = await self._step(
            "An accredited subject asks for offers and courses: it sees those it published, and no others.",
            "accredited", OWN_OPPORTUNITIES, {},
        )  # fmt: skip
        listed = [*published["jobOffers"]["nodes"], *published["trainingCourses"]["nodes"]]
        self._expect({one["source"]["code"] for one in listed} == {ACCREDITED_AGENCY_CODE}, "its own alone")

        feed, cursor = await self._read_feed("INPS pulls the feed and finds the event.", None)
        while feed["conditionalityFeed"]["hasMore"]:
            feed, cursor = await self._read_feed("INPS goes on from its cursor.", cursor)
        entries = feed["conditionalityFeed"]["entries"]
        self._expect(event_id in [entry["event"]["id"] for entry in entries], "the event just recorded")
        again, _ = await self._read_feed("INPS pulls again from its cursor and finds nothing.", cursor)
        self._expect(again["conditionalityFeed"]["entries"] == [], "nothing new")

    async def _read_feed(self, title: str, cursor: str | None) -> tuple[dict[str, Any], str]:
        feed = await self._step(title, "inps", FEED, {"after": cursor})
        return feed, feed["conditionalityFeed"]["endCursor"]

    async def _household_id(self, who: str, protocol: str) -> str:
        answer = await self.ask(who, HOUSEHOLD_BY_PROTOCOL, {"protocol": protocol})
        nodes = answer["households"]["nodes"]
        self._expect(len(nodes) == 1, f"one household of that protocol for {who}")
        return str(nodes[0]["id"])

    async def _step(self, title: str, who: str, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        self.steps += 1
        self.console.rule()
        self.console.print(f"[bold]{self.steps}. {title}")
        self.console.print(f"as [bold]{who}[/bold], POST /graphql", highlight=False)
        self.console.print(Syntax(query, "graphql", background_color="default"))
        if variables:
            self.console.print(Syntax(_json(variables), "json", background_color="default"))
        answer = await self.ask(who, query, variables)
        self.console.print("answer:")
        self.console.print(Syntax(_json(answer), "json", background_color="default"))
        return answer

    async def ask(self, who: str, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Ask the hub as a consumer, with a voucher of the simulated PDND and the operator's evidence; or as the citizen."""
        body = orjson.dumps({"query": query, "variables": variables})
        if who == CITIZEN:
            headers = await self._logged_in(self.simulation.world.person.fiscal_code)
        else:
            secured = await self._access(who).secure(
                body, operator=Operator(f"{who}-operator-1", f"{who}-desk-7", "high")
            )
            headers = dict(secured.headers)
        answer = await self.http.post(f"{self.address}/graphql", content=body, headers=headers)
        content = answer.json()
        if answer.status_code != 200 or "errors" in content:
            raise TourFailed(f"{who}: HTTP {answer.status_code}: {_json(content)}")
        data: dict[str, Any] = content["data"]
        return data

    async def _logged_in(self, fiscal_code: str) -> dict[str, str]:
        """The headers of the app a citizen logged in to, at the simulated identity provider."""
        form = {"grant_type": GRANT, "fiscal_code": fiscal_code, "acr_values": LEVELS[1]}
        answer = await self.http.post(f"{self.simulation.urls['identity']}/token", data=form)
        return {
            "Authorization": f"Bearer {answer.raise_for_status().json()['access_token']}",
            "Content-Type": "application/json",
        }

    def _access(self, who: str) -> EServiceAccess:
        if who not in self._accesses:
            consumer = self.simulation.registry.consumer(who)
            identity = ClientIdentity.from_pem(consumer.client_id, self.simulation.keys.path(who))
            exchange = Exchange("PDND", Policy(), self.http)
            tokens = TokenEndpoint(
                identity, exchange, url=self.simulation.token_url, assertion_audience=ASSERTION_AUDIENCE
            )
            self._accesses[who] = EServiceAccess(
                identity,
                Passes(identity, tokens),
                purpose_id=consumer.purpose_for("hub").purpose_id,
                audiences=[HUB_AUDIENCE],
            )
        return self._accesses[who]

    def _expect(self, holds: bool, what: str) -> None:
        if not holds:
            raise TourFailed(f"Step {self.steps}: the answer should hold {what}, and does not.")


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
