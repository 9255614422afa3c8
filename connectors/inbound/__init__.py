# SPDX-License-Identifier: EUPL-1.2
"""What agencies tell, landed in the hub's tables.

flows        the public entrances: pull_admitted_households, pull_region, pull_worker_records
communications    another: mandatory communications of hires, from a folder (pull_communications)
flow         one run: page by page from the watermark, each page one transaction
settle       a page's records land together; those the database refuses are found by halving
runs         inbound_run: where a run stands, and where the next one starts
quarantine   quarantined_record: what could not land, and when it was resolved
retrying     what waits there is tried again, by a run or without one
kept_records, kept_kinds, dismissing    the same for whoever runs the hub: what waits, how it is read again, how it is put away
places       municipalities and centres by their codes
batches      many rows as one statement's parameters
violations   what a refusal of the database says about a record
households, people, benefits (with the pure `terms`), pacts, offers, courses, worker_records    one kind of record each

**Order does not matter.** What is told about one thing carries a version, the agency's own time; a version older
than the one that landed changes nothing. So any prefix of a flow may come again, and its records in any order, and
the tables end the same, as long as the records do not contradict each other (of two overlapping pacts the one that
came first lands). Two contents under one version: the one that comes later holds.
"""

from connectors.inbound.communications import pull_communications
from connectors.inbound.flow import RunReport
from connectors.inbound.flows import (
    RegionReport,
    pull_admitted_households,
    pull_region,
    pull_worker_records,
)

__all__ = [
    "RegionReport",
    "RunReport",
    "pull_admitted_households",
    "pull_communications",
    "pull_region",
    "pull_worker_records",
]
