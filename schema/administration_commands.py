# SPDX-License-Identifier: EUPL-1.2
"""What administrators change: the same commands as `snodo agency`, by the same functions of `hub.access`.

Each is idempotent by nature: done twice, nothing more is changed. None takes an idempotency key.
"""

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import strawberry
from strawberry.utils.str_converters import to_camel_case

from hub.access.actors import Actor
from hub.access.call_limits import Limits, read_limits, set_limits
from hub.access.consumers import GRANT_PREFIX, AgencyEntry, agency_of
from hub.access.field_sets import define_field_set
from hub.access.grants import Grant as GrantTerms
from hub.access.registration import (
    FIELD_SET_OF,
    NewAgency,
    grant_purpose,
    register_agency,
    revoke,
    revoke_grant,
    withdraw_client,
)
from hub.access.registry_refusals import (
    InvalidRegistration,
    RegistryRefusalCode,
    RegistryRefused,
    UnknownAgency,
    UnknownClient,
    UnknownField,
    UnknownGrant,
)
from hub.errors import InvalidInput
from hub.plan.declare import Guarded, stands_on
from hub.store.identifiers import decode_id, encode_id
from hub.store.statement import Connection
from hub.store.vocabulary import AccessDoor, AgencyKind, Capability, Demand, GrantScope
from schema.administration import FieldSet, Grant, RegisteredAgency
from schema.context import Info
from schema.cost import about, costs
from schema.scalars import BigInt
from schema.sensitivity import PUBLIC, public

strawberry.enum(
    RegistryRefusalCode, name="RegistryErrorCode", description="Why an administrator's command was refused."
)
ADMINISTERS = stands_on(Guarded(Capability.ADMINISTER))
COMMAND = costs(200)


@public
@strawberry.type(description="An expected refusal: what the administrator can mend.")
class RegistryError:
    code: RegistryRefusalCode
    message: str
    path: list[str] = strawberry.field(
        description="The member of the input it is about.", directives=[about(2)]
    )


def _user_errors() -> Any:
    """The member of every payload that says what was refused."""
    return strawberry.field(default_factory=list, directives=[about(1)])


@strawberry.input(description="An agency to register, or to change.")
class RegisterAgencyInput:
    code: str = strawberry.field(description="How you call it: lower case, digits, dashes.")
    name: str
    kind: AgencyKind
    client_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Its PDND clients; those it has besides stay."
    )
    consumer_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="Its organisation on PDND: a voucher of another is refused. Not given is not taken away.",
    )
    demands: list[Demand] | None = strawberry.field(
        default=strawberry.UNSET,
        description="What it must present beyond its voucher. Not given: as it is; of a new one, what the hub demands of all.",
    )


@strawberry.input(description="A grant for a purpose of a registered agency, beside those it has.")
class GrantPurposeInput:
    agency_code: str
    purpose_id: strawberry.ID
    description: str = strawberry.field(description="What the purpose is, in its words on PDND.")
    scope: GrantScope
    areas: list[str] = strawberry.field(
        default_factory=list,
        description="Codes of centres, municipalities, ambiti or regions, as the scope says.",
    )
    capabilities: list[Capability] = strawberry.field(default_factory=list)
    field_set: str | None = strawberry.field(
        default=strawberry.UNSET, description="Not given: the one of the agency's kind."
    )
    fields: list[str] = strawberry.field(
        default_factory=list, description="Coordinates beside those of the set."
    )
    valid_from: datetime.datetime | None = strawberry.field(
        default=strawberry.UNSET, description="Not given: at once."
    )
    valid_to: datetime.datetime | None = strawberry.UNSET


@strawberry.input(description="What is to end: one grant, or all grants of a purpose; the one or the other.")
class RevokeGrantInput:
    grant_id: strawberry.ID | None = strawberry.UNSET
    purpose_id: strawberry.ID | None = strawberry.UNSET


@strawberry.input(description="A client whose vouchers are to be refused.")
class WithdrawClientInput:
    client_id: strawberry.ID


@strawberry.input(description="A field set to define, or to define anew.")
class DefineFieldSetInput:
    name: str
    description: str
    fields: list[str] = strawberry.field(
        description="Coordinates: `Beneficiary.sex`, or `Beneficiary.*` for all of a type that are personal."
    )


@strawberry.input(description="How often a consumer may ask: of one purpose, or, without it, of all of them.")
class SetCallLimitsInput:
    agency_code: str = strawberry.field(description="`citizens` for each citizen.")
    purpose_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Not given: the consumer as a whole."
    )
    per_minute: BigInt | None = strawberry.field(
        default=strawberry.UNSET, description="Calls a minute, of the purpose or of each of them."
    )
    per_day: BigInt | None = strawberry.field(
        default=strawberry.UNSET, description="Calls a day, of the purpose or of all of them together."
    )
    to_default: bool = strawberry.field(
        default=False, description="Take back first what was set: the hub's settings hold again."
    )


