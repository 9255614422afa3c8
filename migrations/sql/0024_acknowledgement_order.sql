-- SPDX-License-Identifier: EUPL-1.2
-- When an acknowledgement was made is when its turn came, not when its transaction began: of two at once the one that waited began
-- first, perhaps, and the history would tell them in the wrong order.

CREATE OR REPLACE FUNCTION check_feed_acknowledgement() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before record;
BEGIN
    -- One after the other: each sees the one before it.
    PERFORM pg_advisory_xact_lock(7203009, hashtext(NEW.agency_id::text || NEW.purpose_id::text));
    SELECT up_to, acknowledged_at INTO before FROM feed_acknowledgement
        WHERE agency_id = NEW.agency_id AND purpose_id = NEW.purpose_id ORDER BY up_to DESC LIMIT 1;
    IF before.up_to >= NEW.up_to THEN
        RAISE EXCEPTION 'a consumer acknowledges ever more of the feed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'feed_acknowledgement_forward';
    END IF;
    IF NEW.up_to > feed_read_by(NEW.agency_id, NEW.purpose_id) THEN
        RAISE EXCEPTION 'a consumer acknowledges what it has read'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'feed_acknowledgement_read';
    END IF;
    -- Later than the one before, even where the clock was set back meanwhile.
    NEW.acknowledged_at = greatest(clock_timestamp(), before.acknowledged_at + interval '1 microsecond');
    RETURN NEW;
END
$$;
