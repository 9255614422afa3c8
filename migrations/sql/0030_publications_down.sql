-- SPDX-License-Identifier: EUPL-1.2
DROP TABLE opportunity_version;
-- What the earlier constraint does not know is taken back.
UPDATE access_grant SET capabilities = array_remove(capabilities, 'PUBLISH_OPPORTUNITIES');
ALTER TABLE access_grant DROP CONSTRAINT access_grant_capability_scope_check, ADD CONSTRAINT access_grant_capability_scope_check
    CHECK ((scope IN ('NATIONAL', 'REGION', 'MUNICIPALITY', 'AMBITO') OR NOT capabilities @> ARRAY['READ_FEED'])
        AND (scope = 'NATIONAL' OR NOT capabilities @> ARRAY['REPORT_OUTCOMES'])
        AND (scope NOT IN ('AGGREGATE', 'OWN', 'SELF') OR NOT capabilities && ARRAY['RECORD_EVENTS', 'SEND_COMMUNICATIONS']));
ALTER TABLE access_grant DROP CONSTRAINT access_grant_capabilities_check, ADD CONSTRAINT access_grant_capabilities_check
    CHECK (capabilities <@ ARRAY['RECORD_EVENTS', 'READ_FEED', 'ADMINISTER', 'READ_ACCESS_LOG', 'REPORT_OUTCOMES', 'SEND_COMMUNICATIONS']::text[]);
