# SPDX-License-Identifier: EUPL-1.2
"""ANPR's archive of municipalities as the hub keeps it: for each Belfiore code, periods that do not overlap.

What the source says of itself (its legend, see archive_file): STATO is A (attivo), C (cessato) or D (da istituire); IDREGIONE
is ISTAT's, or EX (a region that no longer exists) or 00 (not available); CODCATASTALE is the tax agency's Belfiore code.

What is inference, and stands here because the file calls for it:

- The days decide whether a period is open; STATO only has to agree. A with an end is an end announced; C without one is refused.
- D is a record that is not in force, whose codes may still be provisional: it lands when an archive shows it as A. The file of
  2023-05 has none.
- IDREGIONE 04 is two labour territories, told apart by the province: 021 is Bolzano (21), 022 is Trento (22); so what is today
  Bolzano's is Trento's while the file has it in province 022, until 1927-01-11.
- EX is the territory ceded after the war (Fiume, Pola, Zara, the provisional Venezia Giulia), outside the 21 territories of
  today; it is refused. Where a province has the same region in every other row of the file, EX and 00 are a lapse, and the
  row takes that region.
- "ND" stands for a code the tax agency never gave; `X…` for one it has yet to give (github.com/italia/anpr, issue 1179);
  `Z…` is a foreign state.

Two rows of one Belfiore code that share one day (an end not taken back by a day) are both kept, the earlier without that
day. Where they share more, the first of these stays: the open one; the one whose ISTAT code the municipality has in most rows;
the one that begins later. A row that cannot land is reported with its line, and leaves the others to land, except that a
municipality whose row in force cannot land is left as it was: its past alone would close it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

from hub.store.municipalities.archive_file import ArchiveRow, read_rows

ISTAT_REGIONS = frozenset(f"{number:02}" for number in range(1, 21))
"""ISTAT's codes of the present regions."""

AUTONOMOUS_PROVINCES = {"021": "21", "022": "22"}
"""Bolzano and Trento, by ISTAT's code of the province: the labour territories that stand for region 04."""

NO_BELFIORE_CODE = "ND"

_BELFIORE_CODE = re.compile(r"[A-WY][0-9]{3}", re.ASCII)
_ISTAT_CODE = re.compile(r"[0-9]{6}", re.ASCII)
_PROVINCE = re.compile(r"[A-Z]{2}", re.ASCII)


class Anomaly(StrEnum):
    """What is wrong with a row, as a person may read it."""

    NOT_ESTABLISHED = "not yet established"
    OUTSIDE_REGIONS = "territory outside the present regions"
    REGION_UNKNOWN = "no present region, and its province does not tell it"
    NO_BELFIORE_CODE = "no Belfiore code"
    BELFIORE_CODE = "not the Belfiore code of a municipality"
    ISTAT_CODE = "not an ISTAT code of six digits"
    NAME = "no name that can be written"
    PROVINCE = "not a province's two letters"
    STATE = "STATO contradicts the days, or is none of A, C, D"
    END_BEFORE_START = "ends before it begins"
    OVERLAP = "overlaps another row of the same Belfiore code"
    IN_FORCE_REFUSED = "the municipality's row in force cannot land"
    REGION_FROM_PROVINCE = "region taken from the other rows of its province"
    LAST_DAY_SHARED = "last day left to the row that begins on it"


@dataclass(frozen=True, slots=True)
class Finding:
    """A row that did not land, or not as it stands."""

    line: int
    belfiore_code: str
    name: str
    anomaly: Anomaly
    detail: str = ""

    def __str__(self) -> str:
        said = f"line {self.line}: {self.belfiore_code} {self.name}: {self.anomaly}"
        return f"{said} ({self.detail})" if self.detail else said


@dataclass(frozen=True, slots=True)
class Period:
    """What a municipality was called, and where it lay, from its first day to its last (None: still), both inclusive."""

    line: int
    belfiore_code: str
    istat_code: str
    name: str
    province: str
    region_code: str
    first_day: date
    last_day: date | None

    @property
    def days(self) -> str:
        """The period, for a message."""
        return f"{self.first_day} to {self.last_day or 'now'}"


@dataclass(frozen=True, slots=True)
class Archive:
    """A whole archive, ready to land: every row is in `periods` or in `refused`; what was inferred is also in `amended`."""

    rows: int
    periods: tuple[Period, ...]
    refused: tuple[Finding, ...]
    amended: tuple[Finding, ...]


Judged: TypeAlias = Period | Finding


def read_archive(path: Path) -> Archive:
    """The archive in the file at `path`.

    Raises:
        InvalidArchive: the file as a whole cannot be used; the message names line and column.

    """
    return settle(read_rows(path))


