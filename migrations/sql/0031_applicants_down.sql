-- SPDX-License-Identifier: EUPL-1.2
ALTER TABLE access_grant DROP CONSTRAINT access_grant_terms_excl;
UPDATE access_grant SET fields = array_remove(fields, 'Household.applicant') WHERE fields @> '{Household.applicant}';
ALTER TABLE access_grant ADD CONSTRAINT access_grant_terms_excl EXCLUDE USING gist (
    purpose_id WITH =, grant_terms(scope, field_set, fields, capabilities) WITH <>, tstzrange(valid_from, valid_to) WITH &&
) WHERE (revoked_at IS NULL);
UPDATE field_set SET fields = array_remove(fields, 'Household.applicant') WHERE fields @> '{Household.applicant}';
DROP TRIGGER beneficiary_moved ON beneficiary;
DROP FUNCTION forget_applicant;
ALTER TABLE household DROP COLUMN applicant_id;
