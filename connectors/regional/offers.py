# SPDX-License-Identifier: EUPL-1.2
"""One job offer of a regional system, read. Pure: a JSON object in, a record or a refusal out.

{"idOfferta": "RM-1", "titolo": "…", "denominazioneAzienda": "…", "codQualifica": "3.3.1.2.2",
 "codTipoContratto": "A.02.00", "numOreSettMedie": 40, "numRetribuzioneLorda": "1480.00", "numPosti": 2,
 "codComune": "H501", "dataPubblicazione": "2026-03-01", "dataScadenza": "2026-06-30", "codStato": "A",
 "dataAggiorn": "…"}

Names are PSLP's where it has them; the others are unverified (see the package).
"""

from __future__ import annotations

import re
from decimal import Decimal

from connectors.records.delivery import RecordRefused
from connectors.records.fields import (
    Json,
    amount,
    belfiore,
    day,
    identifier,
    moment,
    optional_amount,
    optional_day,
    optional_text,
    text,
    whole,
)
from connectors.regional.codes import RegionalCodes
from connectors.regional.records import RegionalOffer

KEY = "idOfferta"
MEMBERS = frozenset(
    {
        KEY,
        "titolo",
        "denominazioneAzienda",
        "codQualifica",
        "codTipoContratto",
        "numOreSettMedie",
        "numRetribuzioneLorda",
        "numPosti",
        "codComune",
        "dataPubblicazione",
        "dataScadenza",
        "codStato",
        "dataAggiorn",
    }
)
"""What is read of an offer."""
LONGEST_WEEK = Decimal(60)
"""Hours."""
_CONTRACT = re.compile(r"[A-Z]\.[0-9]{2}\.[0-9]{2}", re.ASCII)
_PROFESSION = re.compile(r"[0-9](\.[0-9]{1,2}){0,5}", re.ASCII)


def decode_offer(record: Json, codes: RegionalCodes) -> RegionalOffer:
    """Read an offer.

    Raises:
        RecordRefused: naming the first field that is wrong.

    """
    weekly_hours = amount(record, "numOreSettMedie")
    if not 0 < weekly_hours <= LONGEST_WEEK:
        raise RecordRefused("numOreSettMedie", f"A week has more than 0 and at most {LONGEST_WEEK} hours.")
    if weekly_hours != weekly_hours.quantize(Decimal("0.1")):
        raise RecordRefused("numOreSettMedie", "Hours are given in tenths.")
    published_on = day(record, "dataPubblicazione")
    expires_on = optional_day(record, "dataScadenza")
    if expires_on is not None and expires_on < published_on:
        raise RecordRefused("dataScadenza", "The offer expires before it is published.")
    return RegionalOffer(
        external_id=identifier(record, KEY),
        title=text(record, "titolo"),
        employer_name=text(record, "denominazioneAzienda"),
        profession_code=_shaped(record, "codQualifica", _PROFESSION),
        contract_type=_shaped(record, "codTipoContratto", _CONTRACT),
        weekly_hours=weekly_hours,
        monthly_pay=optional_amount(record, "numRetribuzioneLorda"),
        places=whole(record, "numPosti", least=1, most=100_000),
        belfiore_code=belfiore(record, "codComune"),
        published_on=published_on,
        expires_on=expires_on,
        status=codes.opportunity.read(record, "codStato"),
        changed_at=moment(record, "dataAggiorn"),
    )


def _shaped(record: Json, name: str, shape: re.Pattern[str]) -> str | None:
    """A code whose table is long and dated (contracts: domain.md 6.6; professions: CP2011): its shape is checked only."""
    value = optional_text(record, name)
    if value is not None and not shape.fullmatch(value):
        raise RecordRefused(name, "The code is not of its classification's shape.")
    return value
