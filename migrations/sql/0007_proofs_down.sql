-- SPDX-License-Identifier: EUPL-1.2
DROP FUNCTION canonical_line(bigint, uuid, timestamptz, text, text, uuid, uuid);
DROP FUNCTION canonical_entry(text, bigint, uuid, text, timestamptz, bigint, timestamptz, timestamptz, text, text, uuid);
DROP FUNCTION canonical_content(text, text, text, text, uuid, text, text, uuid);
DROP FUNCTION canonical_record_hash(uuid, uuid, uuid, uuid, text, uuid);
DROP FUNCTION canonical_hash(text);
DROP FUNCTION canonical_moment(timestamptz);
DROP FUNCTION canonical_id(text, uuid);
DROP FUNCTION canonical_text(text);
DROP TABLE feed_checkpoint;
DROP TABLE feed_tile;
DROP TABLE feed_content;
ALTER TABLE feed_entry
    DROP COLUMN region_code, DROP COLUMN municipality_code, DROP COLUMN measure, DROP COLUMN type, DROP COLUMN entry;
