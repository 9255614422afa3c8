-- SPDX-License-Identifier: EUPL-1.2
-- What was erased is gone: a database in which something was cannot go back to columns that must not be empty.
DROP FUNCTION first_changed_entry(bigint, bigint);
DROP FUNCTION erase_feed_content(bigint, uuid, text, text);
DROP TRIGGER conditionality_event_row_append_only ON conditionality_event;
DROP TRIGGER conditionality_event_append_only ON conditionality_event;
CREATE TRIGGER conditionality_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON conditionality_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DROP FUNCTION keep_to_erasure();
DROP FUNCTION canonical_line(bigint, uuid, timestamptz, text, text, uuid, uuid);
DROP FUNCTION canonical_entry(text, bigint, uuid, text, timestamptz, bigint, timestamptz, timestamptz, text, text, uuid);
DROP FUNCTION canonical_content(text, text, text, uuid, text, text, uuid);
DROP FUNCTION canonical_record_hash(uuid, uuid, uuid, uuid, text, text, uuid);
DROP FUNCTION canonical_hash(text);
DROP FUNCTION canonical_moment(timestamptz);
DROP FUNCTION canonical_id(text, uuid);
DROP FUNCTION canonical_text(text);
DROP TABLE feed_checkpoint;
DROP TABLE feed_tile;
DROP TABLE feed_content;
DROP FUNCTION keep_content_to_erasure();
DROP FUNCTION feed_leaf(text);
ALTER TABLE feed_entry
    DROP COLUMN region_code, DROP COLUMN municipality_code, DROP COLUMN measure, DROP COLUMN type, DROP COLUMN entry;
ALTER TABLE conditionality_event
    DROP CONSTRAINT conditionality_event_person_check, DROP CONSTRAINT conditionality_event_erased_check,
    DROP COLUMN erases_position, DROP COLUMN erased_at,
    ALTER COLUMN beneficiary_id SET NOT NULL, ALTER COLUMN household_id SET NOT NULL,
    ALTER COLUMN fiscal_code SET NOT NULL, ALTER COLUMN inps_protocol SET NOT NULL;
