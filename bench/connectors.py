# SPDX-License-Identifier: EUPL-1.2
"""What connectors do by themselves, without a network: reading the documents that labour systems send."""

from __future__ import annotations

import time
from datetime import date
from statistics import median

from bench.figures import Figure
from connectors.sap import make_policy_id, read_sap
from hub.store.fiscal_code import check_letter

DOCUMENTS = 1_000
"""Read in a round."""
SAP_PARSE = 2_000.0
"""Documents that should be read and checked in a second of CPU."""
POLICIES = 5


def connectors(rounds: int) -> list[Figure]:
    """SAP documents read whole in a second of CPU, every rule of theirs looked at: each another, of some 4 KB and five policies."""
    documents = [_sap(number) for number in range(DOCUMENTS)]
    rates = []
    for _ in range(rounds):
        began = time.process_time()
        for one in documents:
            read_sap(one).check()
        rates.append(DOCUMENTS / (time.process_time() - began))
    size = sum(map(len, documents)) / DOCUMENTS
    return [
        Figure("connectors.sap.parse", round(median(rates)), "documents/s of CPU", SAP_PARSE, "higher"),
        Figure("connectors.sap.size", round(size), "bytes", None, "lower"),
    ]


def _sap(number: int) -> bytes:
    first = f"RSSMRA80A{number % 28 + 1:02}H{number:03}"
    policies = "".join(_policy(number * POLICIES + place) for place in range(POLICIES))
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<lavoratore>
 <datiinvio><dataultimoagg>2018-07-01</dataultimoagg><identificativosap>AA{number:08}H</identificativosap>
  <codiceentetit>H501C000523</codiceentetit><tipovariazione>01</tipovariazione><datadinascita>1980-01-01</datadinascita></datiinvio>
 <datianagrafici>
  <datipersonali><codicefiscale>{first}{check_letter(first)}</codicefiscale><cognome>Rossi</cognome><nome>Maria</nome><sesso>F</sesso>
   <datanascita>1980-01-01</datanascita><codcomune>H501</codcomune><codcittadinanza>000</codcittadinanza></datipersonali>
  <residenza><codcomune>H501</codcomune><cap>00185</cap><indirizzo>Via Marsala {number}</indirizzo></residenza><domicilio/>
  <recapiti><telefono/><cellulare>3330000000</cellulare><email/></recapiti>
 </datianagrafici>
 <datiamministrativi>
  <statoinanagrafe><codstatooccupazionale>02</codstatooccupazionale><codstatus>CO</codstatus><categoria297>3</categoria297>
   <anzianita>12</anzianita><indiceprofiling>2</indiceprofiling><dataevento>2018-01-01</dataevento><disponibilita/></statoinanagrafe>
  <listespeciali_lst/><periodidisoccupazione><dataingresso>2017-06-01</dataingresso><tipoingresso>1</tipoingresso></periodidisoccupazione>
 </datiamministrativi>
 <esperienzelavoro_lst/><allegato><titolistudio_lst/><linguestraniere_lst/></allegato>
 <politiche_attive_lst>{policies}</politiche_attive_lst>
</lavoratore>""".encode()


def _policy(number: int) -> str:
    day = date(2018, 1, number % 28 + 1)
    identifier = make_policy_id("08", number, promoter="H501C000523", kind="A02", proposed_on=day)
    return f"""<politiche_attive><tipo_attivita>A02</tipo_attivita><titolo_denominazione/><data_proposta>{day}</data_proposta>
 <data>{day}</data><data_fine>2018-06-30</data_fine><durata>180</durata><tipologia_durata>G</tipologia_durata><descrizione/>
 <titolo_progetto>01</titolo_progetto><codice_ente_promotore>H501C000523</codice_ente_promotore>
 <identificativo_politica>{identifier}</identificativo_politica><indice_profiling>0,5</indice_profiling><identificativo_presa_in_carico/>
 <ultimo_evento><evento>02</evento><data_evento>{day}</data_evento></ultimo_evento></politiche_attive>"""
