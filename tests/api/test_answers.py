# SPDX-License-Identifier: EUPL-1.2
"""Every root field and every type, against the reference, as each caller sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.api.conftest import Agree, Service
    from tests.api.world import World

CALLERS = (
    "centre",
    "east",
    "two-centres",
    "municipality",
    "two-towns",
    "region",
    "two-regions",
    "inps",
    "nowhere",
)

PLACE = "municipality { istatCode belfioreCode name province regionCode }"
PERSON = f"""
  __typename id fiscalCode givenName familyName birthDate sex {PLACE} employmentCentre {{ code name regionCode }}
  employmentStatus obligation
"""
PACT = "__typename id kind status createdOn signedOn goals { ordinal description status dueOn __typename }"
HOUSEHOLD = f"""
  __typename id inpsProtocol measure {PLACE} caseManager
  benefit {{ __typename measure status startsOn endsOn monthlyAmount }}
"""
EVENT = "__typename id type occurredAt recordedAt source { code name kind } note position"
PAGE = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor __typename } totalCount __typename"
PERSON_PAGE = f"""
  {PERSON}
  household {{ {HOUSEHOLD} members {{ id household {{ id }} }} pacts {{ {PACT} }} }}
  pacts {{ {PACT} household {{ id }} beneficiary {{ id }} }}
  activities {{ __typename kind status title startsOn endsOn pact {{ id }}
    ... on TrainingActivity {{ course {{ id title }} beneficiary {{ id }} }} }}
  convocations {{ scheduledAt channel reason outcome beneficiary {{ id }} }}
  pucAssignments {{ beneficiary {{ id }} status pot weeklyHours startsOn endsOn project {{ id title description field site partner }} }}
  conditionalityEvents {{ nodes {{ {EVENT} pact {{ {PACT} }} }} edges {{ cursor node {{ id }} }} {PAGE} }}
"""
OFFER = f"""
  __typename id title employerName professionCode contractType weeklyHours monthlyPay places {PLACE} publishedOn
  expiresOn status source {{ code name kind }}
"""
COURSE = f"""
  __typename id title providerName mode {PLACE} startsOn endsOn hours places enrolled status source {{ code }}
"""
PROJECT = f"""
  __typename id title description field {PLACE} site partner weeklyHours placesMunicipality placesCentre
  placesVolunteer startsOn endsOn status
"""
OPPORTUNITY = f"""
  __typename id title availableFrom places status municipality {{ name }}
  ... on JobOffer {{ {OFFER} }} ... on TrainingCourse {{ {COURSE} }}
  ... on PucProject {{ {PROJECT.replace("weeklyHours", "hoursOfProject: weeklyHours")} }}
  ... on Node {{ again: id }} ... on Opportunity {{ title }}
