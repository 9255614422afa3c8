# SPDX-License-Identifier: EUPL-1.2
"""A worker's record (SAP) as a region's system would write it, in the published form (domain.md 6.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from xml.sax.saxutils import escape


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedPolicy:
    """One active policy (politica attiva). `number`: its identifier, 11 characters; `event`: code and day of the last one."""

    number: str
    kind: str
    title: str = ""
    proposed_on: date
    starts_on: date
    ends_on: date
    event: str
    event_on: date
    promoter: str = "H501C000523"

    def element(self) -> str:
        """Write the policy."""
        return (
            f"<politiche_attive><tipo_attivita>{self.kind}</tipo_attivita>"
            f"<titolo_denominazione>{escape(self.title)}</titolo_denominazione><data_proposta>{self.proposed_on}</data_proposta>"
            f"<data>{self.starts_on}</data><data_fine>{self.ends_on}</data_fine><titolo_progetto>01</titolo_progetto>"
            f"<codice_ente_promotore>{self.promoter}</codice_ente_promotore>"
            f"<identificativo_politica>{self.number}</identificativo_politica>"
            f"<ultimo_evento><evento>{self.event}</evento><data_evento>{self.event_on}</data_evento></ultimo_evento>"
            "</politiche_attive>"
        )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SimulatedWorker:
    """Whose record it is; `birthplace` and `residence`: Belfiore codes."""

    family_name: str
    given_name: str
    sex: str
    birth_date: date
    birthplace: str
    residence: str
    postal_code: str
    street: str

    def elements(self, fiscal_code: str) -> str:
        """Write dati personali and residenza."""
        return (
            f"<datipersonali><codicefiscale>{fiscal_code}</codicefiscale><cognome>{escape(self.family_name)}</cognome>"
            f"<nome>{escape(self.given_name)}</nome><sesso>{self.sex}</sesso><datanascita>{self.birth_date}</datanascita>"
            f"<codcomune>{self.birthplace}</codcomune></datipersonali>"
            f"<residenza><codcomune>{self.residence}</codcomune><cap>{self.postal_code}</cap>"
            f"<indirizzo>{escape(self.street)}</indirizzo></residenza>"
        )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SimulatedRecord:
    """One person's SAP; `code`: 11 characters; `updated_on`: when anything of it last changed; `worker` None: no more than a name."""

    code: str
    fiscal_code: str
    updated_on: date
    policies: Sequence[SimulatedPolicy] = ()
    holder: str = "H501C000523"
    worker: SimulatedWorker | None = None

    def document(self) -> str:
        """Write the document."""
        personal = (
            _unnamed(self.fiscal_code) if self.worker is None else self.worker.elements(self.fiscal_code)
        )
        policies = "".join(one.element() for one in self.policies)
        return (
            f"<lavoratore><datiinvio><dataultimoagg>{self.updated_on}</dataultimoagg><identificativosap>{self.code}</identificativosap>"
            f"<codiceentetit>{self.holder}</codiceentetit></datiinvio><datianagrafici>{personal}</datianagrafici>"
            f"<politiche_attive_lst>{policies}</politiche_attive_lst></lavoratore>"
        )


def _unnamed(fiscal_code: str) -> str:
    return f"<datipersonali><codicefiscale>{fiscal_code}</codicefiscale><cognome>Prova</cognome><nome>Persona</nome></datipersonali>"
