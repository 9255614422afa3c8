# SPDX-License-Identifier: EUPL-1.2
"""A look at the tables the inbound flows write."""

from __future__ import annotations

import json
from typing import Any

import asyncpg

Tables = dict[str, list[tuple[Any, ...]]]

# What a flow is about, by natural keys: no ids of ours, no times of ours.
_LOOKS = {
    "household": """
        SELECT h.inps_protocol, h.measure, m.belfiore_code, h.region_code, lower(b.period), h.case_manager, a.fiscal_code
        FROM household h JOIN municipality m ON m.id = h.municipality_id JOIN benefit b ON b.id = h.benefit_id
        LEFT JOIN beneficiary a ON a.id = h.applicant_id""",
    "benefit": """
        SELECT h.inps_protocol, b.measure, b.period, b.status, b.monthly_amount, b.reported_at
        FROM benefit b JOIN household h ON h.id = b.household_id""",
    "beneficiary": """
        SELECT p.fiscal_code, p.given_name, p.family_name, p.birth_date, p.sex, h.inps_protocol, m.belfiore_code,
               p.region_code, c.code, p.employment_status, p.obligation, a.answered_at
        FROM beneficiary p JOIN household h ON h.id = p.household_id JOIN municipality m ON m.id = p.municipality_id
        LEFT JOIN employment_centre c ON c.id = p.employment_centre_id
        LEFT JOIN agency_answer a ON a.beneficiary_id = p.id""",
    "pact": """
        SELECT g.code, p.external_id, p.kind, p.status, h.inps_protocol, b.fiscal_code, p.created_on, p.signed_on,
               p.period, p.updated_at, p.professions
        FROM pact p JOIN household h ON h.id = p.household_id LEFT JOIN beneficiary b ON b.id = p.beneficiary_id
        JOIN agency g ON g.id = p.source_agency_id""",
    "pact_goal": """
        SELECT p.external_id, g.ordinal, g.description, g.status, g.due_on
        FROM pact_goal g JOIN pact p ON p.id = g.pact_id""",
    "job_offer": """
        SELECT o.external_id, o.title, o.employer_name, o.profession_code, o.contract_type, o.weekly_hours,
               o.monthly_pay, o.places, m.belfiore_code, o.published_on, o.expires_on, o.status, o.updated_at
        FROM job_offer o JOIN municipality m ON m.id = o.municipality_id""",
    "training_course": """
        SELECT c.external_id, c.title, c.provider_name, c.mode, m.belfiore_code, c.starts_on, c.ends_on, c.hours,
               c.places, c.enrolled, c.status, c.updated_at
        FROM training_course c JOIN municipality m ON m.id = c.municipality_id""",
    "quarantined_record": """
        SELECT a.code, q.flow, q.record_key, coalesce(q.payload::text, q.payload_digest), q.field, q.reason, q.version, q.is_told,
            q.dismissed_because, q.resolved_at IS NOT NULL
        FROM quarantined_record q JOIN agency a ON a.id = q.agency_id""",
}


async def look(connection: asyncpg.Connection[asyncpg.Record]) -> Tables:
    """The tables the flows write, each in an order of its own."""
    found: Tables = {}
    for name, sql in _LOOKS.items():
        rows = [tuple(row.values()) for row in await connection.fetch(sql)]
        found[name] = sorted(rows, key=lambda row: json.dumps(row, default=str))
    return found
