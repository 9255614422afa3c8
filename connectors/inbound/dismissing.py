# SPDX-License-Identifier: EUPL-1.2
"""What will never land is put away by somebody, who says why: its content goes, who and why stay."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from uuid import UUID

import orjson
from sqlalchemy import DateTime, Text, any_, bindparam, null, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from connectors.inbound import runs
from connectors.inbound.kept_records import KeptRecord, named
from connectors.inbound.quarantine import digest_of
from hub.errors import InvalidInput
from hub.store.base import table_of
from hub.store.fiscal_code import holds_fiscal_code
from hub.store.statement import Connection, Statement
from hub.store.tables import QuarantinedRecord

LONGEST_REASON = 1_000
"""Characters of why."""
LONGEST_NAME = 200
"""Characters of who."""


class InvalidDismissal(InvalidInput):
    """Say who dismisses the record, and why."""


async def dismiss(
    connection: Connection, ids: Iterable[UUID], *, by: str, because: str, now: datetime
) -> list[KeptRecord]:
    """Put records away, all or none; those that were settled already, which stay as they are.

    Args:
        connection: without a transaction.
        ids: the records, of whichever agencies.
        by: who does it.
        because: why; the agency that sent a record is shown it, and it names nobody.
        now: the moment.

    Raises:
        InvalidDismissal: who or why is not said, is too long, or names somebody by a fiscal code.
        UnknownRecord: there is none of one of these ids.

    """
    by, because = _checked("who dismisses", by, LONGEST_NAME), _checked("why", because, LONGEST_REASON)
    async with connection.transaction():
        found = await named(connection, ids)
        for agency_id in sorted({one.agency_id for one in found}):
            # NOTE nothing of these agencies lands or is settled by a run from here on.
            await runs.take_turn(connection, agency_id)
        waiting = await _waiting().fetch(connection, keys=[one.id for one in found])
        rows = [
            _dismiss().arguments(
                {
                    "key": row["id"],
                    "at": now,
                    "digest": digest_of(orjson.loads(row["payload"])),
                    "by": by,
                    "why": because,
                }
            )
            for row in waiting
        ]
        if rows:
            await connection.executemany(_dismiss().text, rows)
        others = {one.id for one in found} - {row["id"] for row in waiting}
        return await named(connection, (one.id for one in found if one.id in others))


def _checked(what: str, text: str, longest: int) -> str:
    said = text.strip()
    if not said:
        raise InvalidDismissal(f"Say {what}: it is kept with the record.")
    if len(said) > longest:
        raise InvalidDismissal(f"Say {what} in {longest} characters at most.")
    if not said.isprintable():
        raise InvalidDismissal(f"Say {what} in one line, of characters that can be seen.")
    if holds_fiscal_code(said):
        raise InvalidDismissal(
            f"Say {what} without a fiscal code: it is kept when the record's content is gone."
        )
    return said


_KEY = PG_UUID(as_uuid=True)


@cache
def _waiting() -> Statement:
    """Those of them that wait, held until the transaction ends."""
    record = table_of(QuarantinedRecord)
    return Statement(
        select(record.c.id, record.c.payload)
        .where(record.c.id == any_(bindparam("keys", type_=ARRAY(_KEY))), record.c.resolved_at.is_(None))
        .order_by(record.c.id)
        .with_for_update()
    )


@cache
def _dismiss() -> Statement:
    record = table_of(QuarantinedRecord)
    return Statement(
        update(record)
        .where(record.c.id == bindparam("key", type_=_KEY), record.c.resolved_at.is_(None))
        .values(
            payload=null(),
            payload_digest=bindparam("digest", type_=Text),
            resolved_at=bindparam("at", type_=DateTime(timezone=True)),
            dismissed_by=bindparam("by", type_=Text),
            dismissed_because=bindparam("why", type_=Text),
        )
    )
