# SPDX-License-Identifier: EUPL-1.2
"""An archive of municipalities lands in the tables: in one transaction, by three statements over whole sets.

`municipality` keeps one row per Belfiore code, for ever, with the values of the last period, the first day of the first and
the last day of the last (`valid_to`, inclusive; NULL while it is open). `municipality_version` keeps one row per period,
half-open: the source's last day, plus one. Between two periods there may be years in which the municipality did not exist.
What is the same already is not touched, so a second import writes nothing.

A municipality that the archive does not name stays as it is: people and households may point at it. A region that changes is
carried to them by their own foreign keys (ON UPDATE CASCADE).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import CTE, Date, Text, bindparam, delete, exists, func, insert, select
from sqlalchemy.dialects.postgresql import ARRAY

from hub.store.municipalities.archive import Archive, Finding, Period
from hub.store.statement import Connection, Statement
from hub.store.territory import Municipality, MunicipalityVersion

# Other imports wait, and whoever reads, or adds a row that points at a municipality, does not.
_LOCK = "LOCK TABLE municipality, municipality_version IN SHARE ROW EXCLUSIVE MODE"

# A name whose letters changed only from small to capital is no new name.
_LAND_MUNICIPALITIES = """
WITH incoming AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::date[], $7::date[])
        AS incoming (belfiore_code, istat_code, name, province, region_code, valid_from, valid_to)
), landed AS (
    MERGE INTO municipality AS stored USING incoming ON stored.belfiore_code = incoming.belfiore_code
    WHEN NOT MATCHED THEN
        INSERT (belfiore_code, istat_code, name, province, region_code, valid_from, valid_to)
        VALUES (incoming.belfiore_code, incoming.istat_code, incoming.name, incoming.province, incoming.region_code,
                incoming.valid_from, incoming.valid_to)
    WHEN MATCHED AND (stored.istat_code, stored.name, stored.province, stored.region_code, stored.valid_from, stored.valid_to)
        IS DISTINCT FROM (incoming.istat_code, incoming.name, incoming.province, incoming.region_code, incoming.valid_from,
                          incoming.valid_to) THEN
        UPDATE SET istat_code = incoming.istat_code, name = incoming.name, province = incoming.province,
            region_code = incoming.region_code, valid_from = incoming.valid_from, valid_to = incoming.valid_to
    RETURNING merge_action() = 'INSERT' AS added, old.valid_to AS ended_before, new.valid_to AS ends,
        lower(old.name) <> lower(new.name) AS renamed, old.istat_code <> new.istat_code AS recoded,
        old.region_code <> new.region_code AS moved
)
SELECT count(*) FILTER (WHERE added) AS added,
    count(*) FILTER (WHERE NOT added) AS changed,
    count(*) FILTER (WHERE NOT added AND ended_before IS NULL AND ends IS NOT NULL) AS closed,
    count(*) FILTER (WHERE NOT added AND ended_before IS NOT NULL AND ends IS NULL) AS reopened,
    count(*) FILTER (WHERE renamed) AS renamed,
    count(*) FILTER (WHERE recoded) AS recoded,
    count(*) FILTER (WHERE moved) AS moved
FROM landed
"""

_COUNT_OTHERS = "SELECT count(*) FROM municipality WHERE belfiore_code <> ALL ($1::text[])"


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import found and what it changed; all counts are of rows."""

    rows: int
    """Rows of the file: `periods` and `refused` together."""
    periods: int
    municipalities: int
    """Municipalities the archive names with at least one period that can land, of which …"""
    in_force: int
    """… so many are open today."""
    added: int
    changed: int
    """Municipalities whose row in `municipality` took other values; the next five say how, and may overlap."""
    closed: int
    reopened: int
    """Closed before and open now: an earlier mistake of the source, or an archive older than the last one imported."""
    renamed: int
    recoded: int
    """Took another ISTAT code."""
    moved: int
    """Took another region."""
    periods_added: int
    periods_removed: int
    unmentioned: int
    """Stored municipalities of which the archive has no period that can land: they stay as they are."""
    refused: tuple[Finding, ...]
    """Rows that did not land, each with its line and its reason."""
    amended: tuple[Finding, ...]
    """Rows that landed with a value the source does not say."""

    @property
    def unchanged(self) -> bool:
        """Whether the tables already said all this."""
        return not (self.added or self.changed or self.periods_added or self.periods_removed)


