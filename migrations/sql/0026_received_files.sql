-- SPDX-License-Identifier: EUPL-1.2
-- Files that regions send (docs/how-to/receive-files.md). The hub's role comes as the setting snodo.role.

CREATE TABLE received_file (
    id UUID DEFAULT uuidv7() NOT NULL,
    agency_id UUID NOT NULL,
    flow TEXT NOT NULL,
    name TEXT NOT NULL,
    size BIGINT NOT NULL,
    modified_at TIMESTAMP WITH TIME ZONE NOT NULL,
    checksum TEXT NOT NULL,
    sha256 TEXT,
    state VARCHAR(40) NOT NULL,
    code TEXT,
    reason TEXT,
    unknown_columns TEXT[] DEFAULT '{}' NOT NULL,
    repeats_id UUID,
    records INTEGER DEFAULT 0 NOT NULL,
    landed INTEGER DEFAULT 0 NOT NULL,
    refused INTEGER DEFAULT 0 NOT NULL,
    began_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    receipted_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT received_file_pkey PRIMARY KEY (id),
    CONSTRAINT received_file_arrival_key UNIQUE (agency_id, flow, name, size, modified_at, checksum),
    CONSTRAINT received_file_agency_id_fkey FOREIGN KEY(agency_id) REFERENCES agency (id),
    CONSTRAINT received_file_repeats_id_fkey FOREIGN KEY(repeats_id) REFERENCES received_file (id),
    CONSTRAINT received_file_state_check CHECK (state IN ('READING', 'READ', 'REFUSED', 'REPEATED')),
    CONSTRAINT received_file_checksum_check CHECK (checksum = '' OR checksum ~ '^[0-9a-f]{64}$'),
    CONSTRAINT received_file_sha256_check CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    CONSTRAINT received_file_as_told_check CHECK (state NOT IN ('READING', 'READ') OR sha256 IS NOT NULL AND sha256 = checksum),
    CONSTRAINT received_file_counts_check CHECK (landed >= 0 AND refused >= 0 AND landed + refused = records),
    CONSTRAINT received_file_refusal_check
        CHECK ((state = 'REFUSED') = (code IS NOT NULL) AND (state = 'REFUSED') = (reason IS NOT NULL)),
    CONSTRAINT received_file_repeats_id_check CHECK ((state = 'REPEATED') = (repeats_id IS NOT NULL)),
    CONSTRAINT received_file_ended_at_check CHECK ((state = 'READING') = (ended_at IS NULL)),
    CONSTRAINT received_file_receipted_at_check CHECK (receipted_at IS NULL OR ended_at IS NOT NULL)
);
-- A content lands once, under whichever names it comes.
CREATE UNIQUE INDEX received_file_content_idx ON received_file (agency_id, flow, sha256) WHERE state IN ('READING', 'READ');
CREATE INDEX received_file_unreceipted_idx ON received_file (agency_id, flow) WHERE ended_at IS NOT NULL AND receipted_at IS NULL;

CREATE TABLE received_file_refusal (
    file_id UUID NOT NULL,
    ordinal INTEGER NOT NULL,
    line INTEGER NOT NULL,
    record_key TEXT,
    code VARCHAR(40) NOT NULL,
    field TEXT,
    reason TEXT NOT NULL,
    CONSTRAINT received_file_refusal_pkey PRIMARY KEY (file_id, ordinal),
    CONSTRAINT received_file_refusal_file_id_fkey FOREIGN KEY(file_id) REFERENCES received_file (id) ON DELETE CASCADE,
    CONSTRAINT received_file_refusal_code_check CHECK (code IN ('INVALID', 'WAITING')),
    CONSTRAINT received_file_refusal_ordinal_check CHECK (ordinal > 0)
);

DO $$
DECLARE
    hub text := current_setting('snodo.role');
BEGIN
    EXECUTE format('REVOKE ALL ON received_file, received_file_refusal FROM %I', hub);
    EXECUTE format('GRANT SELECT, INSERT ON received_file, received_file_refusal TO %I', hub);
    EXECUTE format('GRANT UPDATE (sha256, state, code, reason, unknown_columns, repeats_id, records, landed, refused, began_at, ended_at,'
        ' receipted_at) ON received_file TO %I', hub);
END
$$;
