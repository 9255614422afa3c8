# SPDX-License-Identifier: EUPL-1.2
"""What a permission comes to in the schema, and that the schema says it of every field."""

from __future__ import annotations

import pytest
import strawberry
from sqlalchemy import Text

from hub.access.fields import PUBLIC_ONLY, FieldPermission, Sensitivity, field_permission
from hub.plan.catalogue import SchemaMismatch, read_catalogue
from hub.plan.declare import Condition, Pages, Rooted, stands_on, stored
from hub.plan.marked import check_marks
from hub.store import tables
from schema.build import build_schema
from schema.cost import PAGED
from schema.node import Connection, Cursor, First, Last
from schema.sensitivity import PUBLIC, mark, personal

POLICY = build_schema()[1].fields


def _of(*coordinates: str) -> FieldPermission:
    return field_permission((one, "set") for one in coordinates)


def test_every_field_has_a_level() -> None:
    assert POLICY.unmarked == []
    assert POLICY.levels["Query.jobOffers"] is Sensitivity.PUBLIC
    assert POLICY.levels["BeneficiaryConnection.nodes"] is Sensitivity.PERSONAL
    assert POLICY.levels["JobOfferConnection.nodes"] is Sensitivity.PUBLIC
    assert POLICY.levels["BeneficiaryConnection.totalCount"] is Sensitivity.PUBLIC
    assert POLICY.levels["SocialSupportActivity.kind"] is Sensitivity.SPECIAL
    assert POLICY.levels["TrainingActivity.kind"] is Sensitivity.PERSONAL


def test_what_is_public_is_everybody_s() -> None:
    reached = POLICY.permitted(PUBLIC_ONLY)
    assert {*reached} == {one for one, level in POLICY.levels.items() if level is Sensitivity.PUBLIC}
    assert {*reached.values()} == {None}


def test_all_of_a_type_is_what_is_personal_of_it() -> None:
    reached = POLICY.permitted(_of("Beneficiary.*"))
    assert reached["Beneficiary.fiscalCode"] == "set"
    assert "Beneficiary.obligation" not in reached
    assert POLICY.permitted(_of("Beneficiary.obligation"))["Beneficiary.obligation"] == "set"
    assert "SocialSupportActivity.title" not in POLICY.permitted(_of("SocialSupportActivity.*"))


def test_an_interface_s_field_is_that_of_all_its_types() -> None:
    assert "Node.id" not in POLICY.permitted(_of("Beneficiary.id", "Household.id", "Pact.id"))
    whole = POLICY.permitted(
        _of("Beneficiary.id", "Household.id", "Pact.id", "ConditionalityEvent.id", "Delivery.id")
    )
    assert whole["Node.id"] == "set"
    assert "Node.id" not in POLICY.permitted(_of("Node.id")), "an interface is not granted by its own name"


def test_types_that_share_a_table_and_of_which_nothing_is_granted_are_not_seen() -> None:
    some = _of("TrainingActivity.*", "PlacementActivity.title")
    assert POLICY.unseen(some) == {
        "OrientationActivity", "JobSearchActivity", "SchoolingActivity", "SocialSupportActivity",
    }  # fmt: skip
    assert "Activity.title" in POLICY.permitted(some)
    assert "Activity.status" not in POLICY.permitted(some)
    assert "Activity.title" not in POLICY.permitted(PUBLIC_ONLY)
    assert "SocialSupportActivity" in POLICY.unseen(_of("SocialSupportActivity.*")), (
        "which adds nothing that is special"
    )


def test_permissions_of_one_content_are_one() -> None:
    one = _of("Pact.kind", "Pact.*")
    assert one is _of("Pact.*", "Pact.kind")
    assert one is not _of("Pact.*")
    assert POLICY.permitted(one) is POLICY.permitted(_of("Pact.kind", "Pact.*"))
    first = field_permission([("Pact.kind", "a"), ("Pact.kind", "b")])
    assert POLICY.permitted(first)["Pact.kind"] == "a"


@strawberry.input
class AgencyFilter:
    code: str | None = strawberry.field(
        default=strawberry.UNSET,
        metadata=stands_on(Condition(lambda row, value: row.c.code == value, Text())),
    )
    hidden: str | None = strawberry.field(
        default=strawberry.UNSET,
        metadata=stands_on(Condition(lambda row, value: row.c.kind == value, Text(), compares=("kind",))),
    )


@stored(tables.Agency)
@strawberry.type
class Agency:
    code: str
    name: str = strawberry.field(directives=[PUBLIC])


@personal
@strawberry.type
class Query:
    @strawberry.field(metadata=stands_on(Rooted(Pages())), directives=[PAGED])  # type: ignore[untyped-decorator]
    def agencies(
        self,
        filter: AgencyFilter | None = strawberry.UNSET,  # noqa: A002
        first: First = strawberry.UNSET,
        after: Cursor = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Cursor = strawberry.UNSET,
    ) -> Connection[Agency]:
        raise AssertionError


def test_a_schema_that_says_it_not_of_each_field() -> None:
    built = strawberry.Schema(query=Query)._schema
    mark(built, described=False)
    with pytest.raises(SchemaMismatch) as refused:
        check_marks(read_catalogue(built))
    told = str(refused.value)
    assert "Agency.code has no @sensitivity" in told
    assert "Agency.name" not in told
    assert "Query.agencies" not in told
    assert "AgencyFilter.code says not which fields it compares" in told
    assert "AgencyFilter.hidden compares what no field shows: Agency has no field that shows kind" in told
