# SPDX-License-Identifier: EUPL-1.2
"""ANPR's answers to C015, C018, C029 and to the verifying use cases, read into records. Pure: bytes in, records or an error out.

The descriptions of these services are not published: their members are those of ANPR's vocabulary (domain.md 1.4), and what is read here is
unverified. Each function gives None when ANPR knows nobody under the id, and raises as those of `connectors.anpr.answers` do.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from connectors.anpr.declarations import Verification, Verified
from connectors.anpr.fields import Json, birth_date, coded, day, invalid, istat_code, part, parts, text
from connectors.anpr.records import (
    CancellationReason,
    CitizenshipEntry,
    CitizenshipRecord,
    Generality,
    IdAnpr,
    PermitEntry,
    PersonalRecord,
    RegistrationEntry,
)
from connectors.anpr.refusals import SubjectDeceased
from connectors.anpr.services import AGENCY
from connectors.anpr.subjects import told
from connectors.exchange import Answer
from hub.measures.registry_check import Register

MOST_ENTRIES = 200
"""Of a history or a list of citizenships: a life has fewer, and what is worked out of them grows with their square."""
_DATE_OF_DEATH = "1015"


def generality(answer: Answer, asked: IdAnpr) -> Generality | None:
    """Read C015's answer about `asked`."""
    found = told(answer)
    if found is None:
        return None
    person = part(found.living(asked), "generalita")
    code, sex = part(person, "codiceFiscale"), text(person, "sesso")
    if sex not in {None, "M", "F"}:
        raise invalid("sesso")
    validity = text(code, "validitaCF")
    if validity not in {None, "1", "9"}:
        raise invalid("validitaCF")
    return Generality(
        fiscal_code=text(code, "codFiscale"),
        valid_code=None if validity is None else validity == "1",
        family_name=text(person, "cognome"),
        given_name=text(person, "nome"),
        sex=sex,
        birth_date=birth_date(person),
        operation_id=found.operation_id,
    )


def personal_record(
    answer: Answer, asked: IdAnpr, record_types: Mapping[str, Register]
) -> PersonalRecord | None:
    """Read C029's answer about `asked`; `record_types`: what each `tipoScheda` means."""
    found = told(answer)
    if found is None:
        return None
    subject = found.living(asked)
    entries = parts(subject, "infoStoriaIscrizione")
    if len(entries) > MOST_ENTRIES:
        raise invalid("infoStoriaIscrizione")
    return PersonalRecord(
        birth_date=birth_date(part(subject, "generalita")),
        registrations=tuple(_registration(entry, record_types) for entry in entries),
        struck_off_on=_struck_off_on(part(subject, "datiCancellazione")),
        operation_id=found.operation_id,
    )


def citizenship_record(answer: Answer, asked: IdAnpr) -> CitizenshipRecord | None:
    """Read C018's answer about `asked`."""
    found = told(answer)
    if found is None:
        return None
    subject = found.living(asked)
    entries = parts(subject, "cittadinanza")
    if len(entries) > MOST_ENTRIES:
        raise invalid("cittadinanza")
    return CitizenshipRecord(
        citizenships=tuple(
            CitizenshipEntry(
                text(one, "codiceStato"), text(one, "descrizioneStato"), day(one, "dataValidita")
            )
            for one in entries
        ),
        permit=_permit(part(subject, "permessoSoggiorno")),
        operation_id=found.operation_id,
    )


def verifications(answer: Answer, asked: IdAnpr) -> tuple[Verification, ...] | None:
    """Read what ANPR says of a declaration about `asked`: one row for each thing it looked at, at least one."""
    found = told(answer)
    if found is None:
        return None
    rows = parts(found.living(asked), "infoSoggettoEnte")
    # The deceased are told by a row of their own, too.
    if any(text(row, "id") == _DATE_OF_DEATH for row in rows):
        raise SubjectDeceased(agency=AGENCY)
    verified = tuple(_verification(row) for row in rows if "valore" in row)
    if not verified:
        raise invalid("infoSoggettoEnte")
    return verified


def _registration(entry: Json, record_types: Mapping[str, Register]) -> RegistrationEntry:
    since, until = day(entry, "dataIscrizione"), day(entry, "dataCancellazione")
    if since is not None and until is not None and until < since:
        raise invalid("dataCancellazione")
    record_type, municipality = text(entry, "tipoScheda"), part(entry, "comuneCompetente")
    return RegistrationEntry(
        record_type=record_type,
        register=None if record_type is None else record_types.get(record_type),
        since=since,
        until=until,
        municipality_istat=istat_code(municipality),
        municipality_name=text(municipality, "nomeComune"),
    )


def _struck_off_on(cancellation: Json) -> date | None:
    reason = text(cancellation, "motivoCancellazione")
    if reason is None or reason not in set(CancellationReason):
        return None
    since = day(cancellation, "dataDecorrenzaCancellazione")
    if since is None:
        raise invalid("dataDecorrenzaCancellazione")
    return since


def _permit(permit: Json) -> PermitEntry | None:
    if not permit:
        return None
    issued_on, expires_on = day(permit, "dataRilascio"), day(permit, "dataScadenza")
    if issued_on is not None and expires_on is not None and expires_on < issued_on:
        raise invalid("dataScadenza")
    return PermitEntry(text(permit, "tipoSoggiorno"), issued_on, expires_on)


def _verification(row: Json) -> Verification:
    name, verified = text(row, "chiave"), coded(row, "valore", Verified)
    if name is None or verified is None:
        raise invalid("chiave" if name is None else "valore")
    return Verification(text(row, "id"), name, verified)
