# SPDX-License-Identifier: EUPL-1.2
"""INPS's documents for tests: a good attestation and a good indicator, and the answers that carry them."""

from __future__ import annotations

from base64 import b64encode

from connectors.isee.questions import SERVICE
from connectors.soap.envelope import Element
from connectors.xml import read_xml

ASKED = "RSSMRA80A41H501V"
CHILD, OTHER = "RSSLCU15A01H501K", "RSSGLI17A41H501F"
VALUES = '<Valori ISE="12000.50" ScalaEquivalenza="2.04" ISEE="5882.60" ISR="11000.50" ISP="5000.00"/>'
ATTESTATION = f"""<?xml version="1.0" encoding="ISO-8859-1"?>
<EsitoAttestazione xmlns="http://inps.it/ISEERiforma">
 <Attestazione CodiceFiscaleDichiarante="{ASKED}" NumeroProtocolloDSU="INPS-ISEE-2026-00000025W-00"
   DataPresentazione="2026-01-24" DataValidita="2026-12-31" DataScadenzaDSUCorrente="2026-07-24">
  <Ordinario Corrente="SI">
   <NucleoFamiliare>
    <ComponenteNucleo RapportoConDichiarante="D" Cognome="ROSSI" Nome="NICOL\u00d2" CodiceFiscale="{ASKED}"/>
    <ComponenteNucleo RapportoConDichiarante="F" Cognome="ROSSI" Nome="LUCA" CodiceFiscale="{CHILD.lower()}"/>
    <ComponenteNucleo RapportoConDichiarante="F" Cognome="ROSSI" Nome="GIULIA" CodiceFiscale="{OTHER}"/>
   </NucleoFamiliare>
   <ISEEOrdinario DataRilascio="2026-02-03">{VALUES}<ModalitaCalcoloISEEOrdinario/></ISEEOrdinario>
   <ISEEMin>
    <ComponenteMinorenne Cognome="ROSSI" Nome="LUCA" CodiceFiscale="{CHILD}" ISEE="5882.60"><ISEEOrd/></ComponenteMinorenne>
    <ComponenteMinorenne Cognome="ROSSI" Nome="GIULIA" CodiceFiscale="{OTHER}"><!-- one parent more -->
     <ISEEMinAgg DataRilascio="2026-02-03"><Valori ISE="1" ScalaEquivalenza="1" ISEE="7000.00" ISR="1" ISP="0"/></ISEEMinAgg>
    </ComponenteMinorenne>
   </ISEEMin>
  </Ordinario>
  <OmissioneDifformita TipoOmissioneDifformita="PatrimoniMobiliariSottoSoglia" CodiceFiscale="{ASKED}" DataControlloAE="2026-02-01"/>
  <OmissioneDifformita TipoOmissioneDifformita="RedditiScostamento" CodiceFiscale="{OTHER}" DataControlloAE="2026-02-02+01:00"/>
 </Attestazione>
 <Ricerca><RicercaCF CodiceFiscale="{ASKED}" DataValidita="2026-03-01"/></Ricerca>
</EsitoAttestazione>"""
INDICATOR = f"""<Indicatore xmlns="http://inps.it/ISEERiforma" TipoIndicatore="Ordinario" ISE="12000.50" ScalaEquivalenza="2.04"
 ISEE="5882.60" ISR="11000.50" ISP="5000" ProtocolloDSU="INPS-ISEE-2026-00000025W-00" DataPresentazione="2026-01-24">
 <RicercaCF CodiceFiscale="{ASKED}"/></Indicatore>"""
STANDING = """<DatiIndicatore TipoIndicatore="ISEE Ordinario" SottoSoglia="SI" ProtocolloDSU="INPS-ISEE-2026-00000025W-00"
 DataPresentazioneDSU="2026-01-24" PresenzaDifformita="NO"><Componente CodiceFiscale="MXABKP55H18F205I" Cognome="MXA" Nome="BKP"/>
 </DatiIndicatore>"""


def carried(name: str, document: str, charset: str = "iso-8859-1") -> str:
    """The element of an answer that carries a document."""
    content = b64encode(document.encode(charset)).decode()
    # WCF breaks its lines.
    return f"<{name}>\n{content[:60]}\n{content[60:]}\n</{name}>"


def answer(operation: str, content: str, outcome: str = "OK") -> Element:
    """The element that answers."""
    return read_xml(
        f'<{operation}Response xmlns="{SERVICE}"><{operation}Result><IdRichiesta>1</IdRichiesta><Esito>{outcome}</Esito>'
        f"{content}</{operation}Result></{operation}Response>".encode()
    )
