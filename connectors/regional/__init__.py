# SPDX-License-Identifier: EUPL-1.2
"""Regional labour systems, reached by REST over PDND: their pacts, job offers and training courses.

system       one region's system: its address, its ids, its codes and names
configuration    the file that says it, one for each region
codes        the code tables
records      what a region says, typed
pacts, offers, courses    one record of each, read
resources    the three kinds, and how a record of one is read
facts        one fact recorded here, written, and the receipt for it
connector    the calls

Names follow Piemonte's published PSLP interface where it has them (`codiceFiscale`, `dataPropostaPds`,
`dataFirmaPds`, `dSottoscrizione`, `dPadPadi`, `flgAnnullato`, `ultimoEvento`, `dataAggiorn`, `numDurataOre`,
`numRetribuzioneLorda` …; domain.md 5 and 6.2, high confidence) and the SAP's codes (6.3). The paths, the envelope
and the names PSLP does not have are **unverified**: this hub's reading, to be set per region.
"""

from connectors.regional.codes import PROVISIONAL_CODES, RegionalCodes
from connectors.regional.configuration import KIND, system_of
from connectors.regional.connector import RegionalConnector
from connectors.regional.records import RegionalCourse, RegionalGoal, RegionalOffer, RegionalPact
from connectors.regional.system import RegionalSystem

__all__ = [
    "KIND",
    "PROVISIONAL_CODES",
    "RegionalCodes",
    "RegionalConnector",
    "RegionalCourse",
    "RegionalGoal",
    "RegionalOffer",
    "RegionalPact",
    "RegionalSystem",
    "system_of",
]
