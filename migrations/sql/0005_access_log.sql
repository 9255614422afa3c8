-- SPDX-License-Identifier: EUPL-1.2
-- The access log: who looked at whom, kept by months. Nothing wrote to the tables of the first migration.
-- The hub's role comes as the setting snodo.role.

DROP TABLE access_log;
DROP TABLE access_document;

CREATE TABLE access_selection (
    selection_hash BYTEA NOT NULL,
    coordinates TEXT[] NOT NULL,
    first_seen_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT access_selection_pkey PRIMARY KEY (selection_hash),
    CONSTRAINT access_selection_selection_hash_check CHECK (length(selection_hash) = 32)
);

CREATE TABLE access_log (
    id UUID DEFAULT uuidv7() NOT NULL,
    at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    agency_id UUID NOT NULL,
    client_id UUID,
    purpose_id UUID NOT NULL,
    person_id UUID,
    user_id TEXT,
    user_location TEXT,
    loa TEXT,
    operation TEXT,
    selection_hash BYTEA NOT NULL,
    asked JSON NOT NULL,
    subjects UUID[] NOT NULL,
    positions INT8MULTIRANGE,
    outcome VARCHAR(40) NOT NULL,
    CONSTRAINT access_log_pkey PRIMARY KEY (at, id),
    CONSTRAINT access_log_outcome_check CHECK (outcome IN ('ANSWERED', 'REFUSED', 'FAILED')),
    CONSTRAINT access_log_operator_check CHECK (num_nonnulls(user_id, user_location, loa) IN (0, 3)),
    CONSTRAINT access_log_subjects_check CHECK (array_position(subjects, NULL) IS NULL)
) PARTITION BY RANGE (at);
-- What waits to be sorted into the index is sorted in when it is so much: a writer is held up for milliseconds, not for a second.
CREATE INDEX access_log_subjects_idx ON access_log USING gin (subjects) WITH (gin_pending_list_limit = 256);
CREATE INDEX access_log_positions_idx ON access_log USING gist (positions) WHERE positions IS NOT NULL;

CREATE TRIGGER access_selection_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON access_selection
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER access_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON access_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- A statement that names a partition does not fire its parent's statement triggers; row triggers are cloned to each.
CREATE TRIGGER access_log_row_append_only BEFORE UPDATE OR DELETE ON access_log
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- No foreign key leads from a line of the log: each would lock the one row of its agency, at every look, against every other. What
-- a line names stays instead: it may change, and cannot be removed.
CREATE FUNCTION refuse_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a row of table % may be named in the access log, and stays', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER agency_stays BEFORE DELETE OR TRUNCATE ON agency FOR EACH STATEMENT EXECUTE FUNCTION refuse_removal();
CREATE TRIGGER purpose_stays BEFORE DELETE OR TRUNCATE ON purpose FOR EACH STATEMENT EXECUTE FUNCTION refuse_removal();

-- A partition is nobody's but its owner's, and nobody changes it: what is read and written goes through the whole table.
CREATE FUNCTION guard_access_log_month(month regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    granted record;
BEGIN
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s'
                   ' FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', month);
    FOR granted IN
        SELECT DISTINCT acl.grantee FROM pg_class, aclexplode(relacl) AS acl
        WHERE pg_class.oid = month AND acl.grantee <> relowner
    LOOP
        EXECUTE format('REVOKE ALL ON %s FROM %s', month,
                       CASE granted.grantee WHEN 0 THEN 'PUBLIC' ELSE granted.grantee::regrole::text END);
    END LOOP;
END
$$;

-- What belongs to a month that was not made lands here, so that no answer is refused for want of one: it stays empty.
CREATE TABLE access_log_default PARTITION OF access_log DEFAULT;
SELECT guard_access_log_month('access_log_default');

-- Makes the partitions of this month (UTC) and of so many to come, as far as they are missing; gives how many it made. A month
-- of which rows lie in the default partition cannot be made: it is left out.
CREATE FUNCTION make_access_log_months(ahead integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s' SET timezone = 'UTC' AS $$
DECLARE
    month date := date_trunc('month', now());
    name text;
    made integer := 0;
BEGIN
    IF ahead IS NULL OR ahead NOT BETWEEN 0 AND 24 THEN
        RAISE EXCEPTION 'months are made at most 24 ahead' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pg_advisory_xact_lock(7203005);
    FOR number IN 0 .. ahead LOOP
        name := 'access_log_' || to_char(month, '"y"YYYY"m"MM');
        IF to_regclass('public.' || name) IS NULL THEN
            BEGIN
                EXECUTE format('CREATE TABLE public.%I PARTITION OF public.access_log FOR VALUES FROM (%L) TO (%L)',
                               name, month, (month + interval '1 month')::date);
                PERFORM public.guard_access_log_month(name::regclass);
                made := made + 1;
            EXCEPTION WHEN check_violation THEN NULL;
            END;
        END IF;
        month := month + interval '1 month';
    END LOOP;
    RETURN made;
END
$$;

-- For how long whoever runs the hub keeps the log at least, whatever its settings say. Only the owner may replace this.
CREATE FUNCTION least_access_log_months() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 24';

-- Drops the partitions that ended so many months ago or earlier; gives their names.
CREATE FUNCTION drop_access_log_months(keep integer) RETURNS text[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s' SET timezone = 'UTC' AS $$
DECLARE
    least integer := public.least_access_log_months();
    first_kept date := date_trunc('month', now()) - make_interval(months => keep);
    name text;
    dropped text[] := '{}';
BEGIN
    IF keep IS NULL OR keep < least THEN
        RAISE EXCEPTION 'the access log is kept for % months at least', least USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM pg_advisory_xact_lock(7203005);
    FOR name IN
        SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        WHERE inhparent = 'public.access_log'::regclass AND relname ~ '^access_log_y\d{4}m\d{2}$'
            AND to_date(substr(relname, 13, 4) || substr(relname, 18, 2), 'YYYYMM') < first_kept
        ORDER BY relname
    LOOP
        EXECUTE format('DROP TABLE public.%I', name);
        dropped := dropped || name;
    END LOOP;
    RETURN dropped;
END
$$;

SELECT make_access_log_months(2);

INSERT INTO field_set (name, description, fields) VALUES
    ('protection-officer', 'A data protection officer: who looked at whom, and who let them.',
     '{Query.accessReport,AccessReportEntryConnection.*,AccessReportEntryEdge.*,AccessReportEntry.*,AccessChange.operator}');
UPDATE field_set SET fields = fields ||
    '{Query.accessReport,AccessReportEntryConnection.*,AccessReportEntryEdge.*,AccessReportEntry.*}' WHERE name = 'citizen';

DO $$
DECLARE
    hub text := current_setting('snodo.role');
BEGIN
    REVOKE ALL ON FUNCTION guard_access_log_month(regclass), make_access_log_months(integer),
        drop_access_log_months(integer) FROM PUBLIC;
    EXECUTE format('GRANT EXECUTE ON FUNCTION make_access_log_months(integer), drop_access_log_months(integer) TO %I', hub);
    EXECUTE format('REVOKE ALL ON access_log, access_selection FROM %I', hub);
    EXECUTE format('GRANT SELECT ON access_log, access_selection TO %I', hub);
    -- When a row was written, and its place among others, is the database's to say.
    EXECUTE format(
        'GRANT INSERT (agency_id, client_id, purpose_id, person_id, user_id, user_location, loa, operation, selection_hash,'
        ' asked, subjects, positions, outcome) ON access_log TO %I', hub);
    EXECUTE format('GRANT INSERT (selection_hash, coordinates) ON access_selection TO %I', hub);
END
$$;