"""
LISTS = {
    "beneficiaries": PERSON_PAGE,
    "households": f"{HOUSEHOLD} members {{ {PERSON} }} pacts {{ {PACT} beneficiary {{ id }} household {{ id }} }} "
    f"conditionalityEvents(last: 2) {{ nodes {{ {EVENT} beneficiary {{ id }} }} {PAGE} }}",
    "pacts": f"{PACT} household {{ {HOUSEHOLD} }} beneficiary {{ {PERSON} }} activities {{ title beneficiary {{ id }} }} "
    f"conditionalityEvents(first: 2) {{ nodes {{ {EVENT} beneficiary {{ id }} }} {PAGE} }}",
    "conditionalityEvents": f"{EVENT} beneficiary {{ {PERSON} }} pact {{ {PACT} }}",
    "jobOffers": OFFER,
    "trainingCourses": f"{COURSE} participations {{ nodes {{ __typename title beneficiary {{ id }} course {{ id }} }} {PAGE} }}",
    "pucProjects": f"{PROJECT} assignments(first: 1) {{ nodes {{ status beneficiary {{ id }} }} {PAGE} }}",
    "opportunities": OPPORTUNITY,
    "quarantine": "__typename id source { code name } flow recordKey field reason receivedAt resolvedAt dismissedBecause",
}


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("name", LISTS)
async def test_each_list_holds_what_the_caller_may_see(name: str, caller: str, agree: Agree) -> None:
    await agree(
        f"{{ {name} {{ nodes {{ {LISTS[name]} }} edges {{ cursor node {{ id }} }} {PAGE} }} }}", caller
    )


@pytest.mark.parametrize("caller", ["centre", "two-towns", "region", "inps"])
async def test_each_person_and_household_and_pact_by_its_key(caller: str, agree: Agree, world: World) -> None:
    for person in world.people.values():
        await agree(
            f"query ($code: FiscalCode!) {{ beneficiary(fiscalCode: $code) {{ {PERSON} household {{ id }} }} }}",
            caller,
            code=person.fiscal_code,
        )
    for key in world.households.values():
        await agree(
            f"query ($id: ID!) {{ household(id: $id) {{ {LISTS['households']} }} }}",
            caller,
            id=f"hsh_{key.hex}",
        )
    for key in world.pacts.values():
        await agree(
            f"query ($id: ID!) {{ pact(id: $id) {{ {LISTS['pacts']} }} }}", caller, id=f"pct_{key.hex}"
        )


@pytest.mark.parametrize("caller", CALLERS)
async def test_a_node_of_every_kind(caller: str, agree: Agree, world: World) -> None:
    query = f"""
      query ($id: ID!) {{
        node(id: $id) {{
          __typename id ...People
          ... on Household {{ {HOUSEHOLD} }}
          ... on Pact {{ {PACT.replace(" status", " state: status", 1)} }}
          ... on ConditionalityEvent {{ happened: type occurredAt note position source {{ code }} }}
          ... on JobOffer {{ {OFFER} }} ... on TrainingCourse {{ {COURSE} }}
          ... on PucProject {{ {PROJECT.replace("weeklyHours", "hoursOfProject: weeklyHours")} }}
          ... on Node {{ again: id }}
        }}
      }}
      fragment People on Beneficiary {{ {PERSON} }}
    """
    for node in (*world.nodes, "ben_" + "0" * 32, "xyz_" + "0" * 32):
        await agree(query, caller, id=node)


async def test_the_feed_as_inps_reads_it(agree: Agree) -> None:
    query = f"""
      query ($after: String, $first: Int!) {{
        conditionalityFeed(after: $after, first: $first) {{
          __typename entries {{ __typename position fiscalCode inpsProtocol event {{ {EVENT} beneficiary {{ id }} }} }}
          endCursor hasMore
        }}
      }}
    """
    cursor, read = None, []
    for _ in range(40):
        page = (await agree(query, "inps", after=cursor, first=3))["conditionalityFeed"]
        read += [entry["position"] for entry in page["entries"]]
        cursor = page["endCursor"]
        if not page["hasMore"]:
            break
    assert read == list(range(1, len(read) + 1))
    assert len(read) == 18
    await agree(query, "inps", after=cursor, first=3)
    await agree(query, "inps", first=0)
    for part in (
        "endCursor",
        "hasMore",
        "__typename",
        "entries { __typename }",
        "entries { position } hasMore",
    ):
        await agree(f"{{ conditionalityFeed {{ {part} }} }}", "inps")
        await agree(f'{{ conditionalityFeed(first: 1, after: "2") {{ {part} }} }}', "inps")


async def test_a_cursor_beyond_the_feed_is_of_another(ask: Service) -> None:
    for part in ("endCursor", "entries { __typename }"):
        answer = await ask(f'{{ conditionalityFeed(after: "999999999999999999") {{ {part} }} }}', as_="inps")
        assert answer.codes == ["CURSOR_AHEAD"]


FILTERS: dict[str, list[str]] = {
    "beneficiaries": [
        "{}",
        "{ obligation: OBLIGED }",
        "{ employmentStatus: EMPLOYED, obligation: EXEMPT }",
        "{ measure: RDC }",
        '{ municipality: "L219" }',
        '{ municipality: "Z999" }',
        '{ employmentCentre: "H501C900032" }',
        '{ fiscalCode: " 12345678903 " }',
        "{ obligation: null, measure: ADI }",
    ],
    "households": ["{ measure: ADI }", '{ municipality: "H501" }', '{ inpsProtocol: "INPS-ADI-2026-mixed" }'],
    "pacts": ["{ kinds: [INCLUSION, WORK] }", "{ kinds: WORK, statuses: [ACTIVE] }", "{ kinds: [] }"],
    "jobOffers": ["{ status: OPEN }", '{ municipality: "L219" }', '{ regionCode: "12", status: CLOSED }'],
    "trainingCourses": ["{ status: WITHDRAWN }", '{ municipality: "H501" }', '{ regionCode: "01" }'],
    "opportunities": [
        "{ status: OPEN }",
        '{ municipality: "H501" }',
        '{ regionCode: "12", status: CLOSED }',
        '{ municipality: "Z999" }',
    ],
    "pucProjects": [
        "{ field: SOCIAL }",
        "{ status: OPEN }",
        '{ municipality: "H501" }',
        '{ regionCode: "12" }',
    ],
    "quarantine": [
        '{ source: "inps" }',
        '{ source: "regione-12", flow: "job-offers" }',
        '{ or: [{ field: "codTipoPolitica" }, { flow: "communications" }] }',
        '{ not: { field: "codTipoPolitica" } }',
        '{ receivedBefore: "2026-09-15T12:00:00Z" }',
    ],
    "conditionalityEvents": [
        "{ types: [CONVOCATION_MISSED, PUC_NOT_JOINED] }",
        '{ occurredFrom: "2026-09-03T11:00:00+02:00" }',
        '{ occurredBefore: "2026-09-03T09:00:00Z" }',
        '{ occurredFrom: "2026-09-02T00:00:00Z", occurredBefore: "2026-09-05T00:00:00Z", types: [] }',
    ],
}


@pytest.mark.parametrize("name", FILTERS)
async def test_each_filter(name: str, agree: Agree) -> None:
    for caller in ("inps", "two-centres"):
        for condition in FILTERS[name]:
            await agree(f"{{ {name}(filter: {condition}) {{ totalCount nodes {{ id }} }} }}", caller)


async def test_nested_events_with_filters_orders_and_pages(agree: Agree) -> None:
    await agree(
        """{ beneficiaries(first: 30) { nodes { id
             two: conditionalityEvents(first: 2) { nodes { id } pageInfo { hasNextPage endCursor } totalCount }
             oldest: conditionalityEvents(orderBy: OCCURRED_AT_ASC, first: 1) { edges { cursor node { occurredAt } } }
             last: conditionalityEvents(last: 2) { nodes { id } pageInfo { hasPreviousPage startCursor } }
             none: conditionalityEvents(first: 0) { nodes { id } pageInfo { hasNextPage startCursor } }
             some: conditionalityEvents(filter: { types: [PACT_SIGNED] }) { totalCount }
             conditionalityEvents { __typename }
        } } }""",
        "inps",
    )


async def test_a_list_without_rows(agree: Agree) -> None:
    for name in LISTS:
        page = f"{{ nodes {{ id }} edges {{ cursor }} {PAGE} }}"
        await agree(f"{{ {name}(first: 0) {page} }}")
        if name not in ("jobOffers", "trainingCourses", "pucProjects", "opportunities"):
            await agree(f"{{ {name} {page} }}", "nowhere")
