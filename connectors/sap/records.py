# SPDX-License-Identifier: EUPL-1.2
"""What a SAP (Scheda Anagrafico Professionale) says, as records. An element that is absent or empty is None.

Each record names the element its values stand in; a value's own element is in its field's annotation, in the published order
(domain.md 6.3). What else a document holds stays in the document (`connectors.sap.document`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Dati invio: who holds the document, and its state. `identifier` is opaque: 11 characters."""

    path: ClassVar[str] = "datiinvio"

    updated_on: Annotated[date | None, "dataultimoagg"] = None
    identifier: Annotated[str | None, "identificativosap"] = None
    holder: Annotated[str | None, "codiceentetit"] = None
    variation: Annotated[str | None, "tipovariazione"] = None
    birth_date: Annotated[date | None, "datadinascita"] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Dati personali. `birthplace`: Belfiore code of the municipality or the state."""

    path: ClassVar[str] = "datianagrafici/datipersonali"

    fiscal_code: Annotated[str | None, "codicefiscale"] = None
    family_name: Annotated[str | None, "cognome"] = None
    given_name: Annotated[str | None, "nome"] = None
    sex: Annotated[str | None, "sesso"] = None
    birth_date: Annotated[date | None, "datanascita"] = None
    birthplace: Annotated[str | None, "codcomune"] = None
    citizenship: Annotated[str | None, "codcittadinanza"] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Residence:
    """Residenza. `municipality`: Belfiore code."""

    path: ClassVar[str] = "datianagrafici/residenza"

    municipality: Annotated[str | None, "codcomune"] = None
    postcode: Annotated[str | None, "cap"] = None
    street: Annotated[str | None, "indirizzo"] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Domicile:
    """Domicilio. `municipality`: Belfiore code."""

    path: ClassVar[str] = "datianagrafici/domicilio"

    municipality: Annotated[str | None, "codcomune"] = None
    postcode: Annotated[str | None, "cap"] = None
    street: Annotated[str | None, "indirizzo"] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contacts:
    """Recapiti."""

    path: ClassVar[str] = "datianagrafici/recapiti"

    telephone: Annotated[str | None, "telefono"] = None
    mobile: Annotated[str | None, "cellulare"] = None
    email: Annotated[str | None, "email"] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Stato in anagrafe. `since`: the day of what last changed it; codes of domain.md 6.6."""

    path: ClassVar[str] = "datiamministrativi/statoinanagrafe"

    employment_status: Annotated[str | None, "codstatooccupazionale"] = None
    condition: Annotated[str | None, "codstatus"] = None
    category: Annotated[str | None, "categoria297"] = None
    seniority: Annotated[str | None, "anzianita"] = None
    profiling: Annotated[str | None, "indiceprofiling"] = None
    since: Annotated[date | None, "dataevento"] = None
    availability: Annotated[str | None, "disponibilita"] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Politica attiva. `kind`: the type of activity; `promoter`: whose policy it is, 11 characters."""

    path: ClassVar[str] = "politiche_attive_lst/politiche_attive"

    kind: Annotated[str | None, "tipo_attivita"] = None
    title: Annotated[str | None, "titolo_denominazione"] = None
    proposed_on: Annotated[date | None, "data_proposta"] = None
    starts_on: Annotated[date | None, "data"] = None
    ends_on: Annotated[date | None, "data_fine"] = None
    duration: Annotated[str | None, "durata"] = None
    duration_unit: Annotated[str | None, "tipologia_durata"] = None
    description: Annotated[str | None, "descrizione"] = None
    project: Annotated[str | None, "titolo_progetto"] = None
    promoter: Annotated[str | None, "codice_ente_promotore"] = None
    identifier: Annotated[str | None, "identificativo_politica"] = None
    profiling: Annotated[str | None, "indice_profiling"] = None
    intake: Annotated[str | None, "identificativo_presa_in_carico"] = None
    event: Annotated[str | None, "ultimo_evento/evento"] = None
    event_on: Annotated[date | None, "ultimo_evento/data_evento"] = None


Section = Submission | Person | Residence | Domicile | Contacts | Standing
"""Records of which a document has one at most."""


@dataclass(frozen=True, slots=True)
class Sap:
    """A whole document's records. A section that is absent has a record of nothing."""

    submission: Submission
    person: Person
    residence: Residence
    domicile: Domicile
    contacts: Contacts
    standing: Standing
    policies: tuple[Policy, ...]
