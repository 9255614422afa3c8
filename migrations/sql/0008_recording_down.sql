-- SPDX-License-Identifier: EUPL-1.2

ALTER TABLE conditionality_event
    DROP CONSTRAINT conditionality_event_fact_key,
    DROP COLUMN edition;
