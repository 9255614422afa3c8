# SPDX-License-Identifier: EUPL-1.2
"""Whom an answer of ANPR is about: the people of `listaSoggetti`, or why there are none (domain.md 1.4 and 1.5)."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.anpr.fields import Json, invalid, part, parts, text
from connectors.anpr.records import IdAnpr
from connectors.anpr.refusals import SeveralSubjects, SubjectDeceased, by_codes, error_codes, refusal
from connectors.anpr.services import AGENCY
from connectors.exchange import Answer
from connectors.strict_json import strict_json
from hub.errors import UpstreamInvalid


@dataclass(frozen=True, slots=True)
class Told:
    """The people of an answer, at least one, and ANPR's number of the operation (`idOperazioneANPR`)."""

    operation_id: str | None
    subjects: list[Json]

    def only(self) -> Json:
        """Give the one person it is about.

        Raises:
            SeveralSubjects: it is about several.

        """
        if len(self.subjects) > 1:
            raise SeveralSubjects(agency=AGENCY)
        return self.subjects[0]

    def living(self, asked: IdAnpr) -> Json:
        """Give the one person it is about, who is the one that was asked for, and alive.

        Raises:
            SeveralSubjects: it is about several.
            UpstreamInvalid: it is about another.
            SubjectDeceased: the person is dead.

        """
        subject = self.only()
        if text(part(subject, "identificativi"), "idANPR") not in {None, asked.value}:
            raise UpstreamInvalid("ANPR answered about another person.", agency=AGENCY, field="idANPR")
        if subject.get("datiDecesso") is not None:
            raise SubjectDeceased(agency=AGENCY)
        return subject


def told(answer: Answer) -> Told | None:
    """Read whom an answer is about; None when ANPR says that it found nobody.

    Raises:
        UpstreamInvalid, UpstreamRefused: as `connectors.anpr.refusals` has them.

    """
    content = _json_object(answer)
    if answer.status != 200:
        error = refusal(answer, content)
        if error is None:
            return None
        raise error
    if content is None:
        raise UpstreamInvalid("ANPR's answer is not JSON.", agency=AGENCY)
    subjects = parts(part(content, "listaSoggetti"), "datiSoggetto")
    if subjects:
        return Told(text(content, "idOperazioneANPR"), subjects)
    codes = error_codes(content.get("listaAnomalie"))
    if not codes:
        raise invalid("listaSoggetti")
    if error := by_codes(codes):
        raise error
    return None


def _json_object(answer: Answer) -> Json | None:
    problem = answer.status != 200 and answer.media_type == "application/problem+json"
    if answer.media_type != "application/json" and not problem:
        return None
    try:
        content = strict_json(answer.body)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None
