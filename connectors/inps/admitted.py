# SPDX-License-Identifier: EUPL-1.2
"""One household of INPS's list, read. Pure: a JSON object in, a record or a refusal out.

    {"cod_protocollo_inps": "…", "tipo_domanda": "ADI",
     "beneficio": {"importo_mensile": "680.00", "dtt_inizio": "2026-01-01", "dtt_fine": "2027-06-30"},
     "beneficiari": [{"cod_fiscale": "…", "cod_fiscale_richiedente": "…", "cod_protocollo_inps": "…", …}, …]}

`beneficiari` holds serviceRDC's `beneficiario` elements (domain.md 3.3, high confidence), to which two optional
members are added: `cod_cpi` (3.2's name) and `codstatooccupazionale` (the SAP's name). `beneficio` and the grouping
by application are unverified. `dtt_rendicontazione` is taken as the time of the report (unverified): it orders what
INPS says about one household. Contacts and addresses are not read: nothing in the hub needs them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from connectors.inps.codes import InpsCodes
from connectors.inps.records import AdmittedHousehold, Member
from connectors.records.delivery import Delivered, RecordRefused
from connectors.records.fields import (
    Json,
    amount,
    belfiore,
    day,
    fiscal_code,
    moment,
    optional_centre,
    optional_day,
    optional_text,
    part,
    parts,
    text,
)
from connectors.records.reading import best_version, deliver
from hub.store.vocabulary import EmploymentStatus, Sex

V = TypeVar("V")

KEY = "cod_protocollo_inps"
MOST_MEMBERS = 50
"""People in one household; a record with more is a mistake of its sender."""
_PROTOCOL = re.compile(r"[!-~]{1,40}", re.ASCII)


def read_household(raw: object, codes: InpsCodes) -> Delivered[AdmittedHousehold]:
    """Read one entry of the list; what cannot be read comes back refused."""
    return deliver(raw, key_field=KEY, version_of=version_of, decode=lambda record: decode(record, codes))


def version_of(record: Json) -> datetime | None:
    """The time of a report, read from whichever member of the household tells it."""
    members = record.get("beneficiari")
    if not isinstance(members, list):
        return None
    found = [
        best_version(lambda one=one: moment(one, "dtt_rendicontazione"))  # type: ignore[misc]
        for one in members
        if isinstance(one, dict)
    ]
    return max((version for version in found if version is not None), default=None)


def decode(record: Json, codes: InpsCodes) -> AdmittedHousehold:
    """Read a household whole.

    Raises:
        RecordRefused: naming the first field that is wrong.

    """
    protocol = text(record, KEY)
    if not _PROTOCOL.fullmatch(protocol):
        raise RecordRefused(KEY, "A protocol has 1 to 40 visible ASCII characters.")
    benefit = part(record, "beneficio")
    entries = parts(record, "beneficiari")
    if not 1 <= len(entries) <= MOST_MEMBERS:
        raise RecordRefused("beneficiari", f"A household has 1 to {MOST_MEMBERS} members.")
    members = tuple(_member(entry, codes, f"beneficiari[{i}].") for i, entry in enumerate(entries))
    if len({one.fiscal_code for one in members}) != len(members):
        raise RecordRefused("beneficiari", "The same fiscal code stands twice in the household.")
    _same(entries, KEY, text, protocol)
    applicant = _same(entries, "cod_fiscale_richiedente", fiscal_code)
    if applicant not in {one.fiscal_code for one in members}:
        raise RecordRefused("cod_fiscale_richiedente", "The applicant is not a member of the household.")
    starts_on = day(benefit, "dtt_inizio", "beneficio.")
    ends_on = optional_day(benefit, "dtt_fine", "beneficio.")
    if ends_on is not None and ends_on < starts_on:
        raise RecordRefused("beneficio.dtt_fine", "The benefit ends before it starts.")
    return AdmittedHousehold(
        inps_protocol=protocol,
        measure=codes.measure.read(record, "tipo_domanda"),
        status=_same(entries, "cod_stato", codes.status.read),
        monthly_amount=amount(benefit, "importo_mensile", "beneficio."),
        starts_on=starts_on,
        ends_on=ends_on,
        reported_at=_same(entries, "dtt_rendicontazione", moment),
        applicant=applicant,
        members=members,
    )


def _member(entry: Json, codes: InpsCodes, path: str) -> Member:
    code = fiscal_code(entry, "cod_fiscale", path)
    employment = EmploymentStatus.OTHER  # what INPS does not say
    if optional_text(entry, "codstatooccupazionale", path) is not None:
        employment = codes.employment.read(entry, "codstatooccupazionale", path)
    reported_at = moment(entry, "dtt_rendicontazione", path)
    birth_date = day(entry, "dtt_nascita", path)
    if birth_date > reported_at.date():
        raise RecordRefused(f"{path}dtt_nascita", "The person is born after the report.")
    return Member(
        fiscal_code=code,
        given_name=text(entry, "des_nome", path),
        family_name=text(entry, "des_cognome", path),
        birth_date=birth_date,
        sex=_sex(entry, code, path),
        belfiore_code=belfiore(entry, "cod_comune_residenza", path),
        centre_code=optional_centre(entry, "cod_cpi", path),
        employment_status=employment,
        obligation=codes.role.read(entry, "cod_ruolo_beneficiario", path),
    )


def _sex(entry: Json, code: str, path: str) -> Sex:
    """`cod_sesso`, which the contract lets be absent; then the fiscal code's day of birth tells (+40 for a woman)."""
    value = optional_text(entry, "cod_sesso", path)
    if value is None and len(code) == 16:
        # Omocodia writes 4, 5, 6, 7 as Q, R, S, T.
        return Sex.F if code[9] in "4567QRST" else Sex.M
    if value is None:
        raise RecordRefused(
            f"{path}cod_sesso", "The field is missing, and an 11-digit fiscal code does not tell."
        )
    if value not in {"F", "M"}:
        raise RecordRefused(f"{path}cod_sesso", "The value is neither F nor M.")
    return Sex(value)


def _same(
    entries: list[Json], name: str, read: Callable[[Json, str, str], V], expected: V | None = None
) -> V:
    """What all members say alike in a field that is the application's, not the person's."""
    found = [read(entry, name, f"beneficiari[{i}].") for i, entry in enumerate(entries)]
    for i, value in enumerate(found):
        if value != (found[0] if expected is None else expected):
            raise RecordRefused(f"beneficiari[{i}].{name}", "It differs from the household's other members.")
    return found[0]
