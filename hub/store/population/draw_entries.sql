-- SPDX-License-Identifier: EUPL-1.2
-- The feed's entries at the places from $1 to $2, drawn from their events as the sequencer draws them. Their salts come of the
-- event's key, so that the same seed gives the same bytes: these people are nobody's secret.
WITH drawn AS (
    SELECT p.position, p.event_id, p.sequenced_at, h.region_code, m.belfiore_code AS municipality_code,
        line.entry, line.content, line.measure, line.type, md5('record' || e.id)::uuid AS record_salt
    FROM feed_place AS p
    JOIN conditionality_event AS e ON e.id = p.event_id
    JOIN household AS h ON h.id = e.household_id
    JOIN municipality AS m ON m.id = h.municipality_id
    CROSS JOIN LATERAL canonical_line(
        p.position, p.event_id, p.sequenced_at, h.region_code, m.belfiore_code, md5('content' || e.id)::uuid,
        md5('record' || e.id)::uuid
    ) AS line
    WHERE p.position BETWEEN $1 AND $2
),
kept AS (
    INSERT INTO feed_content (position, content, record_salt) SELECT position, content, record_salt FROM drawn
)
INSERT INTO feed_entry (position, event_id, sequenced_at, region_code, municipality_code, measure, type, entry)
SELECT position, event_id, sequenced_at, region_code, municipality_code, measure, type, entry FROM drawn
