# SPDX-License-Identifier: EUPL-1.2
"""The three kinds of records a regional system has, and how one is read, by whichever way it came."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from connectors.records.delivery import Delivered, RecordRefused
from connectors.records.fields import Json, moment
from connectors.records.reading import best_version, deliver
from connectors.regional import courses, offers, pacts
from connectors.regional.codes import RegionalCodes
from connectors.regional.records import RegionalCourse, RegionalOffer, RegionalPact

R = TypeVar("R")

_MEMBER = re.compile(r"[^.\[]+")


@dataclass(frozen=True, slots=True)
class Resource(Generic[R]):
    """One kind of record: where it is asked for, what names it, how it is read."""

    path: str
    key_field: str
    decode: Callable[[Json, RegionalCodes], R]


PACTS: Resource[RegionalPact] = Resource("patti", pacts.KEY, pacts.decode_pact)
OFFERS: Resource[RegionalOffer] = Resource("offerte", offers.KEY, offers.decode_offer)
COURSES: Resource[RegionalCourse] = Resource("corsi", courses.KEY, courses.decode_course)


def read_record(
    resource: Resource[R], raw: object, codes: RegionalCodes, theirs: Mapping[str, str]
) -> Delivered[R]:
    """Read one record, also one that was kept from an earlier delivery.

    Args:
        resource: of which kind it should be.
        raw: as it came; it should be an object.
        codes: what the region's codes mean.
        theirs: the region's name of a member, by the name used here, where the two differ.

    """

    def named(record: Mapping[str, Any]) -> Json:
        return record if not theirs else {**record, **{n: record.get(t) for n, t in theirs.items()}}

    def version_of(record: Mapping[str, Any]) -> datetime | None:
        return best_version(lambda: moment(named(record), "dataAggiorn"))

    def decode(record: Mapping[str, Any]) -> R:
        try:
            return resource.decode(named(record), codes)
        except RecordRefused as refused:
            raise RecordRefused(_as_theirs(refused.refusal.field, theirs), refused.refusal.reason) from None

    return deliver(
        raw,
        key_field=theirs.get(resource.key_field, resource.key_field),
        version_of=version_of,
        decode=decode,
    )


def _as_theirs(field: str | None, theirs: Mapping[str, str]) -> str | None:
    """A field's path, its first member as the region names it."""
    member = _MEMBER.match(field or "")
    if field is None or member is None:
        return field
    return theirs.get(member[0], member[0]) + field[member.end() :]
