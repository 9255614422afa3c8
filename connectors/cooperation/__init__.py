# SPDX-License-Identifier: EUPL-1.2
"""Regional labour systems reached by application cooperation (cooperazione applicativa): the SAP's operations, the hub as client.

configuration  one region, and the file that says it; also one without a system
codes          what the codes of policies are here, as far as is published
records        what is answered, typed
messages       the elements that ask and answer (sapWS.wsdl; domain.md 6.2)
envelopes      the e-Gov header of each message, where no gateway adds it
history        what a SAP says of pacts and policies, in the hub's words
connector      the calls
notifying      facts of the ledger told to the region, by NotificaSAP
regions        a region over a connection of its own, with the certificate it is shown
"""

from connectors.cooperation.configuration import (
    CooperatingRegion,
    RegionFile,
    SubsidiaryRegion,
    region_of,
)
from connectors.cooperation.connector import SapConnector
from connectors.cooperation.history import (
    NoActivity,
    PolicyFact,
    PolicyRecord,
    SapActivity,
    facts_of,
    policies_of,
    read_policy,
)
from connectors.cooperation.notifying import SapNotifications
from connectors.cooperation.records import Holder, Outcome, Verdict
from connectors.cooperation.regions import open_region

__all__ = [
    "CooperatingRegion",
    "Holder",
    "NoActivity",
    "Outcome",
    "PolicyFact",
    "PolicyRecord",
    "RegionFile",
    "SapActivity",
    "SapConnector",
    "SapNotifications",
    "SubsidiaryRegion",
    "Verdict",
    "facts_of",
    "open_region",
    "policies_of",
    "read_policy",
    "region_of",
]
