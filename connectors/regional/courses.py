# SPDX-License-Identifier: EUPL-1.2
"""One training course of a regional system, read. Pure: a JSON object in, a record or a refusal out.

{"idCorso": "C-1", "denominazioneCorso": "…", "denomOperatore": "…", "codModalita": "P", "codComune": "H501",
 "dataInizio": "2026-04-13", "dataFine": "2026-07-10", "numDurataOre": 300, "numPosti": 20, "numIscritti": 8,
 "codStato": "A", "dataAggiorn": "…"}

Names are PSLP's where it has them; the others are unverified (see the package).
"""

from __future__ import annotations

from connectors.records.delivery import RecordRefused
from connectors.records.fields import Json, belfiore, day, identifier, moment, text, whole
from connectors.regional.codes import RegionalCodes
from connectors.regional.records import RegionalCourse

KEY = "idCorso"
MEMBERS = frozenset(
    {
        KEY,
        "denominazioneCorso",
        "denomOperatore",
        "codModalita",
        "codComune",
        "dataInizio",
        "dataFine",
        "numDurataOre",
        "numPosti",
        "numIscritti",
        "codStato",
        "dataAggiorn",
    }
)
"""What is read of a course."""


def decode_course(record: Json, codes: RegionalCodes) -> RegionalCourse:
    """Read a course.

    Raises:
        RecordRefused: naming the first field that is wrong.

    """
    starts_on, ends_on = day(record, "dataInizio"), day(record, "dataFine")
    if ends_on < starts_on:
        raise RecordRefused("dataFine", "The course ends before it starts.")
    places = whole(record, "numPosti", least=1, most=100_000)
    enrolled = whole(record, "numIscritti")
    if enrolled > places:
        raise RecordRefused("numIscritti", "More people are enrolled than there are places.")
    return RegionalCourse(
        external_id=identifier(record, KEY),
        title=text(record, "denominazioneCorso"),
        provider_name=text(record, "denomOperatore"),
        mode=codes.course_mode.read(record, "codModalita"),
        belfiore_code=belfiore(record, "codComune"),
        starts_on=starts_on,
        ends_on=ends_on,
        hours=whole(record, "numDurataOre", least=1, most=20_000),
        places=places,
        enrolled=enrolled,
        status=codes.opportunity.read(record, "codStato"),
        changed_at=moment(record, "dataAggiorn"),
    )
