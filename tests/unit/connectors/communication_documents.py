# SPDX-License-Identifier: EUPL-1.2
"""Communications as employers' programs write them: the published UniLav and UniSomm, with values of nobody."""

from __future__ import annotations

from collections.abc import Mapping

UNILAV = """<?xml version="1.0" encoding="UTF-8"?>
<UniLav xmlns="http://servizi.lavoro.gov.it/unilav" codiceComunicazione="{code}"{earlier} dataInvio="2026-09-01T10:00:00"
    assunzioneForzaMaggiore="NO" versione="CO160201R1">
  <DatoreLavoro codiceFiscale="{employer}" denominazione="ACME SRL">
    <SedeLegale><Comune>H501</Comune><cap>00100</cap><Indirizzo>Via Roma 1</Indirizzo></SedeLegale>
    <SedeLavoro><Comune>H501</Comune><cap>00100</cap><Indirizzo>Via Roma 2</Indirizzo><e-mail>a@example.it</e-mail></SedeLavoro>
    <Settore>56.10.11</Settore>
    <PubblicaAmministrazione>NO</PubblicaAmministrazione>
  </DatoreLavoro>
  <Lavoratore>
    <AnagraficaCompleta>
      <cognome>NOME</cognome><nome>COGNOME</nome><codice-fiscale>{worker}</codice-fiscale>
      <cittadinanza>000</cittadinanza><sesso>F</sesso><nascita><comune>H501</comune><data>1980-01-01</data></nascita>
    </AnagraficaCompleta>
    <IndirizzoLavoratore><Comune>H501</Comune><cap>00100</cap><Indirizzo>Via Roma 3</Indirizzo></IndirizzoLavoratore>
    <LivelloIstruzione>30</LivelloIstruzione>
  </Lavoratore>
  <InizioRapporto dataInizio="{begins}" {more} entePrevidenziale="01" lavInMobilita="NO" lavoroStagionale="NO"
      lavoroInAgricoltura="NO" socioLavoratore="NO" assunzioneObbligatoria="NO">
    <ccnl>042</ccnl><livelloInquadramento>5</livelloInquadramento><tipoOrario codice="F"/>
    <qualificaProfessionale>5.2.2.3.2.0</qualificaProfessionale><RetribuzioneCompenso>21000</RetribuzioneCompenso>
    <PatINAIL>12345678</PatINAIL><Agevolazioni/>
  </InizioRapporto>
  <TipoComunicazione>{kind}</TipoComunicazione>
</UniLav>
"""

UNISOMM = """<?xml version="1.0" encoding="utf-8"?>
<UniSomm xmlns="http://servizi.lavoro.gov.it/unisomm" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    codiceComunicazione="{code}"{earlier} dataInvio="2026-09-01T11:11:40.698205+02:00" versione="CO190701R1">
  <AgenziaSomministrazione codiceFiscale="{employer}" denominazione="AGENZIA SPA" agenziaestera="NO" numeroIscrizioneAlbo="1">
    <SedeLavoro><Comune>G149</Comune><cap>25034</cap><Indirizzo>Via Roma 1</Indirizzo></SedeLavoro>
    <SedeLegale><Comune>B157</Comune><cap>25124</cap><Indirizzo>Via Roma 2</Indirizzo></SedeLegale>
    <RapportoAgenziaSomm dataInizioSomm="{begins}" {more} entePrevidenziale="01" lavInMobilita="NO"
        numeroAgenziaSomm="37" numeroMatricola="359581"/>
  </AgenziaSomministrazione>
  <Lavoratore>
    <AnagraficaCompleta>
      <cognome>NOME</cognome><nome>COGNOME</nome><codice-fiscale>{worker}</codice-fiscale>
      <cittadinanza>330</cittadinanza><sesso>M</sesso><nascita><comune>Z222</comune><data>1999-03-07</data></nascita>
    </AnagraficaCompleta>
    <extraCE dataScadenzaPS="2099-12-31" motivoPermesso="CSST1" tipoDocumento="5" questura="016"/>
    <IndirizzoLavoratore><Comune>A630</Comune><cap>25030</cap><Indirizzo>Via Roma 3</Indirizzo></IndirizzoLavoratore>
    <LivelloIstruzione>30</LivelloIstruzione>
  </Lavoratore>
  <DittaUtilizzatrice codiceFiscale="00000000000" denominazione="DITTA" numeroContrattoSomm="1">
    <SedeLavoro><Comune>G149</Comune></SedeLavoro>
    <InizioContratto><Inizio dataInizioMissione="{begins}"><PatINAIL>1</PatINAIL></Inizio></InizioContratto>
  </DittaUtilizzatrice>
  <TipoComunicazione>{kind}</TipoComunicazione>
</UniSomm>
"""

VALUES: Mapping[str, str] = {
    "code": "1200000000000001",
    "employer": "12345678903",
    "worker": "RSSMRA80A01H501U",
    "begins": "2026-09-10",
    "more": 'dataFine="2026-12-31" TipologiaContrattuale="A.02.00"',
    "kind": "01",
}


def unilav(**changes: str) -> str:
    """A UniLav, some of its values changed; `earlier`: the code of the communication it names."""
    return _written(UNILAV, changes)


def unisomm(**changes: str) -> str:
    """A UniSomm, likewise."""
    more = 'dataFineSomm="2026-12-31" TipologiaContrattuale="A.02.00"'
    return _written(UNISOMM, {"more": more, **changes})


def _written(model: str, changes: Mapping[str, str]) -> str:
    earlier = f' codiceComunicazionePrecedente="{changes["earlier"]}"' if "earlier" in changes else ""
    return model.format(**{**VALUES, **changes, "earlier": earlier})
