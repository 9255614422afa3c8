# SPDX-License-Identifier: EUPL-1.2
"""Whether a person is bound, by the rules of its household's measure: beside what an agency said (docs/adr/0039)."""

from __future__ import annotations

import datetime
from typing import Any
from uuid import UUID

import strawberry
from strawberry.utils.str_converters import to_camel_case

from hub.casework.household_facts import facts_of_person
from hub.casework.obligation_facts import duty_of
from hub.plan.declare import Computed, Derived
from hub.store.vocabulary import Measure, Obligation
from schema.cost import about
from schema.entitlement import household_on
from schema.legal_reasons import LegalReason
from schema.sensitivity import special


@special
@strawberry.type(
    description="Whether the law binds the person (tenuto agli obblighi), by what is known of it on a day. What holds for the services is `Beneficiary.obligation`."
)
class ObligationByRule:
    measure: Measure
    on: datetime.date
    obligation: Obligation | None = strawberry.field(
        description="Null: undetermined, until what is missing is known."
    )
    agrees: bool | None = strawberry.field(
        description="Whether `Beneficiary.obligation` says the same; null where undetermined."
    )
    missing: list[str] = strawberry.field(
        description="The facts that could change the answer and are not known.", directives=[about(3)]
    )
    reasons: list[LegalReason] = strawberry.field(
        description="The rule that decided, with its article; where undetermined, those that may.",
        directives=[about(3)],
    )
    schooling: LegalReason | None = strawberry.field(
        description="Why the person attends first-level adult education, or may have to (istruzione degli adulti)."
    )


OBLIGATION = Derived(needs=("id", "obligation"), reads=(("facts", Computed(facts_of_person)),))
"""What `Beneficiary.obligation_by_rule` is worked out from."""


def obligation_of(key: str, said: str, told: list[Any], on: datetime.date) -> ObligationByRule | None:
    """The answer of the rules on a day, beside `said`, an agency's; None: the person was not born.

    Raises:
        DateTooFar, BeforeTheLaw, AfterTheLaw: as `schema.entitlement.entitlement_of`.

    """
    household = household_on(key, told, on)
    found = duty_of(household, UUID(key))
    if found is None:
        return None
    return ObligationByRule(
        measure=household.measure,
        on=on,
        obligation=found.bound,
        agrees=None if found.bound is None else found.bound == said,
        missing=[to_camel_case(name) for name in found.missing],
        reasons=[LegalReason.of(reason) for reason in found.reasons],
        schooling=None if found.schooling is None else LegalReason.of(found.schooling.reason),
    )
