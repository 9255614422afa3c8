-- SPDX-License-Identifier: EUPL-1.2
-- Hires that arrive as mandatory communications (docs/adr/0035). The hub's role comes as the setting snodo.role.

-- Who may hand over what employers communicated: labour systems, about the people of their territory.
ALTER TABLE access_grant DROP CONSTRAINT access_grant_capabilities_check, ADD CONSTRAINT access_grant_capabilities_check
    CHECK (capabilities <@ ARRAY['RECORD_EVENTS', 'READ_FEED', 'ADMINISTER', 'READ_ACCESS_LOG', 'REPORT_OUTCOMES', 'SEND_COMMUNICATIONS']::text[]);
ALTER TABLE access_grant DROP CONSTRAINT access_grant_capability_scope_check, ADD CONSTRAINT access_grant_capability_scope_check
    CHECK ((scope IN ('NATIONAL', 'REGION', 'MUNICIPALITY', 'AMBITO') OR NOT capabilities @> ARRAY['READ_FEED'])
        AND (scope = 'NATIONAL' OR NOT capabilities @> ARRAY['REPORT_OUTCOMES'])
        AND (scope NOT IN ('AGGREGATE', 'OWN', 'SELF') OR NOT capabilities && ARRAY['RECORD_EVENTS', 'SEND_COMMUNICATIONS']));

UPDATE field_set SET fields = fields || '{Mutation.recordHire,RecordHirePayload.event}' WHERE name IN ('employment-centre', 'region');

CREATE TABLE communication (
    code TEXT NOT NULL,
    kind VARCHAR(40) NOT NULL,
    state VARCHAR(40) NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    agency_id UUID NOT NULL,
    client_id UUID,
    purpose_id UUID,
    operator TEXT,
    beneficiary_id UUID,
    starts_on DATE,
    ends_on DATE,
    employer_code TEXT,
    contract_type TEXT,
    event_id UUID,
    acceptance_event_id UUID,
    CONSTRAINT communication_pkey PRIMARY KEY (code),
    CONSTRAINT communication_event_id_key UNIQUE (event_id),
    CONSTRAINT communication_acceptance_event_id_key UNIQUE (acceptance_event_id),
    CONSTRAINT communication_agency_id_fkey FOREIGN KEY(agency_id) REFERENCES agency (id),
    CONSTRAINT communication_beneficiary_id_fkey FOREIGN KEY(beneficiary_id) REFERENCES beneficiary (id),
    CONSTRAINT communication_event_id_fkey FOREIGN KEY(event_id) REFERENCES conditionality_event (id),
    CONSTRAINT communication_acceptance_event_id_fkey FOREIGN KEY(acceptance_event_id) REFERENCES conditionality_event (id),
    CONSTRAINT communication_kind_check CHECK (kind IN ('UNILAV', 'UNISOMM')),
    CONSTRAINT communication_state_check CHECK (state IN ('WAITING', 'RECORDED', 'ALREADY_RECORDED', 'NO_BENEFICIARY', 'ERASED')),
    CONSTRAINT communication_code_check CHECK (code ~ '^[0-9A-Z]{16}$'),
    CONSTRAINT communication_employer_code_check CHECK (employer_code ~ '^([0-9]{11}|[0-9A-Z]{16})$'),
    CONSTRAINT communication_contract_type_check CHECK (contract_type ~ '^[A-Z]\.[0-9]{2}\.[0-9]{2}$'),
    CONSTRAINT communication_period_check CHECK (ends_on >= starts_on),
    CONSTRAINT communication_kept_check CHECK (
        CASE WHEN state IN ('WAITING', 'RECORDED') THEN num_nulls(beneficiary_id, starts_on, employer_code) = 0
        ELSE num_nonnulls(beneficiary_id, starts_on, ends_on, employer_code, contract_type, acceptance_event_id, client_id, purpose_id,
            operator) = 0 END
    ),
    CONSTRAINT communication_event_check CHECK (
        CASE state WHEN 'RECORDED' THEN event_id IS NOT NULL WHEN 'ERASED' THEN true
        ELSE num_nonnulls(event_id, acceptance_event_id) = 0 END
    )
);
CREATE INDEX communication_starts_on_code_idx ON communication (starts_on, code) WHERE state = 'WAITING';
CREATE INDEX communication_beneficiary_id_idx ON communication (beneficiary_id);

-- What waits for its day, or came to nothing, may become more; what was recorded stays, until the content of its event is erased.
CREATE FUNCTION keep_communication() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER communication_row_kept BEFORE UPDATE ON communication FOR EACH ROW EXECUTE FUNCTION keep_communication();
CREATE TRIGGER communication_kept BEFORE DELETE OR TRUNCATE ON communication
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Erasing the content of a hire takes what its communication said; that it came, and which event it became, stays.
CREATE FUNCTION erase_communication() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE communication
        SET state = 'ERASED', client_id = NULL, purpose_id = NULL, operator = NULL, beneficiary_id = NULL, starts_on = NULL, ends_on = NULL,
            employer_code = NULL, contract_type = NULL, acceptance_event_id = NULL
        WHERE event_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER conditionality_event_erases_communication AFTER UPDATE OF erased_at ON conditionality_event
    FOR EACH ROW WHEN (NEW.erased_at IS NOT NULL) EXECUTE FUNCTION erase_communication();

DO $$
DECLARE
    hub text := current_setting('snodo.role');
BEGIN
    EXECUTE format('REVOKE ALL ON communication FROM %I', hub);
    EXECUTE format('GRANT SELECT ON communication TO %I', hub);
    -- When it came is the database's to say.
    EXECUTE format('GRANT INSERT (code, kind, state, agency_id, client_id, purpose_id, operator, beneficiary_id, starts_on, ends_on,'
                   ' employer_code, contract_type, event_id, acceptance_event_id) ON communication TO %I', hub);
    EXECUTE format('GRANT UPDATE (kind, state, agency_id, client_id, purpose_id, operator, beneficiary_id, starts_on, ends_on,'
                   ' employer_code, contract_type, event_id, acceptance_event_id) ON communication TO %I', hub);
END
$$;
