# SPDX-License-Identifier: EUPL-1.2
"""What ANPR told of a person, kept as it came and put into the words of the law (`hub.measures.registry_check`).

Kept is a JSON object: the evidence of a check, which the same rules can be run on again for another day or measure.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.anpr.records import EVERY_MUNICIPALITY_SINCE, CitizenshipRecord, PersonalRecord
from connectors.anpr.states import of_the_union
from hub.measures.registry_check import (
    Citizenship,
    Register,
    RegisterHistory,
    Registration,
    StayPermit,
    StayRecord,
)
from hub.measures.residence import StayTitle

_ROME = ZoneInfo("Europe/Rome")
_TITLES: Mapping[str, StayTitle] = {"2": StayTitle.LONG_TERM}
"""`tipoSoggiorno` (domain.md 1.6): the second is the carta or permesso CE. A permesso (1) may be one of protection or not; the others
are receipts, attestations, or of codes that are not certain."""

Json = Mapping[str, Any]


def kept_record(record: PersonalRecord) -> dict[str, Any]:
    """C029's answer as it is kept."""
    return {
        "operation_id": record.operation_id,
        "birth_date": _text(record.birth_date),
        "struck_off_on": _text(record.struck_off_on),
        "registrations": [
            {
                "record_type": entry.record_type,
                "register": entry.register,
                "since": _text(entry.since),
                "until": _text(entry.until),
                "municipality_istat_code": entry.municipality_istat,
                "municipality_name": entry.municipality_name,
            }
            for entry in record.registrations
        ],
    }


def kept_citizenship(record: CitizenshipRecord) -> dict[str, Any]:
    """C018's answer as it is kept."""
    permit = record.permit
    return {
        "operation_id": record.operation_id,
        "citizenships": [
            {"state_code": one.state_code, "state_name": one.state_name, "since": _text(one.since)}
            for one in record.citizenships
        ],
        "permit": None
        if permit is None
        else {
            "type_code": permit.type_code,
            "issued_on": _text(permit.issued_on),
            "expires_on": _text(permit.expires_on),
        },
    }


def history_of(kept: Json, answered_at: datetime) -> RegisterHistory:
    """The registrations of a kept answer of C029, and when it was given."""
    return RegisterHistory(
        registrations=tuple(
            Registration(_register(entry["register"]), _day(entry["since"]), _day(entry["until"]))
            for entry in kept["registrations"]
        ),
        whole_from=EVERY_MUNICIPALITY_SINCE,
        told_until=_day_after(answered_at),
        born=_day(kept["birth_date"]),
        struck_off_on=_day(kept["struck_off_on"]),
    )


def stay_of(kept: Json, answered_at: datetime) -> StayRecord:
    """The right to stay by a kept answer of C018, and when it was given."""
    permit = kept["permit"]
    return StayRecord(
        citizenships=tuple(
            Citizenship(of_the_union(one["state_code"]), _day(one["since"])) for one in kept["citizenships"]
        ),
        permit=None
        if permit is None
        else StayPermit(
            _TITLES.get(permit["type_code"] or ""), _day(permit["issued_on"]), _day(permit["expires_on"])
        ),
        told_until=_day_after(answered_at),
    )


def _register(word: str | None) -> Register | None:
    return None if word is None else Register(word)


def _day_after(moment: datetime) -> date:
    return moment.astimezone(_ROME).date() + timedelta(days=1)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
