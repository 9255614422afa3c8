# SPDX-License-Identifier: EUPL-1.2
"""Who is asking, for what purpose, and how far that reaches."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from hub.access.fields import PUBLIC_ONLY, FieldPermission
from hub.access.refusal import Check, NotGranted
from hub.store.vocabulary import AgencyKind, Capability, Demand, GrantScope


@dataclass(frozen=True)
class Scope:
    """How far the rows reach, as far as a statement's text depends on it: two callers of one scope share their plans."""

    kind: GrantScope
    single: bool
    """Whether the territory is one area: then it is compared with `=`, which an index can follow in order."""
    unseen: frozenset[str] = frozenset()
    """Types of the schema of which the caller sees no row, where several share a table (`hub.plan.sensitivity`)."""


@dataclass(frozen=True)
class Caller:
    """An agency under one of its purposes; or a citizen, under the purpose that stands for all of them."""

    agency_id: UUID
    agency_code: str
    agency_kind: AgencyKind
    client_id: UUID | None
    """The PDND client; None for a citizen, who has none."""
    purpose_id: UUID
    scope: Scope
    centres: tuple[UUID, ...] = ()
    municipalities: tuple[UUID, ...] = ()
    regions: tuple[str, ...] = ()
    capabilities: frozenset[Capability] = field(default_factory=frozenset)
    demands: frozenset[Demand] = field(default_factory=frozenset)
    """What its agency must present, or be given, beyond the voucher."""
    fields: FieldPermission = PUBLIC_ONLY
    """What it may select beyond what is public."""
    person_id: UUID | None = None
    """The citizen; None for an agency."""
    household_id: UUID | None = None
    """The citizen's household."""

    def require(self, capability: Capability) -> None:
        """Raise Forbidden unless the purpose was granted the capability."""
        if capability not in self.capabilities:
            raise NotGranted(
                f"Purpose {self.purpose_id} of {self.agency_code} is not granted {capability.value}.",
                check=Check.CAPABILITY,
                claim="purposeId",
                expected=f"a purpose that is granted {capability.value}",
                received=f"`{self.purpose_id}`",
                remedy="Ask whoever runs the hub for it, or use a voucher of the purpose that has it.",
                requires=capability.value,
            )
