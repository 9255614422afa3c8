# SPDX-License-Identifier: EUPL-1.2
"""A look at somebody by a command that asks another system: written into the access log before that system hears of it."""

from __future__ import annotations

import getpass
import hashlib
import socket
import time
from collections.abc import Sequence
from functools import cache
from uuid import UUID

from sqlalchemy import Text, bindparam, select

from hub.access.line import Look, Selection
from hub.access.log import AccessLog
from hub.access.operator import Operator
from hub.cli.trail import caller_under
from hub.settings import Settings
from hub.store.base import table_of
from hub.store.engine import open_connection
from hub.store.migrations import check_version
from hub.store.statement import Connection, Statement
from hub.store.tables import Beneficiary, Household
from hub.store.vocabulary import AccessOutcome


class Command:
    """A command, as the access log names an operation. `shown`: what it tells of, as the schema calls it."""

    def __init__(self, name: str, shown: Sequence[str]) -> None:
        self.name = name
        self.selection = Selection((*shown,), hashlib.sha256("\n".join(shown).encode()).digest(), {})


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
    operator = Operator(by or getpass.getuser(), socket.gethostname(), "command line")
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
