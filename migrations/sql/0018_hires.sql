-- SPDX-License-Identifier: EUPL-1.2
-- An accepted offer leads to one hire that stands (docs/adr/0035): one whose event was withdrawn leaves it to another.
ALTER TABLE communication DROP CONSTRAINT communication_acceptance_event_id_key;
CREATE INDEX communication_acceptance_event_id_idx ON communication (acceptance_event_id);

CREATE FUNCTION check_acceptance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Of two at once the second waits, and sees what the first wrote.
    PERFORM pg_advisory_xact_lock(hashtextextended(NEW.acceptance_event_id::text, 7203012));
    IF EXISTS (
        SELECT FROM communication AS other
        WHERE other.acceptance_event_id = NEW.acceptance_event_id AND other.event_id <> NEW.event_id
            AND NOT EXISTS (SELECT FROM conditionality_event WHERE withdraws_event_id = other.event_id)
    )
    THEN
        RAISE EXCEPTION 'an offer that was accepted leads to one hire that stands'
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'communication_acceptance_once';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER communication_acceptance_once AFTER INSERT OR UPDATE OF acceptance_event_id ON communication
    FOR EACH ROW WHEN (NEW.acceptance_event_id IS NOT NULL) EXECUTE FUNCTION check_acceptance();

-- A withdrawal is under the pact of what it takes back, too (docs/adr/0034).
CREATE OR REPLACE FUNCTION check_withdrawal() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    withdrawn conditionality_event;
BEGIN
    SELECT * INTO withdrawn FROM conditionality_event WHERE id = NEW.withdraws_event_id;
    IF NEW.type <> 'EVENT_WITHDRAWN' OR withdrawn.type IN ('EVENT_WITHDRAWN', 'CONTENT_ERASED')
        OR (NEW.agency_id, NEW.beneficiary_id, NEW.household_id, NEW.fiscal_code, NEW.inps_protocol, NEW.measure, NEW.pact_id)
            IS DISTINCT FROM (withdrawn.agency_id, withdrawn.beneficiary_id, withdrawn.household_id, withdrawn.fiscal_code,
                withdrawn.inps_protocol, withdrawn.measure, withdrawn.pact_id)
    THEN
        RAISE EXCEPTION 'a withdrawal is of type EVENT_WITHDRAWN, and of what it takes back: by who recorded it, about the same person'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'conditionality_event_withdrawn';
    END IF;
    RETURN NULL;
END
$$;
