-- SPDX-License-Identifier: EUPL-1.2

CREATE OR REPLACE FUNCTION check_feed_acknowledgement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- One after the other: each sees the one before it.
    PERFORM pg_advisory_xact_lock(7203009, hashtext(NEW.agency_id::text || NEW.purpose_id::text));
    IF EXISTS (SELECT FROM feed_acknowledgement WHERE agency_id = NEW.agency_id AND purpose_id = NEW.purpose_id
               AND up_to >= NEW.up_to) THEN
        RAISE EXCEPTION 'a consumer acknowledges ever more of the feed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'feed_acknowledgement_forward';
    END IF;
    IF NEW.up_to > feed_read_by(NEW.agency_id, NEW.purpose_id) THEN
        RAISE EXCEPTION 'a consumer acknowledges what it has read'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'feed_acknowledgement_read';
    END IF;
    RETURN NEW;
END
$$;
