# SPDX-License-Identifier: EUPL-1.2
"""Every field of the schema, as every shipped purpose: asked for by the smallest operation, it is answered or refused as the set says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.api.conftest import PURPOSES
from tests.api.minimal import ROOTS, Step, arguments_for, needed_by, operation, ways
from tests.api.operations import WHOLE
from tests.api.purposes import LEVELS, FieldSet, members

if TYPE_CHECKING:
    from tests.api.conftest import Service
    from tests.api.world import World

TYPES = sorted({coordinate.partition(".")[0] for coordinate in LEVELS})


ADMINISTERED = frozenset(
    {
        "Query.agencies",
        "Query.agency",
        "Query.fieldSets",
        "Query.feedConsumers",
        "Mutation.registerAgency",
        "Mutation.grantPurpose",
        "Mutation.revokeGrant",
        "Mutation.withdrawClient",
        "Mutation.defineFieldSet",
        "Mutation.setCallLimits",
        "Mutation.resendDelivery",
        "Mutation.publishJobOffer",
        "Mutation.publishPlacement",
        "Mutation.publishTrainingCourse",
        "Mutation.withdrawOpportunity",
    }
)
"""Roots that need ADMINISTER or PUBLISH_OPPORTUNITIES, whose answers are public as far as fields go."""


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("name", PURPOSES)
async def test_every_field(
    name: str, kind: str, ask: Service, world: World, purposes: dict[str, FieldSet]
) -> None:
    purpose = purposes[name]
    to = ways(purpose.permits)[kind]
    fields: list[str] = [one.partition(".")[2] for one in LEVELS if one.startswith(f"{kind}.")]
    for field in fields:
        way = (*to, Step(kind, field))
        if way[0].coordinate in ADMINISTERED:
            continue  # not theirs: tests/api/test_administration.py, tests/api/test_publications.py
        if way[0].kind == "Subscription":
            continue  # a stream: tests/api/test_fields.py
        text = operation(way, arguments_for(world))
        answer = await ask(text, as_=f"of-{name}")
        refused = {one for one in needed_by(way) if not purpose.permits(one)}
        errors = answer.json.get("errors", [])
        if refused:
            assert (answer.status, {*answer.codes}) == (403, {"FORBIDDEN_FIELD"}), text
            assert {error["extensions"]["coordinate"] for error in errors} == refused, text
            assert "data" not in answer.json
        else:
            assert {error["extensions"]["code"] for error in errors} <= {"UPSTREAM_UNAVAILABLE"}, (
                text,
                errors,
            )
            assert "data" in answer.json


def test_every_type_is_reached() -> None:
    reached = ways(lambda _: True)
    assert {kind for kind in TYPES if kind not in ROOTS} <= reached.keys()
    assert {
        f"{kind}.{name}" for kind in WHOLE.type_map for name in getattr(WHOLE.type_map[kind], "fields", {})
    } >= LEVELS.keys()


def test_the_ministry_reaches_no_row(purposes: dict[str, FieldSet]) -> None:
    ministry = purposes["ministry"]
    for kind in TYPES:
        for name in ("nodes", "edges", "pageInfo", "node", "cursor"):
            coordinate = f"{kind}.{name}"
            if LEVELS.get(coordinate) == "PERSONAL" and kind.endswith(("Connection", "Edge")):
                assert not ministry.permits(coordinate), coordinate


def test_a_centre_sees_no_social_support(purposes: dict[str, FieldSet]) -> None:
    assert purposes["employment-centre"].unseen == {"SocialSupportActivity"}
    assert purposes["municipality"].unseen == set()
    assert purposes["inps"].unseen == set(members("Activity"))


@pytest.mark.parametrize("interface", ["Node", "Opportunity"])
async def test_a_fragment_on_an_interface_within_a_union_hides_nothing(interface: str, ask: Service) -> None:
    within = "Beneficiary { givenName }" if interface == "Node" else "JobOffer { source { name } }"
    answer = await ask(
        f"{{ _entities(representations: []) {{ ... on {interface} {{ __typename ... on {within} }} }} }}",
        as_="of-inps",
    )
    if interface == "Node":
        assert (answer.status, answer.codes) == (403, ["FORBIDDEN_FIELD"])
        assert answer.json["errors"][0]["extensions"]["coordinate"] == "Beneficiary.givenName"
    else:
        assert answer.status == 200, answer.body
