-- SPDX-License-Identifier: EUPL-1.2
-- What takes an event back is an event of its own type, with a reason (docs/adr/0034).

ALTER TABLE conditionality_event
    ADD CONSTRAINT conditionality_event_withdrawal_check
        CHECK (type <> 'EVENT_WITHDRAWN' OR withdraws_event_id IS NOT NULL),
    ADD CONSTRAINT conditionality_event_reason_check
        CHECK (type <> 'EVENT_WITHDRAWN' OR erased_at IS NOT NULL OR coalesce(length(note) > 0, false));

-- It is about the same person, household and benefit as what it takes back, and says so by the same codes: whoever read that finds it
-- by them. What is itself a withdrawal, or about nobody, is not taken back.
CREATE FUNCTION check_withdrawal() RETURNS trigger LANGUAGE plpgsql AS $$
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
-- After the row: a trigger before it would have every load of events insert them one by one.
CREATE TRIGGER conditionality_event_withdrawn AFTER INSERT ON conditionality_event
    FOR EACH ROW WHEN (NEW.withdraws_event_id IS NOT NULL) EXECUTE FUNCTION check_withdrawal();

UPDATE field_set SET fields = fields || '{Mutation.withdrawConditionalityEvent,WithdrawConditionalityEventPayload.withdrawal}'
    WHERE name IN ('employment-centre', 'municipality', 'region');
