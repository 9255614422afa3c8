# SPDX-License-Identifier: EUPL-1.2
"""Regional labour systems reached by application cooperation (cooperazione applicativa): the SAP's operations, the hub as client.

configuration  one region, and the file that says it
records        what is answered, typed
messages       the elements that ask and answer (sapWS.wsdl; domain.md 6.2)
envelopes      the e-Gov header of each message, where no gateway adds it
history        what a SAP says of pacts and policies, in the hub's words
connector      the calls
regions        every region of a folder, each over a connection of its own
"""

from connectors.cooperation.configuration import CooperatingRegion, read_region, read_regions
from connectors.cooperation.connector import SapConnector
from connectors.cooperation.history import PolicyFact, facts_of, pact_of
from connectors.cooperation.records import Holder, Outcome, Verdict
from connectors.cooperation.regions import open_regions

__all__ = [
    "CooperatingRegion",
    "Holder",
    "Outcome",
    "PolicyFact",
    "SapConnector",
    "Verdict",
    "facts_of",
    "open_regions",
    "pact_of",
    "read_region",
    "read_regions",
]
