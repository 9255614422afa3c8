-- SPDX-License-Identifier: EUPL-1.2
-- Who applied (richiedente), as INPS names it; NULL: nobody told the hub, or who applied has moved to another household since.
-- Members are kept in beneficiary.household_id, as they are now: so the key can hold that the applicant is a member, not that it was one.
-- Deferred, because the two rows point at each other; whoever is erased is nobody's applicant.
ALTER TABLE household ADD COLUMN applicant_id UUID,
    ADD CONSTRAINT household_applicant_id_id_fkey FOREIGN KEY(applicant_id, id) REFERENCES beneficiary (id, household_id)
        ON DELETE SET NULL (applicant_id) DEFERRABLE INITIALLY DEFERRED;

-- Whoever moves to another household, by whatever door, leaves none behind whose applicant it is.
CREATE FUNCTION forget_applicant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE household SET applicant_id = NULL WHERE id = OLD.household_id AND applicant_id = OLD.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER beneficiary_moved AFTER UPDATE OF household_id ON beneficiary
    FOR EACH ROW WHEN (OLD.household_id <> NEW.household_id) EXECUTE FUNCTION forget_applicant();

-- Whoever is granted the members is granted which of them applied: so a service that tells it (serviceRDC) is refused to nobody who had it.
UPDATE field_set SET fields = fields || '{Household.applicant}' WHERE fields @> '{Household.members}' AND NOT fields && '{Household.*}';
-- Grants of one purpose agree in their fields, which the constraint asks for after each row: it is set aside while they change together.
ALTER TABLE access_grant DROP CONSTRAINT access_grant_terms_excl;
UPDATE access_grant SET fields = fields || '{Household.applicant}' WHERE fields @> '{Household.members}' AND NOT fields && '{Household.*}';
ALTER TABLE access_grant ADD CONSTRAINT access_grant_terms_excl EXCLUDE USING gist (
    purpose_id WITH =, grant_terms(scope, field_set, fields, capabilities) WITH <>, tstzrange(valid_from, valid_to) WITH &&
) WHERE (revoked_at IS NULL);