@public
@strawberry.type(description="The agency as it is now registered, or why it is not.")
class AgencyPayload:
    agency: RegisteredAgency | None = None
    user_errors: list[RegistryError] = _user_errors()


@public
@strawberry.type(description="The grant that the purpose has, and its agency; or why it has none.")
class GrantPurposePayload:
    grant: Grant | None = None
    agency: RegisteredAgency | None = None
    user_errors: list[RegistryError] = _user_errors()


@public
@strawberry.type(description="How many grants ended now, or why none was looked for.")
class RevokeGrantPayload:
    ended: int | None = None
    user_errors: list[RegistryError] = _user_errors()


@public
@strawberry.type(description="The client that is withdrawn, or why it is not.")
class WithdrawClientPayload:
    client_id: strawberry.ID | None = None
    user_errors: list[RegistryError] = _user_errors()


@public
@strawberry.type(description="The field set as it now is, or why it is not.")
class FieldSetPayload:
    field_set: FieldSet | None = None
    user_errors: list[RegistryError] = _user_errors()


@public
@strawberry.type(description="How often a purpose may ask, and how often it has today. Null: no limit.")
class CallLimits:
    purpose_id: strawberry.ID
    per_minute: BigInt = strawberry.field(description="Of the citizens' purpose, of each citizen.")
    per_day: BigInt | None
    used_today: BigInt
    consumer_per_day: BigInt | None = strawberry.field(description="Of all its consumer's purposes together.")
    consumer_used_today: BigInt

    @classmethod
    def of(cls, limits: Limits) -> CallLimits:
        return cls(
            purpose_id=strawberry.ID(str(limits.purpose_id)),
            per_minute=BigInt(limits.per_minute),
            per_day=_calls(limits.per_day),
            used_today=BigInt(limits.used),
            consumer_per_day=_calls(limits.consumer_per_day),
            consumer_used_today=BigInt(limits.consumer_used),
        )


def _calls(limit: int | None) -> BigInt | None:
    return None if limit is None else BigInt(limit)


@public
@strawberry.type(
    description="The limits of the agency's purposes as they now are, or why they stay as they were."
)
class CallLimitsPayload:
    limits: list[CallLimits] | None = strawberry.field(default=None, directives=[about(2)])
    user_errors: list[RegistryError] = _user_errors()


