-- SPDX-License-Identifier: EUPL-1.2
-- Rate limits and daily quotas of consumers and purposes.

ALTER TABLE agency ADD COLUMN calls_per_day BIGINT,
    ADD CONSTRAINT agency_calls_per_day_check CHECK (calls_per_day > 0);
ALTER TABLE purpose ADD COLUMN calls_per_minute BIGINT, ADD COLUMN calls_per_day BIGINT,
    ADD CONSTRAINT purpose_calls_per_minute_check CHECK (calls_per_minute > 0),
    ADD CONSTRAINT purpose_calls_per_day_check CHECK (calls_per_day > 0);

CREATE TABLE call_count (
    calls_of VARCHAR(40) NOT NULL,
    call_window VARCHAR(40) NOT NULL,
    subject_id UUID NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used BIGINT NOT NULL,
    CONSTRAINT call_count_pkey PRIMARY KEY (calls_of, call_window, subject_id, starts_at),
    CONSTRAINT call_count_calls_of_check CHECK (calls_of IN ('PURPOSE', 'CONSUMER', 'ESERVICE', 'CITIZEN')),
    CONSTRAINT call_count_call_window_check CHECK (call_window IN ('MINUTE', 'DAY')),
    CONSTRAINT call_count_used_check CHECK (used >= 0),
    CONSTRAINT call_count_ends_at_check CHECK (ends_at > starts_at)
) WITH (fillfactor = 50);
CREATE INDEX call_count_ends_at_idx ON call_count (ends_at);

-- Lease calls of several windows at once: as many as are left in all of them, and no more than are asked for. Of what is left at
-- most an eighth is given, and one at least, so that near a limit no process sits on what another is asked for. A limit that is
-- NULL bounds nothing; its calls are counted all the same, so that one set at noon counts from midnight.
CREATE FUNCTION lease_calls(
    ofs text[], windows text[], subjects uuid[], starts timestamptz[], ends timestamptz[], limits bigint[], asked bigint,
    OUT granted bigint, OUT lefts bigint[]
) LANGUAGE plpgsql AS $$
DECLARE
    found bigint;
BEGIN
    -- The counts of a second may be lost if the server crashes: nobody who asks is to wait for the disk.
    PERFORM set_config('synchronous_commit', 'off', true);
    granted := asked;
    -- NOTE callers name the windows that several share last, and in one order: no two of them wait for each other.
    FOR place IN 1 .. cardinality(ofs) LOOP
        INSERT INTO call_count (calls_of, call_window, subject_id, starts_at, ends_at, used)
            VALUES (ofs[place], windows[place], subjects[place], starts[place], ends[place], 0)
            ON CONFLICT DO NOTHING;
        SELECT used INTO STRICT found FROM call_count
            WHERE calls_of = ofs[place] AND call_window = windows[place] AND subject_id = subjects[place]
                AND starts_at = starts[place]
            FOR UPDATE;
        lefts[place] := NULL;
        IF limits[place] IS NOT NULL THEN
            lefts[place] := greatest(limits[place] - found, 0);
            granted := least(granted, lefts[place], greatest(lefts[place] / 8, 1));
        END IF;
    END LOOP;
    IF granted > 0 THEN
        FOR place IN 1 .. cardinality(ofs) LOOP
            UPDATE call_count SET used = used + granted
                WHERE calls_of = ofs[place] AND call_window = windows[place] AND subject_id = subjects[place]
                    AND starts_at = starts[place];
            lefts[place] := lefts[place] - granted;
        END LOOP;
    END IF;
END
$$;

-- Give back calls that were leased and not used. What is no longer counted is passed over.
CREATE FUNCTION give_back_calls(ofs text[], windows text[], subjects uuid[], starts timestamptz[], unused bigint)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    FOR place IN 1 .. cardinality(ofs) LOOP
        UPDATE call_count SET used = used - unused
            WHERE calls_of = ofs[place] AND call_window = windows[place] AND subject_id = subjects[place]
                AND starts_at = starts[place];
    END LOOP;
END
$$;
