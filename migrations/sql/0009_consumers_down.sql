-- SPDX-License-Identifier: EUPL-1.2
DROP FUNCTION feed_cursor(bigint, bigint);
DROP TABLE event_outcome;
DROP TABLE feed_acknowledgement;
DROP FUNCTION check_feed_acknowledgement();
DROP FUNCTION feed_read_by(uuid, uuid);
ALTER TABLE access_log DROP COLUMN feed_reached;

UPDATE field_set SET fields = ARRAY(SELECT field FROM unnest(fields) WITH ORDINALITY AS one (field, n) WHERE
    field NOT IN ('EventOutcome.*', 'Mutation.reportOutcome', 'ReportOutcomePayload.outcome')
    AND (name = 'inps' OR NOT field LIKE ANY ('{FeedEntry.%,ConditionalityFeedPage.%,%.conditionalityFeed}')) ORDER BY n);
-- What the earlier constraint does not know is taken back.
UPDATE access_grant SET capabilities = array_remove(CASE scope WHEN 'NATIONAL' THEN capabilities
    ELSE array_remove(capabilities, 'READ_FEED') END, 'REPORT_OUTCOMES');
ALTER TABLE access_grant DROP CONSTRAINT access_grant_capability_scope_check, ADD CONSTRAINT access_grant_capability_scope_check
    CHECK ((scope = 'NATIONAL' OR NOT capabilities @> ARRAY['READ_FEED'])
        AND (scope NOT IN ('AGGREGATE', 'OWN', 'SELF') OR NOT capabilities @> ARRAY['RECORD_EVENTS']));
ALTER TABLE access_grant DROP CONSTRAINT access_grant_capabilities_check, ADD CONSTRAINT access_grant_capabilities_check
    CHECK (capabilities <@ ARRAY['RECORD_EVENTS', 'READ_FEED', 'ADMINISTER', 'READ_ACCESS_LOG']::text[]);
