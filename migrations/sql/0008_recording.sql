-- SPDX-License-Identifier: EUPL-1.2
-- Which edition of a fact an event is: one fact is one event, until it is withdrawn (docs/adr/0030).

ALTER TABLE conditionality_event
    ADD COLUMN edition INTEGER,
    ADD CONSTRAINT conditionality_event_fact_key UNIQUE (beneficiary_id, type, occurred_at, edition);
