-- SPDX-License-Identifier: EUPL-1.2
DO $$
DECLARE
    registry text;
BEGIN
    FOREACH registry IN ARRAY ARRAY['agency', 'agency_client', 'purpose', 'access_grant', 'access_grant_area', 'field_set',
                                    'ambito', 'ambito_municipality'] LOOP
        EXECUTE format('DROP TRIGGER access_recorded ON %1$I; DROP TRIGGER access_change_recorded ON %1$I;
            DROP TRIGGER access_emptying_recorded ON %1$I', registry);
    END LOOP;
END
$$;
DROP TABLE access_change;
DROP FUNCTION record_access_change;
DROP INDEX training_course_source_agency_id_starts_on_id_idx, job_offer_source_agency_id_published_on_id_idx;
ALTER TABLE access_grant DROP CONSTRAINT access_grant_terms_excl, DROP CONSTRAINT access_grant_capability_scope_check;
DROP FUNCTION grant_terms;

-- Grants of the scopes that did not exist before cannot stay; nor can the people, under whatever purpose.
DELETE FROM access_grant WHERE scope IN ('AMBITO', 'AGGREGATE', 'OWN', 'SELF');
ALTER TABLE agency DROP CONSTRAINT agency_citizens_check;
ALTER TABLE agency_client DROP CONSTRAINT agency_client_citizens_check;
ALTER TABLE purpose DROP CONSTRAINT purpose_citizens_check;
ALTER TABLE access_grant DROP CONSTRAINT access_grant_citizens_check;
DELETE FROM access_grant WHERE purpose_id IN (SELECT purpose_id FROM purpose JOIN agency ON agency.id = agency_id WHERE kind = 'CITIZENS');
DELETE FROM purpose WHERE agency_id IN (SELECT id FROM agency WHERE kind = 'CITIZENS');
DELETE FROM agency_client WHERE agency_id IN (SELECT id FROM agency WHERE kind = 'CITIZENS');
DELETE FROM agency WHERE kind = 'CITIZENS';
UPDATE access_grant SET capabilities = array_remove(array_remove(capabilities, 'ADMINISTER'), 'READ_ACCESS_LOG');

ALTER TABLE access_grant_area DROP CONSTRAINT access_grant_area_area_key, DROP CONSTRAINT access_grant_area_one_area_check,
    DROP COLUMN ambito_code,
    ADD CONSTRAINT access_grant_area_one_area_check
        CHECK (num_nonnulls(employment_centre_id, municipality_id, region_code) = 1),
    ADD CONSTRAINT access_grant_area_area_key
        UNIQUE NULLS NOT DISTINCT (grant_id, employment_centre_id, municipality_id, region_code);
ALTER TABLE access_grant DROP COLUMN field_set, DROP COLUMN fields,
    DROP CONSTRAINT access_grant_capabilities_check, ADD CONSTRAINT access_grant_capabilities_check
        CHECK (capabilities <@ ARRAY['RECORD_EVENTS', 'READ_FEED']::text[]),
    DROP CONSTRAINT access_grant_scope_check, ADD CONSTRAINT access_grant_scope_check
        CHECK (scope IN ('CENTRE', 'MUNICIPALITY', 'REGION', 'NATIONAL'));
DROP TABLE field_set;
DROP TABLE ambito_municipality;
DROP TABLE ambito;
ALTER TABLE agency DROP CONSTRAINT agency_kind_check, ADD CONSTRAINT agency_kind_check
    CHECK (kind IN ('EMPLOYMENT_CENTRE', 'MUNICIPALITY', 'REGION', 'INPS', 'MINISTRY', 'ACCREDITED', 'HUB'));
