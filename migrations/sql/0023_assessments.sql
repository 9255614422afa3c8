-- SPDX-License-Identifier: EUPL-1.2
-- Runs of a measure over all its households. The tables' owner runs them (`snodo measures run`); the hub's role, which comes as the
-- setting snodo.role, has no part in it.

CREATE TABLE assessment_run (
    id UUID DEFAULT uuidv7() NOT NULL,
    measure VARCHAR(40) NOT NULL,
    assessed_on DATE NOT NULL,
    law TEXT NOT NULL,
    edition BYTEA NOT NULL,
    facts BYTEA NOT NULL,
    households_at_most INTEGER,
    started_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT assessment_run_pkey PRIMARY KEY (id),
    CONSTRAINT assessment_run_measure_check CHECK (measure IN ('RDC', 'MIA', 'ADI', 'SFL')),
    CONSTRAINT assessment_run_edition_check CHECK (length(edition) = 32),
    CONSTRAINT assessment_run_facts_check CHECK (length(facts) = 32),
    CONSTRAINT assessment_run_households_at_most_check CHECK (households_at_most > 0),
    CONSTRAINT assessment_run_ended_at_check CHECK (ended_at >= started_at)
);
CREATE INDEX assessment_run_measure_started_at_idx ON assessment_run (measure, started_at);
CREATE UNIQUE INDEX assessment_run_going_key
    ON assessment_run (measure, assessed_on, coalesce(households_at_most, 0)) WHERE ended_at IS NULL;

CREATE TABLE assessment_chunk (
    run_id UUID NOT NULL,
    ordinal INTEGER NOT NULL,
    first_household_id UUID NOT NULL,
    last_household_id UUID NOT NULL,
    households INTEGER NOT NULL,
    assessed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT assessment_chunk_pkey PRIMARY KEY (run_id, ordinal),
    CONSTRAINT assessment_chunk_run_id_fkey FOREIGN KEY(run_id) REFERENCES assessment_run (id) ON DELETE CASCADE,
    CONSTRAINT assessment_chunk_households_check CHECK (households > 0),
    CONSTRAINT assessment_chunk_ends_check CHECK (first_household_id <= last_household_id)
);
CREATE INDEX assessment_chunk_run_id_ordinal_idx ON assessment_chunk (run_id, ordinal) WHERE assessed_at IS NULL;

CREATE TABLE assessment (
    run_id UUID NOT NULL,
    household_id UUID NOT NULL,
    verdict VARCHAR(40) NOT NULL,
    not_met TEXT[] NOT NULL,
    not_known TEXT[] NOT NULL,
    scale NUMERIC(4, 2),
    monthly_amount NUMERIC(10, 2),
    months INTEGER,
    unverified BOOLEAN NOT NULL,
    CONSTRAINT assessment_pkey PRIMARY KEY (run_id, household_id),
    CONSTRAINT assessment_run_id_fkey FOREIGN KEY(run_id) REFERENCES assessment_run (id) ON DELETE CASCADE,
    CONSTRAINT assessment_household_id_fkey FOREIGN KEY(household_id) REFERENCES household (id) ON DELETE CASCADE,
    CONSTRAINT assessment_verdict_check CHECK (verdict IN ('SATISFIED', 'NOT_SATISFIED', 'UNDETERMINED')),
    CONSTRAINT assessment_codes_check CHECK (array_position(not_met || not_known, NULL) IS NULL),
    CONSTRAINT assessment_not_met_check CHECK ((verdict = 'NOT_SATISFIED') = (cardinality(not_met) > 0)),
    CONSTRAINT assessment_not_known_check CHECK (verdict <> 'UNDETERMINED' OR cardinality(not_known) > 0),
    CONSTRAINT assessment_amount_check CHECK (
        CASE verdict WHEN 'SATISFIED' THEN (monthly_amount IS NULL) = (cardinality(not_known) > 0)
            ELSE num_nonnulls(monthly_amount, months) = 0 END
    ),
    CONSTRAINT assessment_bounds_check CHECK (monthly_amount >= 0 AND months >= 0)
);
CREATE INDEX assessment_household_id_idx ON assessment (household_id);

-- What was said of a household stays as it was said, as long as the run is kept.
CREATE TRIGGER assessment_unchanged BEFORE UPDATE ON assessment
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A chunk is assessed with its households, all of them, in one transaction, and once.
CREATE FUNCTION keep_chunk_whole() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.assessed_at IS NOT NULL OR NEW.households <> (
        SELECT count(*) FROM assessment
        WHERE run_id = NEW.run_id AND household_id BETWEEN NEW.first_household_id AND NEW.last_household_id
    ) THEN
        RAISE EXCEPTION 'chunk % is assessed once, with each of its households', NEW.ordinal
            USING ERRCODE = 'check_violation', CONSTRAINT = 'assessment_chunk_whole';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER assessment_chunk_whole BEFORE UPDATE ON assessment_chunk
    FOR EACH ROW EXECUTE FUNCTION keep_chunk_whole();

-- A run has ended when no chunk is left.
CREATE FUNCTION keep_run_whole() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.ended_at IS NOT NULL
        OR EXISTS (SELECT FROM assessment_chunk WHERE run_id = NEW.id AND assessed_at IS NULL)
    THEN
        RAISE EXCEPTION 'a run ends once, when each of its chunks is assessed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'assessment_run_whole';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER assessment_run_whole BEFORE UPDATE ON assessment_run
    FOR EACH ROW EXECUTE FUNCTION keep_run_whole();

DO $$
DECLARE
    hub text := current_setting('snodo.role');
BEGIN
    EXECUTE format('REVOKE ALL ON assessment_run, assessment_chunk, assessment FROM %I', hub);
END
$$;
