-- SPDX-License-Identifier: EUPL-1.2
-- What filters and orders stand on (docs/adr/0011): keys of names, the next convocation, last days, coordinates, their indexes.
CREATE EXTENSION IF NOT EXISTS unaccent;

-- How names are compared: without accents, capitals and apostrophes, since registries write Nicolò as NICOLO'. The dictionary is
-- named, so that nothing of the session decides; a function that is not IMMUTABLE could not make a generated column.
-- NOTE a server whose unaccent.rules are changed must write the generated columns anew: UPDATE beneficiary SET given_name = given_name.
CREATE FUNCTION name_key(name text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    RETURN lower(
        translate(public.unaccent('public.unaccent'::regdictionary, normalize(name, NFC)), $q$'’‘ʼ`´′$q$, '')
        COLLATE pg_catalog.pg_c_utf8
    );
END
$$;

-- Great-circle distance in km between two points in degrees, on a sphere of 6371.0088 km (haversine).
CREATE FUNCTION distance_km(
    latitude double precision, longitude double precision, other_latitude double precision, other_longitude double precision
) RETURNS double precision LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN 2 * 6371.0088 * asin(least(1, sqrt(
        power(sind((other_latitude - latitude) / 2), 2)
        + cosd(latitude) * cosd(other_latitude) * power(sind((other_longitude - longitude) / 2), 2)
    )));

ALTER TABLE municipality
    ADD COLUMN latitude DOUBLE PRECISION,
    ADD COLUMN longitude DOUBLE PRECISION,
    ADD CONSTRAINT municipality_coordinates_check CHECK (
        num_nonnulls(latitude, longitude) IN (0, 2) AND latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180
    );
CREATE INDEX municipality_latitude_idx ON municipality (latitude);

DROP INDEX beneficiary_employment_centre_id_family_name_given_name_id_idx;
DROP INDEX beneficiary_family_name_given_name_id_idx;
DROP INDEX beneficiary_municipality_id_family_name_given_name_id_idx;
DROP INDEX beneficiary_region_code_family_name_given_name_id_idx;
ALTER TABLE beneficiary
    ADD COLUMN family_name_key TEXT COLLATE "C" NOT NULL GENERATED ALWAYS AS (name_key(family_name)) STORED,
    ADD COLUMN given_name_key TEXT COLLATE "C" NOT NULL GENERATED ALWAYS AS (name_key(given_name)) STORED,
    ADD COLUMN next_convocation_at TIMESTAMP WITH TIME ZONE DEFAULT 'infinity' NOT NULL;
UPDATE beneficiary SET next_convocation_at = next.at
FROM (SELECT beneficiary_id, min(scheduled_at) AS at FROM convocation WHERE outcome IS NULL GROUP BY beneficiary_id) AS next
WHERE beneficiary.id = next.beneficiary_id;
CREATE INDEX beneficiary_name_idx ON beneficiary (family_name_key, given_name_key, id);
CREATE INDEX beneficiary_centre_name_idx ON beneficiary (employment_centre_id, family_name_key, given_name_key, id);
CREATE INDEX beneficiary_municipality_name_idx ON beneficiary (municipality_id, family_name_key, given_name_key, id);
CREATE INDEX beneficiary_region_name_idx ON beneficiary (region_code, family_name_key, given_name_key, id);
CREATE INDEX beneficiary_birth_date_id_idx ON beneficiary (birth_date, id);
CREATE INDEX beneficiary_next_convocation_at_id_idx ON beneficiary (next_convocation_at, id);
CREATE INDEX beneficiary_centre_next_convocation_idx ON beneficiary (employment_centre_id, next_convocation_at, id);
CREATE INDEX beneficiary_municipality_next_convocation_idx ON beneficiary (municipality_id, next_convocation_at, id);

-- beneficiary.next_convocation_at is the earliest convocation that has no outcome yet, whoever adds, changes or removes one.
CREATE FUNCTION keep_next_convocation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- NOTE the people are locked by a statement of its own, so that the next one sees what a transaction waited for has changed;
    -- in the order of their keys, so that two such statements cannot wait for each other.
    PERFORM FROM beneficiary
    WHERE id IN (SELECT beneficiary_id FROM touched WHERE outcome IS NULL)
    ORDER BY id FOR NO KEY UPDATE;
    UPDATE beneficiary SET next_convocation_at = next.at
    FROM (
        SELECT subject.beneficiary_id, coalesce(min(convocation.scheduled_at), 'infinity') AS at
        FROM (SELECT DISTINCT beneficiary_id FROM touched WHERE outcome IS NULL) AS subject
        LEFT JOIN convocation ON convocation.beneficiary_id = subject.beneficiary_id AND convocation.outcome IS NULL
        GROUP BY subject.beneficiary_id
    ) AS next
    WHERE beneficiary.id = next.beneficiary_id AND beneficiary.next_convocation_at <> next.at;
    RETURN NULL;
END
$$;

CREATE FUNCTION forget_next_convocations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE beneficiary SET next_convocation_at = 'infinity' WHERE next_convocation_at < 'infinity';
    RETURN NULL;
END
$$;

CREATE TRIGGER convocation_added AFTER INSERT ON convocation
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION keep_next_convocation();
CREATE TRIGGER convocation_removed AFTER DELETE ON convocation
    REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION keep_next_convocation();
CREATE TRIGGER convocation_changed_from AFTER UPDATE ON convocation
    REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION keep_next_convocation();
CREATE TRIGGER convocation_changed_to AFTER UPDATE ON convocation
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION keep_next_convocation();
CREATE TRIGGER convocation_truncated AFTER TRUNCATE ON convocation
    FOR EACH STATEMENT EXECUTE FUNCTION forget_next_convocations();

-- The last day, for lists ordered by it; 'infinity' while there is none, since NULL has no place in an order.
ALTER TABLE pact
    ADD COLUMN expires_on DATE NOT NULL GENERATED ALWAYS AS (coalesce(upper(period) - 1, 'infinity')) STORED;
CREATE INDEX pact_created_on_id_idx ON pact (created_on, id);
CREATE INDEX pact_expires_on_id_idx ON pact (expires_on, id);

ALTER TABLE job_offer
    ALTER COLUMN profession_code TYPE TEXT COLLATE "C",
    ADD COLUMN open_until DATE NOT NULL GENERATED ALWAYS AS (coalesce(expires_on, 'infinity')) STORED;
CREATE INDEX job_offer_profession_code_idx ON job_offer (profession_code);
CREATE INDEX job_offer_open_until_id_idx ON job_offer (open_until, id);

CREATE INDEX convocation_scheduled_at_beneficiary_id_idx ON convocation (scheduled_at, beneficiary_id);
CREATE INDEX convocation_outcome_beneficiary_id_idx ON convocation (outcome, beneficiary_id);

CREATE INDEX activity_training_course_id_starts_on_id_idx ON activity (training_course_id, starts_on, id);

CREATE INDEX conditionality_event_household_id_occurred_at_id_idx ON conditionality_event (household_id, occurred_at, id);
CREATE INDEX conditionality_event_type_occurred_at_id_idx ON conditionality_event (type, occurred_at, id);
CREATE INDEX conditionality_event_recorded_at_id_idx ON conditionality_event (recorded_at, id);