def settle(rows: list[ArchiveRow]) -> Archive:
    """Judge every row by itself, then every municipality's rows together."""
    regions = _region_of_each_province(rows)
    refused: list[Finding] = []
    amended: list[Finding] = []
    standing: dict[str, list[Period]] = defaultdict(list)
    bereft: set[str] = set()
    for row in rows:
        region = _region(row, regions)
        judged = _judge(row, region)
        if isinstance(judged, Finding):
            refused.append(judged)
            if row.last_day is None and judged.anomaly is not Anomaly.NOT_ESTABLISHED:
                bereft.add(row.belfiore_code)
            continue
        standing[row.belfiore_code].append(judged)
        if row.istat_region not in ISTAT_REGIONS:
            amended.append(_finding(row, Anomaly.REGION_FROM_PROVINCE, f"{row.istat_region}: {region}"))
    periods: list[Period] = []
    for belfiore_code in sorted(standing):
        own = standing[belfiore_code]
        if belfiore_code in bereft and all(period.last_day for period in own):
            refused += [_finding(period, Anomaly.IN_FORCE_REFUSED) for period in own]
            continue
        kept, overlapping, shortened = _apart(own)
        periods += kept
        refused += overlapping
        amended += shortened
    landing = {period.line for period in periods}
    return Archive(
        rows=len(rows),
        periods=tuple(periods),
        refused=_by_line(refused),
        amended=_by_line(finding for finding in amended if finding.line in landing),
    )


def _region_of_each_province(rows: list[ArchiveRow]) -> dict[str, str]:
    """The present region of every province that has just one, over the whole file."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.istat_region in ISTAT_REGIONS:
            found[row.istat_province].add(row.istat_region)
    return {province: next(iter(regions)) for province, regions in found.items() if len(regions) == 1}


def _region(row: ArchiveRow, regions: Mapping[str, str]) -> str | None:
    """The labour territory of a row, if it lies in one."""
    given = row.istat_region if row.istat_region in ISTAT_REGIONS else regions.get(row.istat_province)
    return AUTONOMOUS_PROVINCES.get(row.istat_province) if given == "04" else given


def _judge(row: ArchiveRow, region: str | None) -> Judged:
    """The period a row stands for, or the first reason why it stands for none."""
    if row.state == "D":
        return _finding(row, Anomaly.NOT_ESTABLISHED, f"from {row.first_day}")
    if region is None:
        anomaly = Anomaly.OUTSIDE_REGIONS if row.istat_region == "EX" else Anomaly.REGION_UNKNOWN
        return _finding(row, anomaly, f"region {row.istat_region}, province {row.istat_province}")
    if row.belfiore_code in ("", NO_BELFIORE_CODE):
        return _finding(row, Anomaly.NO_BELFIORE_CODE)
    if not _BELFIORE_CODE.fullmatch(row.belfiore_code):
        return _finding(row, Anomaly.BELFIORE_CODE)
    if not _ISTAT_CODE.fullmatch(row.istat_code):
        return _finding(row, Anomaly.ISTAT_CODE, repr(row.istat_code))
    if not row.name or not row.name.isprintable():
        return _finding(row, Anomaly.NAME)
    if not _PROVINCE.fullmatch(row.province):
        return _finding(row, Anomaly.PROVINCE, repr(row.province))
    if row.state not in ("A", "C") or (row.state == "C" and row.last_day is None):
        return _finding(row, Anomaly.STATE, f"{row.state!r} until {row.last_day or 'now'}")
    if row.last_day is not None and row.last_day < row.first_day:
        return _finding(row, Anomaly.END_BEFORE_START, f"{row.first_day} to {row.last_day}")
    return Period(
        line=row.line,
        belfiore_code=row.belfiore_code,
        istat_code=row.istat_code,
        name=row.name,
        province=row.province,
        region_code=region,
        first_day=row.first_day,
        last_day=row.last_day,
    )


def _apart(periods: list[Period]) -> tuple[list[Period], list[Finding], list[Finding]]:
    """One municipality's periods in order of time without overlap, what was left out, and what was shortened."""
    periods = sorted(periods, key=lambda period: (period.first_day, period.last_day or date.max))
    shortened = []
    for index, (earlier, later) in enumerate(pairwise(periods)):
        if earlier.last_day == later.first_day and earlier.first_day < later.first_day:
            periods[index] = replace(earlier, last_day=earlier.last_day - timedelta(days=1))
            shortened.append(_finding(earlier, Anomaly.LAST_DAY_SHARED, f"line {later.line}"))
    seen = Counter(period.istat_code for period in periods)
    kept: list[Period] = []
    overlapping = []
    for period in sorted(periods, key=lambda period: _precedence(period, seen)):
        rival = next((other for other in kept if _overlap(period, other)), None)
        if rival is None:
            kept.append(period)
        else:
            overlapping.append(
                _finding(period, Anomaly.OVERLAP, f"line {rival.line}, {rival.name}, {rival.days}")
            )
    return sorted(kept, key=lambda period: period.first_day), overlapping, shortened


def _precedence(period: Period, seen: Counter[str]) -> tuple[bool, int, int, int]:
    """Which of two overlapping periods stays: the one that sorts first."""
    return (
        period.last_day is not None,
        -seen[period.istat_code],
        -period.first_day.toordinal(),
        period.line,
    )


def _overlap(one: Period, other: Period) -> bool:
    return one.first_day <= (other.last_day or date.max) and other.first_day <= (one.last_day or date.max)


def _finding(row: ArchiveRow | Period, anomaly: Anomaly, detail: str = "") -> Finding:
    return Finding(row.line, row.belfiore_code, row.name, anomaly, detail)


def _by_line(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda finding: finding.line))
