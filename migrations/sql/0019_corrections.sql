-- SPDX-License-Identifier: EUPL-1.2
-- Communications that correct (rettifica) or annul (annullamento) another (docs/adr/0035). The hub's role comes as the setting snodo.role.

ALTER TABLE communication
    ADD COLUMN replaces_code TEXT,
    DROP CONSTRAINT communication_event_id_key,
    DROP CONSTRAINT communication_state_check,
    ADD CONSTRAINT communication_state_check
        CHECK (state IN ('WAITING', 'RECORDED', 'ALREADY_RECORDED', 'NO_BENEFICIARY', 'ERASED', 'REPLACED', 'ANNULMENT')),
    ADD CONSTRAINT communication_replaces_check CHECK (replaces_code <> code),
    ADD CONSTRAINT communication_annulment_check CHECK (state <> 'ANNULMENT' OR replaces_code IS NOT NULL),
    ADD CONSTRAINT communication_replaces_code_agency_id_key UNIQUE (replaces_code, agency_id),
    ADD CONSTRAINT communication_replaces_code_fkey FOREIGN KEY(replaces_code) REFERENCES communication (code);
-- An event comes of one communication, and of those that correct it without a change of person or day.
CREATE UNIQUE INDEX communication_event_id_key ON communication (event_id) WHERE replaces_code IS NULL;
CREATE INDEX communication_event_id_idx ON communication (event_id);

-- As before; and which it corrects or annuls, that it annulled, and that another took its place, stays too.
CREATE OR REPLACE FUNCTION keep_communication() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- In parentheses: PL/pgSQL would end the condition at the first THEN.
    IF OLD.code <> NEW.code OR OLD.replaces_code IS DISTINCT FROM NEW.replaces_code OR (CASE
        WHEN NEW.state = 'ERASED' THEN OLD.event_id IS DISTINCT FROM NEW.event_id
            OR NOT EXISTS (SELECT FROM conditionality_event WHERE id = OLD.event_id AND erased_at IS NOT NULL)
        ELSE OLD.state IN ('RECORDED', 'ERASED', 'REPLACED', 'ANNULMENT') END)
    THEN
        RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;

UPDATE field_set SET fields = fields || '{Mutation.annulHire,AnnulHirePayload.withdrawal}' WHERE name IN ('employment-centre', 'region');

DO $$
BEGIN
    EXECUTE format('GRANT INSERT (replaces_code) ON communication TO %I', current_setting('snodo.role'));
END
$$;
