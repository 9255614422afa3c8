-- SPDX-License-Identifier: EUPL-1.2
-- The feed's entries as they are proved and served, the personal part of each beside it, and the tree's stored part.
-- The hub's role comes as the setting snodo.role.

ALTER TABLE feed_entry
    ADD COLUMN region_code TEXT, ADD COLUMN municipality_code TEXT,
    ADD COLUMN measure VARCHAR(40), ADD COLUMN type VARCHAR(40), ADD COLUMN entry TEXT;

CREATE TABLE feed_content (
    position BIGINT NOT NULL,
    content TEXT,
    record_salt UUID,
    CONSTRAINT feed_content_pkey PRIMARY KEY (position),
    CONSTRAINT feed_content_whole_check CHECK ((content IS NULL) = (record_salt IS NULL)),
    CONSTRAINT feed_content_position_fkey FOREIGN KEY(position) REFERENCES feed_entry (position)
);

CREATE TABLE feed_tile (
    level SMALLINT NOT NULL,
    index BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    CONSTRAINT feed_tile_pkey PRIMARY KEY (level, index),
    CONSTRAINT feed_tile_place_check CHECK (level BETWEEN 0 AND 6 AND index >= 0),
    CONSTRAINT feed_tile_hash_check CHECK (length(hash) = 32)
);

CREATE TABLE feed_checkpoint (
    size BIGINT NOT NULL,
    root BYTEA NOT NULL,
    note TEXT NOT NULL,
    CONSTRAINT feed_checkpoint_pkey PRIMARY KEY (size),
    CONSTRAINT feed_checkpoint_size_check CHECK (size > 0),
    CONSTRAINT feed_checkpoint_root_check CHECK (length(root) = 32)
);

-- What was sequenced before had no bytes: they are drawn now, as the sequencer would have.
CREATE TEMPORARY TABLE drawn ON COMMIT DROP AS
SELECT f.position, h.region_code, m.belfiore_code AS municipality_code, line.*, f.record_salt
FROM (SELECT position, event_id, sequenced_at, gen_random_uuid() AS salt, gen_random_uuid() AS record_salt FROM feed_entry) AS f
JOIN conditionality_event AS e ON e.id = f.event_id
JOIN household AS h ON h.id = e.household_id
JOIN municipality AS m ON m.id = h.municipality_id
CROSS JOIN LATERAL canonical_line(
    f.position, f.event_id, f.sequenced_at, h.region_code, m.belfiore_code, f.salt, f.record_salt
) AS line;

INSERT INTO feed_content (position, content, record_salt) SELECT position, content, record_salt FROM drawn;
ALTER TABLE feed_entry DISABLE TRIGGER feed_entry_append_only;
UPDATE feed_entry AS f
    SET region_code = d.region_code, municipality_code = d.municipality_code, measure = d.measure, type = d.type, entry = d.entry
    FROM drawn AS d WHERE d.position = f.position;
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE feed_entry ENABLE TRIGGER feed_entry_append_only;
ALTER TABLE feed_entry
    ALTER COLUMN region_code SET NOT NULL, ALTER COLUMN municipality_code SET NOT NULL, ALTER COLUMN measure SET NOT NULL,
    ALTER COLUMN type SET NOT NULL, ALTER COLUMN entry SET NOT NULL;
DROP TABLE drawn;

-- A region's feed, and a municipality's, are selections of the one log in its order.
CREATE INDEX feed_entry_region_code_position_idx ON feed_entry (region_code, position);
CREATE INDEX feed_entry_municipality_code_position_idx ON feed_entry (municipality_code, position);

CREATE TRIGGER feed_tile_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON feed_tile
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER feed_checkpoint_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON feed_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

DO $$
BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON feed_content, feed_tile, feed_checkpoint FROM %I',
                   current_setting('snodo.role'));
END
$$;
