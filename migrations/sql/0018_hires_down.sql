-- SPDX-License-Identifier: EUPL-1.2
CREATE OR REPLACE FUNCTION check_withdrawal() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    withdrawn conditionality_event;
BEGIN
    SELECT * INTO withdrawn FROM conditionality_event WHERE id = NEW.withdraws_event_id;
    IF NEW.type <> 'EVENT_WITHDRAWN' OR withdrawn.type IN ('EVENT_WITHDRAWN', 'CONTENT_ERASED')
        OR (NEW.agency_id, NEW.beneficiary_id, NEW.household_id, NEW.fiscal_code, NEW.inps_protocol, NEW.measure)
            IS DISTINCT FROM (withdrawn.agency_id, withdrawn.beneficiary_id, withdrawn.household_id, withdrawn.fiscal_code,
                withdrawn.inps_protocol, withdrawn.measure)
    THEN
        RAISE EXCEPTION 'a withdrawal is of type EVENT_WITHDRAWN, and of what it takes back: by who recorded it, about the same person'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'conditionality_event_withdrawn';
    END IF;
    RETURN NULL;
END
$$;

DROP TRIGGER communication_acceptance_once ON communication;
DROP FUNCTION check_acceptance();
DROP INDEX communication_acceptance_event_id_idx;
-- The earlier constraint has each acceptance once: the hire that stands keeps it.
ALTER TABLE communication DISABLE TRIGGER communication_row_kept;
UPDATE communication SET acceptance_event_id = NULL
    WHERE event_id IN (SELECT withdraws_event_id FROM conditionality_event WHERE withdraws_event_id IS NOT NULL);
ALTER TABLE communication ENABLE TRIGGER communication_row_kept;
ALTER TABLE communication ADD CONSTRAINT communication_acceptance_event_id_key UNIQUE (acceptance_event_id);
