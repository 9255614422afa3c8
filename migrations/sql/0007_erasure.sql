-- SPDX-License-Identifier: EUPL-1.2
-- Erasure: the personal part of an entry goes, what was proved of it stays, and an entry of its own tells the readers
-- (docs/adr/0028). The hub's role may not erase; the tables' owner does (`snodo feed erase`).

-- Of a row of the ledger all may go that erasure takes, at once, and only beside the event that says so; nothing else changes.
CREATE FUNCTION keep_to_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    erasable CONSTANT text[] := '{beneficiary_id,household_id,fiscal_code,inps_protocol,note,pact_id,operator,client_id,purpose_id}';
BEGIN
    IF OLD.erased_at IS NOT NULL OR NEW.erased_at IS NULL
        OR to_jsonb(NEW) - erasable - 'erased_at' <> to_jsonb(OLD) - erasable - 'erased_at'
        OR NOT EXISTS (
            SELECT FROM feed_entry AS f JOIN conditionality_event AS erasing ON erasing.erases_position = f.position
            WHERE f.event_id = OLD.id
        )
    THEN
        RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
DROP TRIGGER conditionality_event_append_only ON conditionality_event;
CREATE TRIGGER conditionality_event_append_only
    BEFORE UPDATE OF id, type, occurred_at, recorded_at, agency_id, measure, withdraws_event_id, erases_position
    OR DELETE OR TRUNCATE ON conditionality_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER conditionality_event_row_append_only BEFORE UPDATE ON conditionality_event
    FOR EACH ROW EXECUTE FUNCTION keep_to_erasure();

CREATE FUNCTION keep_content_to_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.content IS NOT NULL OR NEW.record_salt IS NOT NULL
        OR NOT EXISTS (SELECT FROM conditionality_event WHERE erases_position = OLD.position)
    THEN
        RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER feed_content_append_only BEFORE UPDATE OF position OR DELETE OR TRUNCATE ON feed_content
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER feed_content_row_append_only BEFORE UPDATE ON feed_content
    FOR EACH ROW EXECUTE FUNCTION keep_content_to_erasure();

-- Erase the content of the entry at a place, for an agency, by somebody, for a reason; gives the
-- event that says so, which the sequencer gives its own position.
CREATE FUNCTION erase_feed_content(place bigint, for_agency uuid, by_whom text, why text) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    erased feed_entry;
    erasing uuid;
BEGIN
    SELECT * INTO erased FROM feed_entry WHERE position = place;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'The feed has no entry at %.', place USING ERRCODE = 'no_data_found';
    ELSIF erased.type = 'CONTENT_ERASED' THEN
        RAISE EXCEPTION 'The entry at % says that another was erased: it is about nobody.', place USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- Of two that erase the same the second waits here, and finds nothing to erase.
    PERFORM FROM feed_content WHERE position = place AND content IS NOT NULL FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'The content at % was erased before.', place USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    INSERT INTO conditionality_event (type, occurred_at, agency_id, operator, measure, note, erases_position)
        VALUES ('CONTENT_ERASED', now(), for_agency, by_whom, erased.measure, why, place) RETURNING id INTO erasing;
    INSERT INTO outbox_message (topic, subject_id) VALUES ('feed', erasing);
    UPDATE feed_content SET content = NULL, record_salt = NULL WHERE position = place;
    UPDATE conditionality_event
        SET beneficiary_id = NULL, household_id = NULL, fiscal_code = NULL, inps_protocol = NULL, note = NULL, pact_id = NULL,
            operator = NULL, client_id = NULL, purpose_id = NULL, erased_at = now()
        WHERE id = erased.event_id;
    -- Its key stays used, but for no input any more: the hash of one could be found by trying people.
    UPDATE idempotency_key SET input_hash = decode(repeat('00', 32), 'hex') WHERE result_id = erased.event_id;
    RETURN erasing;
END
$$;
REVOKE ALL ON FUNCTION erase_feed_content(bigint, uuid, text, text) FROM PUBLIC;

-- The first entry from one place to another whose bytes, or whose columns, are not those of its event; NULL if there is none. The
-- contents of these places must have been found to be canonical.
CREATE FUNCTION first_changed_entry(low bigint, high bigint) RETURNS bigint LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT min(f.position)
    FROM feed_entry AS f
    LEFT JOIN feed_content AS c ON c.position = f.position
    LEFT JOIN conditionality_event AS e ON e.id = f.event_id
    LEFT JOIN conditionality_event AS erasing ON erasing.erases_position = f.position
    LEFT JOIN feed_entry AS told ON told.event_id = erasing.id
    LEFT JOIN agency ON agency.id = e.agency_id
    LEFT JOIN LATERAL canonical_line(
        f.position, f.event_id, f.sequenced_at, f.region_code, f.municipality_code, (c.content::json ->> 'salt')::uuid, c.record_salt
    ) AS line ON c.content IS NOT NULL
    WHERE f.position BETWEEN low AND high AND CASE
        WHEN c.content IS NOT NULL THEN
            (line.entry, line.content, line.measure, line.type) IS DISTINCT FROM (f.entry, c.content, f.measure, f.type)
            OR e.erased_at IS NOT NULL
        ELSE
            (f.measure, f.type, f.region_code, f.municipality_code, e.erased_at, f.entry) IS DISTINCT FROM (
                e.measure, e.type, told.region_code, told.municipality_code, erasing.occurred_at,
                canonical_entry(
                    f.entry::json ->> 'contentHash', e.erases_position, e.id, e.measure, e.occurred_at, f.position, e.recorded_at,
                    f.sequenced_at, agency.code, e.type, e.withdraws_event_id
                )
            )
        END;
END;
