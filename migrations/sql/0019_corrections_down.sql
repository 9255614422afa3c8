-- SPDX-License-Identifier: EUPL-1.2
UPDATE field_set SET fields = ARRAY(SELECT field FROM unnest(fields) WITH ORDINALITY AS one (field, n)
    WHERE field NOT IN ('Mutation.annulHire', 'AnnulHirePayload.withdrawal') ORDER BY n)
    WHERE fields && '{Mutation.annulHire,AnnulHirePayload.withdrawal}';

CREATE OR REPLACE FUNCTION keep_communication() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- In parentheses: PL/pgSQL would end the condition at the first THEN.
    IF OLD.code <> NEW.code OR (CASE
        WHEN NEW.state = 'ERASED' THEN OLD.event_id IS DISTINCT FROM NEW.event_id
            OR NOT EXISTS (SELECT FROM conditionality_event WHERE id = OLD.event_id AND erased_at IS NOT NULL)
        ELSE OLD.state IN ('RECORDED', 'ERASED') END)
    THEN
        RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;

-- What the earlier constraints do not know came to nothing: that it came stays. An event is of the first communication that became it.
ALTER TABLE communication DISABLE TRIGGER communication_row_kept;
UPDATE communication SET state = 'NO_BENEFICIARY' WHERE state IN ('REPLACED', 'ANNULMENT');
UPDATE communication AS later
    SET state = 'ALREADY_RECORDED', client_id = NULL, purpose_id = NULL, operator = NULL, beneficiary_id = NULL, starts_on = NULL,
        ends_on = NULL, employer_code = NULL, contract_type = NULL, event_id = NULL, acceptance_event_id = NULL
    WHERE later.replaces_code IS NOT NULL
        AND EXISTS (SELECT FROM communication AS first WHERE first.event_id = later.event_id AND first.code = later.replaces_code);
ALTER TABLE communication ENABLE TRIGGER communication_row_kept;

DROP INDEX communication_event_id_idx;
DROP INDEX communication_event_id_key;
ALTER TABLE communication
    DROP CONSTRAINT communication_state_check,
    ADD CONSTRAINT communication_state_check
        CHECK (state IN ('WAITING', 'RECORDED', 'ALREADY_RECORDED', 'NO_BENEFICIARY', 'ERASED')),
    DROP CONSTRAINT communication_annulment_check,
    DROP COLUMN replaces_code,
    ADD CONSTRAINT communication_event_id_key UNIQUE (event_id);
