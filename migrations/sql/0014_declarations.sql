-- SPDX-License-Identifier: EUPL-1.2
-- What was declared of households and their members: documents of agencies, told once (docs/adr/0039). The hub's role comes as the
-- setting snodo.role.

CREATE TABLE household_declaration (
    id UUID DEFAULT uuidv7() NOT NULL,
    household_id UUID NOT NULL,
    source_agency_id UUID NOT NULL,
    external_id TEXT NOT NULL,
    as_of DATE NOT NULL,
    starts_on DATE NOT NULL,
    ends_on DATE,
    isee NUMERIC(12, 2),
    family_income NUMERIC(12, 2),
    home_value NUMERIC(12, 2),
    other_real_estate NUMERIC(12, 2),
    movable_assets NUMERIC(12, 2),
    annual_rent NUMERIC(12, 2),
    annual_mortgage NUMERIC(12, 2),
    boats_and_aircraft INTEGER,
    vehicles_known BOOLEAN DEFAULT false NOT NULL,
    stay_title VARCHAR(40),
    stays DATEMULTIRANGE,
    pension_of_citizenship BOOLEAN,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT household_declaration_pkey PRIMARY KEY (id),
    CONSTRAINT household_declaration_id_vehicles_known_key UNIQUE (id, vehicles_known),
    CONSTRAINT household_declaration_source_agency_id_external_id_key UNIQUE (source_agency_id, external_id),
    CONSTRAINT household_declaration_household_id_fkey FOREIGN KEY(household_id) REFERENCES household (id) ON DELETE CASCADE,
    CONSTRAINT household_declaration_source_agency_id_fkey FOREIGN KEY(source_agency_id) REFERENCES agency (id),
    CONSTRAINT household_declaration_stay_title_check CHECK (stay_title IN ('CITIZEN', 'FAMILY_OF_CITIZEN', 'LONG_TERM', 'PROTECTION', 'OTHER')),
    CONSTRAINT household_declaration_external_id_check CHECK (external_id ~ '^[!-~]{1,64}$'),
    CONSTRAINT household_declaration_period_check CHECK (ends_on >= starts_on),
    CONSTRAINT household_declaration_amounts_check CHECK (
        least(isee, family_income, home_value, other_real_estate, movable_assets, annual_rent, annual_mortgage) >= 0
        AND greatest(isee, family_income, home_value, other_real_estate, movable_assets, annual_rent, annual_mortgage) <= 1000000000
    ),
    CONSTRAINT household_declaration_boats_and_aircraft_check CHECK (boats_and_aircraft BETWEEN 0 AND 100),
    CONSTRAINT household_declaration_stays_check CHECK (NOT isempty(stays) AND NOT lower_inf(stays))
);
CREATE INDEX household_declaration_household_id_as_of_idx ON household_declaration (household_id, as_of);

CREATE TABLE declared_member (
    declaration_id UUID NOT NULL,
    beneficiary_id UUID NOT NULL,
    applicant BOOLEAN DEFAULT false NOT NULL,
    disability VARCHAR(40),
    disadvantaged BOOLEAN,
    in_child_allowance BOOLEAN,
    in_public_structure BOOLEAN,
    cares_for_minors BOOLEAN,
    caring_for_severely_disabled BOOLEAN,
    employed BOOLEAN,
    self_employed BOOLEAN,
    work_income NUMERIC(12, 2),
    regular_studies BOOLEAN,
    compulsory_schooling BOOLEAN,
    direct_pension BOOLEAN,
    disabled BOOLEAN,
    grave_illness BOOLEAN,
    protected_from_violence BOOLEAN,
    parental_responsibility BOOLEAN,
    volunteers BOOLEAN DEFAULT false NOT NULL,
    exonerated BOOLEAN DEFAULT false NOT NULL,
    CONSTRAINT declared_member_pkey PRIMARY KEY (declaration_id, beneficiary_id),
    CONSTRAINT declared_member_declaration_id_fkey FOREIGN KEY(declaration_id) REFERENCES household_declaration (id) ON DELETE CASCADE,
    CONSTRAINT declared_member_beneficiary_id_fkey FOREIGN KEY(beneficiary_id) REFERENCES beneficiary (id) ON DELETE CASCADE,
    CONSTRAINT declared_member_disability_check CHECK (disability IN ('NONE', 'DISABLED', 'SEVERE')),
    CONSTRAINT declared_member_work_income_check CHECK (work_income BETWEEN 0 AND 1000000000)
);
CREATE UNIQUE INDEX declared_member_applicant_idx ON declared_member (declaration_id) WHERE applicant;
CREATE INDEX declared_member_beneficiary_id_idx ON declared_member (beneficiary_id);

CREATE TABLE declared_vehicle (
    declaration_id UUID NOT NULL,
    number INTEGER NOT NULL,
    kind VARCHAR(40) NOT NULL,
    displacement INTEGER NOT NULL,
    first_registered DATE NOT NULL,
    disability_relief BOOLEAN DEFAULT false NOT NULL,
    vehicles_known BOOLEAN NOT NULL GENERATED ALWAYS AS (true) STORED,
    CONSTRAINT declared_vehicle_pkey PRIMARY KEY (declaration_id, number),
    CONSTRAINT declared_vehicle_declaration_id_vehicles_known_fkey FOREIGN KEY(declaration_id, vehicles_known)
        REFERENCES household_declaration (id, vehicles_known) ON DELETE CASCADE,
    CONSTRAINT declared_vehicle_kind_check CHECK (kind IN ('CAR', 'MOTORCYCLE')),
    CONSTRAINT declared_vehicle_number_check CHECK (number BETWEEN 1 AND 100),
    CONSTRAINT declared_vehicle_displacement_check CHECK (displacement BETWEEN 0 AND 100000)
);

-- What was declared is not changed: a correction is another declaration. Erasing is the owner's, as a whole.
CREATE FUNCTION refuse_change_of_declaration() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was declared is not changed: a correction is another declaration' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER household_declaration_unchanged BEFORE UPDATE ON household_declaration
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_declaration();
CREATE TRIGGER declared_member_unchanged BEFORE UPDATE ON declared_member
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_declaration();
CREATE TRIGGER declared_vehicle_unchanged BEFORE UPDATE ON declared_vehicle
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_declaration();

DO $$
DECLARE
    hub text := current_setting('snodo.role');
BEGIN
    EXECUTE format('REVOKE ALL ON household_declaration, declared_member, declared_vehicle FROM %I', hub);
    EXECUTE format('GRANT SELECT, INSERT ON household_declaration, declared_member, declared_vehicle TO %I', hub);
END
$$;
