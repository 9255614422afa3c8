-- SPDX-License-Identifier: EUPL-1.2
-- A delivery that is drawn while the content of its event is being erased: whoever comes second waits. An erasure then finds the
-- delivery, and takes the person out of it; a delivery finds the event erased, and is not made.
CREATE FUNCTION draw_nothing_erased() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    erased timestamptz;
BEGIN
    SELECT erased_at INTO erased FROM conditionality_event WHERE id = NEW.event_id FOR SHARE;
    IF erased IS NOT NULL THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER delivery_row_drawn BEFORE INSERT ON delivery FOR EACH ROW EXECUTE FUNCTION draw_nothing_erased();

-- Those that were made in such a moment before, and could never be told nor settled.
UPDATE delivery
    SET beneficiary_id = NULL, pact_id = NULL, leased_until = NULL,
        settled_at = coalesce(settled_at, now()),
        state = CASE state WHEN 'ACCEPTED' THEN 'ACCEPTED' ELSE 'CANCELLED' END
    WHERE beneficiary_id IS NOT NULL
        AND event_id IN (SELECT id FROM conditionality_event WHERE erased_at IS NOT NULL);

-- The number of an attempt is what `delivery.attempt_count` counts: it must not end before that.
ALTER TABLE delivery_attempt ALTER COLUMN ordinal TYPE INTEGER;

-- What is due is looked for in the order of the feed, a few at a time: an index by time would have all that waits sorted for it, one over
-- all deliveries would be walked through everything that arrived long ago.
DROP INDEX delivery_due_idx;
CREATE INDEX delivery_due_idx ON delivery (destination_id, position) WHERE state = 'WAITING';