@strawberry.type
class AdministrationMutation:
    @strawberry.mutation(
        description="Register an agency and its PDND clients, or change it. For purposes granted ADMINISTER.",
        directives=[PUBLIC, COMMAND],
        metadata=ADMINISTERS,
    )
    async def register_agency(self, info: Info, input: RegisterAgencyInput) -> AgencyPayload:  # noqa: A002
        try:
            agency = NewAgency(
                code=input.code,
                name=input.name,
                kind=input.kind,
                clients=[_uuid(one, "client_ids") for one in input.client_ids],
                consumer_id=_uuid(input.consumer_id, "consumer_id") if input.consumer_id else None,
                demands=None if not isinstance(input.demands, list) else frozenset(input.demands),
                new_demands=info.context.means.new_demands,
            )
            async with _connection(info) as connection:
                await register_agency(connection, agency, actor=_actor(info))
                found = await _agency(connection, input.code)
        except RegistryRefused as refused:
            return AgencyPayload(user_errors=_told(refused))
        return AgencyPayload(agency=RegisteredAgency.of(found))

    @strawberry.mutation(
        description="Give a purpose a grant beside those it has: areas add up, all else must agree. For purposes granted ADMINISTER.",
        directives=[PUBLIC, COMMAND],
        metadata=ADMINISTERS,
    )
    async def grant_purpose(self, info: Info, input: GrantPurposeInput) -> GrantPurposePayload:  # noqa: A002
        try:
            purpose_id = _uuid(input.purpose_id, "purpose_id")
            _check_fields(input.fields)
            async with _connection(info) as connection:
                agency = await _agency(connection, input.agency_code)
                terms = GrantTerms(
                    scope=input.scope,
                    areas=input.areas,
                    capabilities=frozenset(input.capabilities),
                    field_set=input.field_set or FIELD_SET_OF[agency.kind],
                    fields=frozenset(input.fields),
                    valid_from=input.valid_from or None,
                    valid_to=input.valid_to or None,
                )
                key = await grant_purpose(
                    connection, input.agency_code, purpose_id, input.description, terms, actor=_actor(info)
                )
                agency = await _agency(connection, input.agency_code)
        except RegistryRefused as refused:
            return GrantPurposePayload(user_errors=_told(refused))
        given = encode_id(GRANT_PREFIX, key)
        grants = (grant for purpose in agency.purposes for grant in purpose.grants if grant.id == given)
        return GrantPurposePayload(grant=Grant.of(next(grants)), agency=RegisteredAgency.of(agency))

    @strawberry.mutation(
        description="End a grant, or every grant of a purpose, at once. For purposes granted ADMINISTER.",
        directives=[PUBLIC, COMMAND],
        metadata=ADMINISTERS,
    )
    async def revoke_grant(self, info: Info, input: RevokeGrantInput) -> RevokeGrantPayload:  # noqa: A002
        try:
            if bool(input.grant_id) == bool(input.purpose_id):
                raise InvalidRegistration("Name a grant, or a purpose.", about="grant_id")
            async with _connection(info) as connection:
                if input.purpose_id:
                    ended = await revoke(
                        connection, _uuid(input.purpose_id, "purpose_id"), actor=_actor(info)
                    )
                else:
                    grant_id = _grant_id(str(input.grant_id))
                    ended = await revoke_grant(connection, grant_id, actor=_actor(info))
        except RegistryRefused as refused:
            return RevokeGrantPayload(user_errors=_told(refused))
        return RevokeGrantPayload(ended=ended)

    @strawberry.mutation(
        description="Take a client's registration back: its vouchers are refused at once. For purposes granted ADMINISTER.",
        directives=[PUBLIC, COMMAND],
        metadata=ADMINISTERS,
    )
    async def withdraw_client(self, info: Info, input: WithdrawClientInput) -> WithdrawClientPayload:  # noqa: A002
        try:
            client_id = _uuid(input.client_id, "client_id", UnknownClient)
            async with _connection(info) as connection:
                await withdraw_client(connection, client_id, actor=_actor(info))
        except RegistryRefused as refused:
            return WithdrawClientPayload(user_errors=_told(refused))
        return WithdrawClientPayload(client_id=input.client_id)

    @strawberry.mutation(
        description="Define a field set, or define it anew: every grant that names it reaches these fields at once. For purposes granted ADMINISTER.",
        directives=[PUBLIC, COMMAND],
        metadata=ADMINISTERS,
    )
    async def define_field_set(self, info: Info, input: DefineFieldSetInput) -> FieldSetPayload:  # noqa: A002
        from schema.coordinates import coordinates  # it reads the schema this module is part of

        try:
            async with _connection(info) as connection:
                entry = await define_field_set(
                    connection,
                    input.name,
                    input.description,
                    input.fields,
                    coordinates(),
                    actor=_actor(info),
                )
        except RegistryRefused as refused:
            return FieldSetPayload(user_errors=_told(refused))
        return FieldSetPayload(field_set=FieldSet.of(entry))

    @strawberry.mutation(
        description="Limit how often a consumer may ask; with nothing but its code, only say how often. For purposes granted ADMINISTER.",
        directives=[PUBLIC, COMMAND],
        metadata=ADMINISTERS,
    )
    async def set_call_limits(self, info: Info, input: SetCallLimitsInput) -> CallLimitsPayload:  # noqa: A002
        means = info.context.means
        try:
            purpose_id = _uuid(input.purpose_id, "purpose_id") if input.purpose_id else None
            async with _connection(info) as connection:
                await set_limits(
                    connection,
                    input.agency_code,
                    purpose_id=purpose_id,
                    per_minute=_given(input.per_minute),
                    per_day=_given(input.per_day),
                    to_default=input.to_default,
                    actor=_actor(info),
                )
                limits = await read_limits(
                    connection, input.agency_code, means.default_limits, means.now().timestamp()
                )
        except RegistryRefused as refused:
            return CallLimitsPayload(user_errors=_told(refused))
        return CallLimitsPayload(limits=[CallLimits.of(one) for one in limits])


@asynccontextmanager
async def _connection(info: Info) -> AsyncIterator[Connection]:
    async with info.context.means.database.write.acquire() as connection:
        yield connection


def _actor(info: Info) -> Actor:
    caller, operator = info.context.caller, info.context.operator
    return Actor(
        AccessDoor.API, caller.agency_code, caller.purpose_id, None if operator is None else operator.user_id
    )


async def _agency(connection: Connection, code: str) -> AgencyEntry:
    found = await agency_of(connection, code)
    if found is None:
        raise UnknownAgency(about="agency_code")
    return found


def _given(calls: BigInt | None) -> int | None:
    return calls if isinstance(calls, int) else None  # UNSET is neither


def _uuid(given: str, about: str, refusal: type[RegistryRefused] = InvalidRegistration) -> UUID:
    try:
        return UUID(given)
    except ValueError:
        raise refusal("PDND's ids are UUIDs.", about=about) from None


def _grant_id(given: str) -> UUID:
    try:
        return decode_id(given, GRANT_PREFIX)[1]
    except InvalidInput:
        raise UnknownGrant(about="grant_id") from None


def _check_fields(fields: list[str]) -> None:
    from schema.coordinates import coordinates  # it reads the schema this module is part of

    if not coordinates().issuperset(fields):
        raise UnknownField(about="fields")


def _told(refused: RegistryRefused) -> list[RegistryError]:
    return [
        RegistryError(code=refused.why, message=refused.message, path=["input", to_camel_case(refused.about)])
    ]
