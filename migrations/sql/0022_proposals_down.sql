-- SPDX-License-Identifier: EUPL-1.2
-- What was proposed and proved is not thrown away: a feed with entries of version 2 stays with the hub that can read them.
DO $$
BEGIN
    IF EXISTS (SELECT FROM feed_entry WHERE entry::json ->> 'version' = '2') THEN
        RAISE EXCEPTION 'the feed has entries of version 2, which an earlier hub can neither read nor prove';
    END IF;
END
$$;
UPDATE field_set SET fields = ARRAY(SELECT field FROM unnest(fields) WITH ORDINALITY AS one (field, n)
    WHERE field NOT IN ('FeedProposal.*', 'FeedEntry.proposal', 'JobOffer.suitability', 'OfferSuitability.*', 'OfferCriterion.*') ORDER BY n);
-- The first entry from one place to another whose bytes, or whose columns, are not those of its event; NULL if there is none. The
-- contents of these places must have been found to be canonical.
CREATE OR REPLACE FUNCTION first_changed_entry(low bigint, high bigint) RETURNS bigint LANGUAGE sql STABLE
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
DROP FUNCTION canonical_line_2(bigint, uuid, timestamptz, text, text, uuid, uuid, text);
DROP FUNCTION canonical_entry_2(text, bigint, uuid, text, timestamptz, bigint, timestamptz, timestamptz, text, text, uuid);
DROP FUNCTION canonical_content_2(text, text, text, uuid, text, text, text, uuid);
DROP FUNCTION canonical_proposal(text, integer, text, integer, integer, text, numeric, integer, boolean, text, boolean);
DROP TRIGGER conditionality_event_proposal_erased ON conditionality_event;
DROP FUNCTION erase_proposal();
DROP TABLE feed_proposal;
DROP FUNCTION keep_proposal_to_erasure();
