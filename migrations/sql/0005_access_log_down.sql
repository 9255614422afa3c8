-- SPDX-License-Identifier: EUPL-1.2
-- The tables of the first migration, empty. The hub's role comes as the setting snodo.role.

UPDATE access_grant SET field_set = 'public' WHERE field_set = 'protection-officer';
DELETE FROM field_set WHERE name = 'protection-officer';
DROP TRIGGER agency_stays ON agency;
DROP TRIGGER purpose_stays ON purpose;
DROP FUNCTION refuse_removal();
DROP TABLE access_log;
DROP TABLE access_selection;
DROP FUNCTION drop_access_log_months(integer);
DROP FUNCTION make_access_log_months(integer);
DROP FUNCTION least_access_log_months();
DROP FUNCTION guard_access_log_month(regclass);

CREATE TABLE access_document (
    document_hash BYTEA NOT NULL,
    coordinates TEXT[] NOT NULL,
    first_seen_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT access_document_pkey PRIMARY KEY (document_hash),
    CONSTRAINT access_document_document_hash_check CHECK (length(document_hash) = 32)
);
CREATE TABLE access_log (
    id UUID DEFAULT uuidv7() NOT NULL,
    at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    agency_id UUID NOT NULL,
    client_id UUID,
    purpose_id UUID,
    operator TEXT,
    operation TEXT,
    document_hash BYTEA NOT NULL,
    variables JSONB,
    subjects UUID[] DEFAULT '{}' NOT NULL,
    outcome TEXT NOT NULL,
    CONSTRAINT access_log_pkey PRIMARY KEY (id, at),
    CONSTRAINT access_log_agency_id_fkey FOREIGN KEY(agency_id) REFERENCES agency (id),
    CONSTRAINT access_log_document_hash_fkey FOREIGN KEY(document_hash) REFERENCES access_document (document_hash)
) PARTITION BY RANGE (at);
CREATE INDEX access_log_subjects_idx ON access_log USING gin (subjects);
CREATE TABLE access_log_default PARTITION OF access_log DEFAULT;
CREATE TRIGGER access_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON access_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER access_log_row_append_only BEFORE UPDATE OR DELETE ON access_log
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER access_log_default_append_only BEFORE TRUNCATE ON access_log_default
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER access_document_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON access_document
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DO $$
BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON access_log, access_log_default, access_document FROM %I',
                   current_setting('snodo.role'));
END
$$;
