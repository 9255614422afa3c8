-- SPDX-License-Identifier: EUPL-1.2
-- Back to 0001. The extension stays, as that of 0001 does: others may use it.
DROP INDEX conditionality_event_recorded_at_id_idx;
DROP INDEX conditionality_event_type_occurred_at_id_idx;
DROP INDEX conditionality_event_household_id_occurred_at_id_idx;
DROP INDEX activity_training_course_id_starts_on_id_idx;
DROP INDEX convocation_outcome_beneficiary_id_idx;
DROP INDEX convocation_scheduled_at_beneficiary_id_idx;

DROP INDEX job_offer_profession_code_idx;
ALTER TABLE job_offer DROP COLUMN open_until, ALTER COLUMN profession_code TYPE TEXT COLLATE "default";

DROP INDEX pact_created_on_id_idx;
ALTER TABLE pact DROP COLUMN expires_on;

DROP TRIGGER convocation_truncated ON convocation;
DROP TRIGGER convocation_changed_to ON convocation;
DROP TRIGGER convocation_changed_from ON convocation;
DROP TRIGGER convocation_removed ON convocation;
DROP TRIGGER convocation_added ON convocation;
DROP FUNCTION forget_next_convocations();
DROP FUNCTION keep_next_convocation();

DROP INDEX beneficiary_birth_date_id_idx;
ALTER TABLE beneficiary
    DROP COLUMN next_convocation_at, DROP COLUMN family_name_key, DROP COLUMN given_name_key;
CREATE INDEX beneficiary_employment_centre_id_family_name_given_name_id_idx ON beneficiary (employment_centre_id, family_name, given_name, id);
CREATE INDEX beneficiary_family_name_given_name_id_idx ON beneficiary (family_name, given_name, id);
CREATE INDEX beneficiary_municipality_id_family_name_given_name_id_idx ON beneficiary (municipality_id, family_name, given_name, id);
CREATE INDEX beneficiary_region_code_family_name_given_name_id_idx ON beneficiary (region_code, family_name, given_name, id);

ALTER TABLE municipality DROP COLUMN latitude, DROP COLUMN longitude;

DROP FUNCTION distance_km(double precision, double precision, double precision, double precision);
DROP FUNCTION name_key(text);
