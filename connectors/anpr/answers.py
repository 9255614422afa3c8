# SPDX-License-Identifier: EUPL-1.2
"""ANPR's answers to C020, C021 and C030 read into records (`RispostaE002OK`; domain.md 1.4). Pure: bytes in, records or an error out.

Each function gives None when ANPR knows nobody under the code, and raises `UpstreamInvalid` (`SeveralSubjects`
when one code fits several people) or `UpstreamRefused` (`SubjectDeceased`) otherwise.
"""

from __future__ import annotations

from connectors.anpr.fields import Json, birth_date, coded, day, invalid, istat_code, part, parts, text, whole
from connectors.anpr.records import AddressType, BondType, FamilyMember, IdAnpr, Residence
from connectors.anpr.services import AGENCY
from connectors.anpr.subjects import told
from connectors.exchange import Answer
from hub.errors import UpstreamInvalid

_PREFERENCE = (
    AddressType.RESIDENCE,
    AddressType.STREET_RENAMED,
    AddressType.CORRECTED,
    AddressType.TEMPORARY_RESIDENCE,
    AddressType.RESIDENCE_ABROAD,
)
"""Which of several addresses is *the* residence; the others (domicile, care of, last Italian one) never are."""


def national_id(answer: Answer) -> IdAnpr | None:
    """Read C030's answer: the national id of the one person with this code."""
    found = told(answer)
    if found is None:
        return None
    value = text(part(found.only(), "identificativi"), "idANPR")
    if value is None:
        raise invalid("idANPR")
    return IdAnpr(value)


def residence(answer: Answer, asked: IdAnpr) -> Residence | None:
    """Read C020's answer about `asked`; None too when the person is registered with no residence."""
    found = told(answer)
    if found is None:
        return None
    addresses: dict[AddressType, Json] = {}
    for address in parts(found.living(asked), "residenza"):
        kind = coded(address, "tipoIndirizzo", AddressType)
        if kind is None:
            raise invalid("tipoIndirizzo")
        addresses.setdefault(kind, address)
    kind = next((one for one in _PREFERENCE if one in addresses), None)
    return None if kind is None else _residence(kind, addresses[kind])


def family(answer: Answer, asked: IdAnpr) -> tuple[FamilyMember, ...] | None:
    """Read C021's answer about `asked`: the people on the same record, in its order."""
    found = told(answer)
    if found is None:
        return None
    members = tuple(_member(subject) for subject in found.subjects)
    known = {member.id_anpr for member in members}
    if None not in known and asked.value not in known:
        raise UpstreamInvalid("ANPR answered about another person.", agency=AGENCY, field="idANPR")
    return tuple(sorted(members, key=lambda one: (one.position is None, one.position or 0)))


def _residence(kind: AddressType, record: Json) -> Residence:
    home, abroad = part(record, "indirizzo"), part(part(record, "localitaEstera"), "indirizzoEstero")
    municipality, place = part(home, "comune"), part(abroad, "localita")
    istat = istat_code(municipality)
    if not home and not abroad:
        raise invalid("indirizzo")
    street, number = (_street(home), _number(home)) if home else _street_abroad(abroad)
    return Residence(
        address_type=kind,
        since=day(record, "dataDecorrenzaResidenza"),
        municipality_istat=istat,
        municipality_name=text(municipality, "nomeComune"),
        province=text(municipality, "siglaProvinciaIstat"),
        postal_code=text(home or abroad, "cap"),
        street=street,
        number=number,
        unit=_unit(home),
        country_code=text(place, "codiceStato"),
        country_name=text(place, "descrizioneStato"),
        locality=text(municipality, "descrizioneLocalita") or text(place, "descrizioneLocalita"),
    )


def _street(home: Json) -> str | None:
    toponym = part(home, "toponimo")
    return " ".join(filter(None, (text(toponym, "specie"), text(toponym, "denominazioneToponimo")))) or None


def _street_abroad(abroad: Json) -> tuple[str | None, str | None]:
    toponym = part(abroad, "toponimo")
    return text(toponym, "denominazione"), text(toponym, "numeroCivico")


def _number(home: Json) -> str | None:
    """Give the house number with its letter and exponent: 10, 10/A; SNC where the house has none."""
    number = part(home, "numeroCivico")
    written = [text(number, name) for name in ("numero", "lettera", "esponente1")]
    return "/".join(filter(None, written)) or ("SNC" if text(number, "progSNC") else None)


def _unit(home: Json) -> str | None:
    inside = part(part(home, "numeroCivico"), "civicoInterno")
    stairs, flat = text(inside, "scala"), text(inside, "interno1")
    return ", ".join(filter(None, (stairs and f"scala {stairs}", flat and f"interno {flat}"))) or None


def _member(subject: Json) -> FamilyMember:
    person, bond = part(subject, "generalita"), part(subject, "legameSoggetto")
    sex = text(person, "sesso")
    if sex not in {None, "M", "F"}:
        raise invalid("sesso")
    return FamilyMember(
        fiscal_code=text(part(person, "codiceFiscale"), "codFiscale"),
        id_anpr=text(part(subject, "identificativi"), "idANPR"),
        given_name=text(person, "nome"),
        family_name=text(person, "cognome"),
        sex=sex,
        birth_date=birth_date(person),
        bond=coded(bond, "tipoLegame", BondType),
        relationship=text(bond, "codiceLegame"),
        position=whole(bond, "progressivoComponente"),
        since=day(bond, "dataDecorrenza"),
        deceased_on=day(part(subject, "datiDecesso"), "dataEvento"),
        deceased=subject.get("datiDecesso") is not None,
    )
