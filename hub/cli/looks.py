# SPDX-License-Identifier: EUPL-1.2
"""A look at somebody by a command: who looks, and for what, as the access log has it; of one that asks another system it is written first."""

from __future__ import annotations

import getpass
import hashlib
import socket
import time
from collections.abc import Sequence
from functools import cache
from uuid import UUID

from sqlalchemy import Text, bindparam, select
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from hub.access.caller import Caller, Scope
from hub.access.line import Look, Selection
from hub.access.log import AccessLog
from hub.access.operator import Operator
from hub.errors import InvalidInput
from hub.settings import Settings
from hub.store.base import table_of
from hub.store.engine import open_connection
from hub.store.migrations import check_version
from hub.store.statement import Connection, Statement
from hub.store.tables import Agency, Beneficiary, Household, Purpose
from hub.store.vocabulary import AccessOutcome, AgencyKind, GrantScope


class Command:
    """A command, as the access log names an operation. `shown`: what it tells of, as the schema calls it."""

    def __init__(self, name: str, shown: Sequence[str]) -> None:
        self.name = name
        self.selection = Selection((*shown,), hashlib.sha256("\n".join(shown).encode()).digest(), {})


def operator_of(by: str | None) -> Operator:
    """Who is at the command line; None: the user of this system."""
    return Operator(by or getpass.getuser(), socket.gethostname(), "command line")


async def caller_under(connection: Connection, purpose: UUID) -> Caller:
    """Who looks under a registered purpose, in the access log.

    Raises:
        InvalidInput: none is registered.

    """
    row = await _registered().fetchrow(connection, purpose=purpose)
    if row is None:
        raise InvalidInput("No such purpose is registered; `snodo agency list` names those that are.")
    return Caller(
        row["id"],
        row["code"],
        AgencyKind(row["kind"]),
        None,
        purpose,
        Scope(GrantScope.NATIONAL, single=False),
    )


async def write_down(
    settings: Settings,
    url: str,
    command: Command,
    *,
    purpose: UUID,
    by: str | None,
    fiscal_code: str | None = None,
    inps_protocol: str | None = None,
) -> None:
    """Write a look, as the purpose's agency's: about the person of a code, or the household of a protocol, if the hub knows one.

    Args:
        settings: of the hub.
        url: of its database.
        command: which looks.
        purpose: a registered one.
        by: who looks; None: the user of this system.
        fiscal_code: whom it is about.
        inps_protocol: the same, where it is a household.

    Raises:
        InvalidInput: no such purpose is registered.

    """
    operator = operator_of(by)
    connection = await open_connection(url, settings)
    try:
        await check_version(connection, url)
        caller = await caller_under(connection, purpose)
        log = AccessLog(lambda: open_connection(url, settings), time.perf_counter)
        await log.know(connection, [command.selection])
        subject = await _known(connection, fiscal_code, inps_protocol)
        async with connection.transaction():
            await log.write_within(
                connection,
                Look(caller, operator, command, {}),
                "{}" if subject is None else f"{{{subject}}}",
                AccessOutcome.ANSWERED,
            )
    finally:
        await connection.close()


async def _known(connection: Connection, fiscal_code: str | None, inps_protocol: str | None) -> UUID | None:
    found: UUID | None = None
    if fiscal_code is not None:
        found = await _person().fetchval(connection, code=fiscal_code)
    elif inps_protocol is not None:
        found = await _household().fetchval(connection, protocol=inps_protocol)
    return found


@cache
def _person() -> Statement:
    person = table_of(Beneficiary)
    return Statement(select(person.c.id).where(person.c.fiscal_code == bindparam("code", type_=Text)))


@cache
def _household() -> Statement:
    household = table_of(Household)
    return Statement(
        select(household.c.id).where(household.c.inps_protocol == bindparam("protocol", type_=Text))
    )


@cache
def _registered() -> Statement:
    agency, purpose = table_of(Agency), table_of(Purpose)
    return Statement(
        select(agency.c.id, agency.c.code, agency.c.kind)
        .join_from(purpose, agency, agency.c.id == purpose.c.agency_id)
        .where(
            purpose.c.purpose_id == bindparam("purpose", type_=PG_UUID(as_uuid=True)),
            purpose.c.revoked_at.is_(None),
        )
    )
