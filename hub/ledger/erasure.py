# SPDX-License-Identifier: EUPL-1.2
"""Erasing the personal part of an entry of the feed (Regulation (EU) 2016/679, art. 17; docs/adr/0028).

The entry and every proof stay; an entry of type CONTENT_ERASED tells the readers, who erase their copies. Only the tables' owner
may: the hub's own role cannot.
"""

from __future__ import annotations

from functools import cache
from uuid import UUID

import asyncpg
from sqlalchemy import BigInteger, Text, bindparam, func, select
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from hub.errors import InvalidInput
from hub.store.base import table_of
from hub.store.statement import Connection, Statement
from hub.store.tables import Agency

LONGEST_REASON = 500

_agency = table_of(Agency)


class CannotErase(InvalidInput):
    """The entry cannot be erased."""


async def erase(
    connection: Connection, position: int, *, agency_code: str, operator: str, reason: str
) -> UUID:
    """Erase the content at `position`, for an agency, by a person, for a reason; the event that says so.

    Raises:
        CannotErase: there is no such entry or agency, it was erased before, it is itself an erasure, or no reason is given.
    """
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise CannotErase(f"A reason has 1 to {LONGEST_REASON} characters.")
    agency_id = await _agency_statement().fetchval(connection, code=agency_code)
    if agency_id is None:
        raise CannotErase("No agency has this code; `snodo agency list` names them.")
    try:
        event_id: UUID = await _erase_statement().fetchval(
            connection, position=position, agency_id=agency_id, operator=operator, reason=reason
        )
    except (
        asyncpg.NoDataFoundError,
        asyncpg.InvalidParameterValueError,
        asyncpg.ObjectNotInPrerequisiteStateError,
    ) as error:
        raise CannotErase(str(error.args[0])) from None  # a sentence of our own script
    return event_id


@cache
def _agency_statement() -> Statement:
    return Statement(select(_agency.c.id).where(_agency.c.code == bindparam("code", type_=Text)))


@cache
def _erase_statement() -> Statement:
    return Statement(
        select(
            func.erase_feed_content(
                bindparam("position", type_=BigInteger),
                bindparam("agency_id", type_=PG_UUID(as_uuid=True)),
                bindparam("operator", type_=Text),
                bindparam("reason", type_=Text),
            )
        )
    )
