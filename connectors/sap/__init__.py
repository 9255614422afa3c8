# SPDX-License-Identifier: EUPL-1.2
"""The worker's record of the labour systems, SAP (Scheda Anagrafico Professionale): its XML, its rules, its policy identifiers."""

from connectors.sap.document import NotASap, SapDocument, SapRefused, read_sap
from connectors.sap.events import POLICY_EVENTS, PolicyDay, PolicyEvent
from connectors.sap.policy_id import InvalidPolicyId, PolicyId, make_policy_id, read_policy_id
from connectors.sap.problems import Problem, SapRule
from connectors.sap.records import Policy, Sap

__all__ = [
    "POLICY_EVENTS",
    "InvalidPolicyId",
    "NotASap",
    "Policy",
    "PolicyDay",
    "PolicyEvent",
    "PolicyId",
    "Problem",
    "Sap",
    "SapDocument",
    "SapRefused",
    "SapRule",
    "make_policy_id",
    "read_policy_id",
    "read_sap",
]