async def import_municipalities(connection: Connection, archive: Archive) -> ImportReport:
    """Bring the tables to what the archive says; all of it, or nothing.

    The connection's role may write both tables. Inside a transaction of the caller's, the import is part of that.
    """
    async with connection.transaction():
        await connection.execute(_LOCK)
        histories = [list(periods) for _, periods in groupby(archive.periods, attrgetter("belfiore_code"))]
        landed = await connection.fetchrow(
            _LAND_MUNICIPALITIES, *_columns(_lifetime(own) for own in histories)
        )
        periods = dict(zip(_COLUMNS, _columns(_half_open(period) for period in archive.periods), strict=True))
        removed = await _REMOVE_PERIODS.fetchval(connection, **periods)
        added = await _ADD_PERIODS.fetchval(connection, **periods)
        others = await connection.fetchval(_COUNT_OTHERS, [own[0].belfiore_code for own in histories])
    assert landed is not None
    return ImportReport(
        rows=archive.rows,
        periods=len(archive.periods),
        municipalities=len(histories),
        in_force=sum(own[-1].last_day is None for own in histories),
        periods_added=added,
        periods_removed=removed,
        unmentioned=others,
        refused=archive.refused,
        amended=archive.amended,
        **landed,
    )


def _lifetime(periods: list[Period]) -> tuple[Any, ...]:
    """A row of `municipality` from all periods of one, in the order of time."""
    last = periods[-1]
    return (*_values(last), periods[0].first_day, last.last_day)


def _half_open(period: Period) -> tuple[Any, ...]:
    """A row of `municipality_version`, its range as lower and upper bound; no upper bound while it is open."""
    upper: date | None = period.last_day + timedelta(days=1) if period.last_day else None
    return (*_values(period), period.first_day, upper)


def _values(period: Period) -> tuple[str, ...]:
    return (period.belfiore_code, period.istat_code, period.name, period.province, period.region_code)


def _columns(rows: Iterable[tuple[Any, ...]]) -> list[list[Any]]:
    """The rows as seven parallel arrays, which PostgreSQL unnests."""
    columns: list[list[Any]] = [[] for _ in range(7)]
    for row in rows:
        for column, value in zip(columns, row, strict=True):
            column.append(value)
    return columns


_COLUMNS = ("belfiore_code", "istat_code", "name", "province", "region_code", "lower", "upper")


def _incoming_periods() -> CTE:
    """The arrays as rows of `municipality_version`."""
    arrays = (bindparam(name, type_=ARRAY(Date if name in ("lower", "upper") else Text)) for name in _COLUMNS)
    period = func.unnest(*arrays).table_valued(*_COLUMNS).render_derived("period")
    return (
        select(
            Municipality.id.label("municipality_id"),
            *(period.c[name] for name in ("istat_code", "name", "province", "region_code")),
            func.daterange(period.c.lower, period.c.upper).label("validity"),
        )
        .join_from(period, Municipality, Municipality.belfiore_code == period.c.belfiore_code)
        .cte("incoming")
    )


def _remove_periods() -> Statement:
    """Delete, and count, the stored periods of the named municipalities that the archive does not have just so."""
    incoming, stored = _incoming_periods(), MunicipalityVersion.__table__
    same = exists().where(*(incoming.c[column.name] == stored.c[column.name] for column in incoming.c))
    removed = (
        delete(MunicipalityVersion)
        .where(stored.c.municipality_id.in_(select(incoming.c.municipality_id)), ~same)
        .returning(stored.c.id)
        .cte("removed")
    )
    return Statement(select(func.count()).select_from(removed))


def _add_periods() -> Statement:
    """Insert, and count, the periods that are not stored; those that differed are removed by now."""
    incoming, stored = _incoming_periods(), MunicipalityVersion.__table__
    known = exists().where(
        stored.c.municipality_id == incoming.c.municipality_id, stored.c.validity == incoming.c.validity
    )
    added = (
        insert(MunicipalityVersion)
        .from_select([column.name for column in incoming.c], select(incoming).where(~known))
        .returning(stored.c.id)
        .cte("added")
    )
    return Statement(select(func.count()).select_from(added))


# What no longer holds goes before what holds comes: two periods of a municipality may not overlap, even for a moment.
_REMOVE_PERIODS = _remove_periods()
_ADD_PERIODS = _add_periods()
