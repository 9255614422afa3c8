-- SPDX-License-Identifier: EUPL-1.2
-- Samples of households for inspection, and what came of each check. The tables' owner draws and records (`snodo measures sample`); the
-- hub's role, which comes as the setting snodo.role, has no part in it.

CREATE TABLE inspection_sample (
    id UUID DEFAULT uuidv7() NOT NULL,
    run_id UUID NOT NULL,
    measure VARCHAR(40) NOT NULL,
    assessed_on DATE NOT NULL,
    edition BYTEA NOT NULL,
    facts BYTEA NOT NULL,
    size INTEGER NOT NULL,
    algorithm TEXT NOT NULL,
    seed TEXT NOT NULL,
    seed_drawn BOOLEAN NOT NULL,
    asked BYTEA NOT NULL,
    plan JSONB NOT NULL,
    listed INTEGER NOT NULL,
    list_digest BYTEA NOT NULL,
    unverified BOOLEAN NOT NULL,
    drawn_by TEXT NOT NULL,
    drawn_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT inspection_sample_pkey PRIMARY KEY (id),
    CONSTRAINT inspection_sample_measure_check CHECK (measure IN ('RDC', 'MIA', 'ADI', 'SFL')),
    CONSTRAINT inspection_sample_edition_check CHECK (length(edition) = 32),
    CONSTRAINT inspection_sample_facts_check CHECK (length(facts) = 32),
    CONSTRAINT inspection_sample_asked_check CHECK (length(asked) = 32),
    CONSTRAINT inspection_sample_list_digest_check CHECK (length(list_digest) = 32),
    CONSTRAINT inspection_sample_size_check CHECK (size BETWEEN 1 AND listed),
    CONSTRAINT inspection_sample_seed_check CHECK (seed ~ '[^[:space:]]' AND seed !~ '[[:cntrl:]]'),
    CONSTRAINT inspection_sample_drawn_by_check CHECK (drawn_by <> ''),
    CONSTRAINT inspection_sample_draw_key UNIQUE (measure, assessed_on, edition, facts, seed, asked)
);
CREATE INDEX inspection_sample_drawn_at_idx ON inspection_sample (drawn_at);

CREATE TABLE sampled_household (
    sample_id UUID NOT NULL,
    rank INTEGER NOT NULL,
    household_id UUID,
    stratum TEXT NOT NULL,
    weight INTEGER NOT NULL,
    why VARCHAR(40) NOT NULL,
    signals TEXT[] NOT NULL,
    CONSTRAINT sampled_household_pkey PRIMARY KEY (sample_id, rank),
    CONSTRAINT sampled_household_sample_id_fkey FOREIGN KEY(sample_id) REFERENCES inspection_sample (id),
    CONSTRAINT sampled_household_household_id_fkey FOREIGN KEY(household_id) REFERENCES household (id) ON DELETE SET NULL,
    CONSTRAINT sampled_household_why_check CHECK (why IN ('MUST', 'DRAWN')),
    CONSTRAINT sampled_household_rank_check CHECK (rank >= 1),
    CONSTRAINT sampled_household_weight_check CHECK (weight >= 1),
    CONSTRAINT sampled_household_signals_check CHECK (signals <@ ARRAY[
        'ISEE_DISCREPANCY', 'RESIDENCE_NOT_CONFIRMED', 'HOUSEHOLD_CHANGED', 'EARLIER_IRREGULARITY', 'WORK_NOT_COMMUNICATED',
        'VEHICLE_REGISTERED', 'PAID_WITHOUT_RIGHT', 'PAID_ABOVE_RIGHT', 'RIGHT_NOT_DETERMINED'
    ]),
    CONSTRAINT sampled_household_sample_id_household_id_key UNIQUE (sample_id, household_id)
);
CREATE INDEX sampled_household_household_id_idx ON sampled_household (household_id);

CREATE TABLE inspection_outcome (
    id UUID DEFAULT uuidv7() NOT NULL,
    sample_id UUID NOT NULL,
    rank INTEGER NOT NULL,
    as_of DATE NOT NULL,
    made_on DATE NOT NULL,
    outcome VARCHAR(40) NOT NULL,
    undue NUMERIC(12, 2) NOT NULL,
    recovered NUMERIC(12, 2) NOT NULL,
    recorded_by TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT inspection_outcome_pkey PRIMARY KEY (id),
    CONSTRAINT inspection_outcome_sample_id_rank_fkey
        FOREIGN KEY(sample_id, rank) REFERENCES sampled_household (sample_id, rank),
    CONSTRAINT inspection_outcome_outcome_check CHECK (outcome IN ('OPEN', 'REGULAR', 'IRREGULAR')),
    CONSTRAINT inspection_outcome_as_of_check CHECK (as_of >= made_on),
    CONSTRAINT inspection_outcome_undue_check CHECK (undue BETWEEN 0 AND 1000000000),
    CONSTRAINT inspection_outcome_undue_of_irregular_check CHECK (undue = 0 OR outcome = 'IRREGULAR'),
    CONSTRAINT inspection_outcome_recovered_check CHECK (recovered BETWEEN 0 AND undue),
    CONSTRAINT inspection_outcome_recorded_by_check CHECK (recorded_by <> ''),
    CONSTRAINT inspection_outcome_told_key UNIQUE (sample_id, rank, as_of, made_on, outcome, undue, recovered)
);

-- What was drawn and what was found stay, even against their owner: a draw that does not please is no reason for it to go.
CREATE TRIGGER inspection_sample_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON inspection_sample
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER inspection_outcome_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON inspection_outcome
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER sampled_household_append_only
    BEFORE UPDATE OF sample_id, rank, stratum, weight, why, signals OR DELETE OR TRUNCATE ON sampled_household
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Of a sampled household its key alone may go, and only because the household has gone.
CREATE FUNCTION keep_sampled_household() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.household_id IS NOT NULL OR EXISTS (SELECT FROM household WHERE id = OLD.household_id) THEN
        RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER sampled_household_row_append_only BEFORE UPDATE ON sampled_household
    FOR EACH ROW EXECUTE FUNCTION keep_sampled_household();

-- A sample has its size when its transaction ends, and its places are 1 to that: so that none is added later.
CREATE FUNCTION keep_sample_whole() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT (count(*), max(rank)) FROM sampled_household WHERE sample_id = NEW.id) <> (NEW.size::bigint, NEW.size) THEN
        RAISE EXCEPTION 'a sample of % has as many households', NEW.size
            USING ERRCODE = 'check_violation', CONSTRAINT = 'inspection_sample_whole';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER inspection_sample_whole AFTER INSERT ON inspection_sample
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION keep_sample_whole();
CREATE FUNCTION keep_rank_in_size() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.rank > (SELECT size FROM inspection_sample WHERE id = NEW.sample_id) THEN
        RAISE EXCEPTION 'place % lies beyond the sample', NEW.rank
            USING ERRCODE = 'check_violation', CONSTRAINT = 'sampled_household_in_size';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER sampled_household_in_size BEFORE INSERT ON sampled_household
    FOR EACH ROW EXECUTE FUNCTION keep_rank_in_size();

DO $$
DECLARE
    hub text := current_setting('snodo.role');
BEGIN
    EXECUTE format('REVOKE ALL ON inspection_sample, sampled_household, inspection_outcome FROM %I', hub);
END
$$;
