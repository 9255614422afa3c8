-- SPDX-License-Identifier: EUPL-1.2
-- Who may see what: fields by named sets, ambiti as territory, the people themselves as a consumer.

ALTER TABLE agency DROP CONSTRAINT agency_kind_check, ADD CONSTRAINT agency_kind_check
    CHECK (kind IN ('EMPLOYMENT_CENTRE', 'MUNICIPALITY', 'REGION', 'INPS', 'MINISTRY', 'ACCREDITED', 'HUB', 'CITIZENS'));

CREATE TABLE ambito (
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    region_code TEXT NOT NULL,
    CONSTRAINT ambito_pkey PRIMARY KEY (code),
    CONSTRAINT ambito_code_check CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$'),
    CONSTRAINT ambito_region_code_fkey FOREIGN KEY(region_code) REFERENCES region (code)
);

CREATE TABLE ambito_municipality (
    municipality_id UUID NOT NULL,
    ambito_code TEXT NOT NULL,
    CONSTRAINT ambito_municipality_pkey PRIMARY KEY (municipality_id),
    CONSTRAINT ambito_municipality_municipality_id_fkey FOREIGN KEY(municipality_id) REFERENCES municipality (id),
    CONSTRAINT ambito_municipality_ambito_code_fkey FOREIGN KEY(ambito_code) REFERENCES ambito (code) ON DELETE CASCADE
);
CREATE INDEX ambito_municipality_ambito_code_idx ON ambito_municipality (ambito_code);

CREATE TABLE field_set (
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    fields TEXT[] DEFAULT '{}' NOT NULL,
    CONSTRAINT field_set_pkey PRIMARY KEY (name),
    CONSTRAINT field_set_name_check CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    CONSTRAINT field_set_fields_check CHECK (array_position(fields, NULL) IS NULL)
);

INSERT INTO field_set (name, description) VALUES
    ('public', 'What is not about a person.'),
    ('employment-centre', 'A centro per l''impiego: its people''s pacts, activities and obligations.'),
    ('municipality', 'The social service of a municipality or an ambito: households, inclusion pacts, PUC, registry checks.'),
    ('region', 'A region: the labour side of its territory.'),
    ('inps', 'INPS: benefits and the conditionality feed.'),
    ('ministry', 'The ministry: counts.'),
    ('accredited', 'An accredited subject: its own offers and courses.'),
    ('citizen', 'A citizen: what the hub holds of it and of its household.');

-- What each adds to what is public, and why: docs/explanation/fields-by-purpose.md. The accredited add nothing: offers and courses
-- are public. The ministry gets what its filters compare, and no way to a row;
-- no date either: between two of them lies one person (docs/adr/0026).
UPDATE field_set SET fields = regexp_split_to_array(btrim('
    Query.beneficiary Query.beneficiaries Query.household Query.households Query.pact Query.pacts Query.conditionalityEvents
    Query._entities
    Mutation.recordConditionalityEvent RecordConditionalityEventPayload.event
    Municipality.beneficiaries EmploymentCentre.beneficiaries TrainingCourse.participations PucProject.assignments
    BeneficiaryConnection.* BeneficiaryEdge.* HouseholdConnection.* HouseholdEdge.* PactConnection.* PactEdge.*
    ConditionalityEventConnection.* ConditionalityEventEdge.* TrainingActivityConnection.* TrainingActivityEdge.*
    PucAssignmentConnection.* PucAssignmentEdge.*
    Beneficiary.id Beneficiary.fiscalCode Beneficiary.givenName Beneficiary.familyName Beneficiary.birthDate Beneficiary.sex
    Beneficiary.municipality Beneficiary.employmentCentre Beneficiary.employmentStatus Beneficiary.obligation
    Beneficiary.household Beneficiary.pacts Beneficiary.activities Beneficiary.convocations Beneficiary.nextConvocationAt
    Beneficiary.pucAssignments Beneficiary.conditionalityEvents Beneficiary.residence
    Household.id Household.inpsProtocol Household.measure Household.municipality Household.members Household.benefit
    Household.caseManager Household.pacts Household.conditionalityEvents
    Benefit.* Pact.* PactGoal.* PactGoal.description
    OrientationActivity.* TrainingActivity.* PlacementActivity.* JobSearchActivity.* SchoolingActivity.*
    Convocation.* PucAssignment.* ResidenceRecord.*
    ConditionalityEvent.* ConditionalityEvent.note
', E' \n'), '\s+') WHERE name = 'employment-centre';
UPDATE field_set SET fields = regexp_split_to_array(btrim('
    Query.beneficiary Query.beneficiaries Query.household Query.households Query.pact Query.pacts Query.conditionalityEvents
    Query._entities
    Mutation.recordConditionalityEvent RecordConditionalityEventPayload.event
    Municipality.beneficiaries Municipality.households EmploymentCentre.beneficiaries TrainingCourse.participations
    PucProject.assignments
    BeneficiaryConnection.* BeneficiaryEdge.* HouseholdConnection.* HouseholdEdge.* PactConnection.* PactEdge.*
    ConditionalityEventConnection.* ConditionalityEventEdge.* TrainingActivityConnection.* TrainingActivityEdge.*
    PucAssignmentConnection.* PucAssignmentEdge.*
    Beneficiary.* Beneficiary.obligation Household.* Benefit.* Pact.* PactGoal.* PactGoal.description
    OrientationActivity.* TrainingActivity.* PlacementActivity.* JobSearchActivity.* SchoolingActivity.*
    SocialSupportActivity.kind SocialSupportActivity.status SocialSupportActivity.title SocialSupportActivity.startsOn
    SocialSupportActivity.endsOn SocialSupportActivity.beneficiary SocialSupportActivity.pact
    Convocation.* PucAssignment.*
    ConditionalityEvent.* ConditionalityEvent.note
    ResidenceRecord.* RegisteredFamily.* RegisteredFamilyMember.* RegisteredFamilyMember.relationshipCode PaymentStatus.*
', E' \n'), '\s+') WHERE name = 'municipality';
UPDATE field_set SET fields = regexp_split_to_array(btrim('
    Query.beneficiary Query.beneficiaries Query.households Query.pact Query.pacts Query.conditionalityEvents Query._entities
    Mutation.recordConditionalityEvent RecordConditionalityEventPayload.event
    Municipality.beneficiaries EmploymentCentre.beneficiaries TrainingCourse.participations
    BeneficiaryConnection.* BeneficiaryEdge.* HouseholdConnection.* HouseholdEdge.* PactConnection.* PactEdge.*
    ConditionalityEventConnection.* ConditionalityEventEdge.* TrainingActivityConnection.* TrainingActivityEdge.*
    Beneficiary.id Beneficiary.fiscalCode Beneficiary.givenName Beneficiary.familyName Beneficiary.birthDate Beneficiary.sex
    Beneficiary.municipality Beneficiary.employmentCentre Beneficiary.employmentStatus Beneficiary.obligation
    Beneficiary.household Beneficiary.pacts Beneficiary.activities Beneficiary.convocations Beneficiary.nextConvocationAt
    Beneficiary.conditionalityEvents
    Household.id Household.measure Household.municipality Household.pacts
    Pact.* PactGoal.*
    OrientationActivity.* TrainingActivity.* PlacementActivity.* JobSearchActivity.* SchoolingActivity.*
    Convocation.* ConditionalityEvent.*
', E' \n'), '\s+') WHERE name = 'region';
UPDATE field_set SET fields = regexp_split_to_array(btrim('
    Query.beneficiary Query.household Query.households Query.pact Query.conditionalityEvents Query.conditionalityFeed
    Query._entities Subscription.conditionalityFeed
    ConditionalityFeedPage.entries FeedEntry.*
    BeneficiaryConnection.* BeneficiaryEdge.* HouseholdConnection.* HouseholdEdge.* ConditionalityEventConnection.*
    ConditionalityEventEdge.*
    Beneficiary.id Beneficiary.fiscalCode Beneficiary.obligation Beneficiary.household Beneficiary.conditionalityEvents
    Household.id Household.inpsProtocol Household.measure Household.municipality Household.members Household.benefit
    Household.pacts Household.conditionalityEvents
    Benefit.*
    Pact.id Pact.kind Pact.status Pact.createdOn Pact.signedOn Pact.expiresOn Pact.household Pact.beneficiary
    ConditionalityEvent.* ConditionalityEvent.note
', E' \n'), '\s+') WHERE name = 'inps';
UPDATE field_set SET fields = regexp_split_to_array(btrim('
    Query.beneficiaries Query.households Query.pacts Query.conditionalityEvents
    Municipality.beneficiaries Municipality.households EmploymentCentre.beneficiaries TrainingCourse.participations
    PucProject.assignments
    Beneficiary.municipality Beneficiary.employmentCentre Beneficiary.employmentStatus Beneficiary.obligation
    Beneficiary.household Beneficiary.pacts Beneficiary.convocations Beneficiary.conditionalityEvents
    Household.measure Household.municipality Household.pacts
    Pact.kind Pact.status Convocation.outcome ConditionalityEvent.type
', E' \n'), '\s+') WHERE name = 'ministry';
UPDATE field_set SET fields = regexp_split_to_array(btrim('
    Query.me Query.beneficiary Query.beneficiaries Query.household Query.households Query.pact Query.pacts
    Query.conditionalityEvents
    BeneficiaryConnection.* BeneficiaryEdge.* HouseholdConnection.* HouseholdEdge.* PactConnection.* PactEdge.*
    ConditionalityEventConnection.* ConditionalityEventEdge.* TrainingActivityConnection.* TrainingActivityEdge.*
    PucAssignmentConnection.* PucAssignmentEdge.*
    Beneficiary.* Beneficiary.obligation Household.* Benefit.* Pact.* PactGoal.* PactGoal.description
    OrientationActivity.* TrainingActivity.* PlacementActivity.* JobSearchActivity.* SchoolingActivity.*
    SocialSupportActivity.kind SocialSupportActivity.status SocialSupportActivity.title SocialSupportActivity.startsOn
    SocialSupportActivity.endsOn SocialSupportActivity.beneficiary SocialSupportActivity.pact
    Convocation.* PucAssignment.*
    ConditionalityEvent.* ConditionalityEvent.note
    ResidenceRecord.* RegisteredFamily.* RegisteredFamilyMember.* RegisteredFamilyMember.relationshipCode
    PaymentStatus.* PaymentStatus.suspensionReason
', E' \n'), '\s+') WHERE name = 'citizen';

ALTER TABLE access_grant DROP CONSTRAINT access_grant_scope_check, ADD CONSTRAINT access_grant_scope_check
    CHECK (scope IN ('CENTRE', 'MUNICIPALITY', 'AMBITO', 'REGION', 'NATIONAL', 'AGGREGATE', 'OWN', 'SELF'));
ALTER TABLE access_grant DROP CONSTRAINT access_grant_capabilities_check, ADD CONSTRAINT access_grant_capabilities_check
    CHECK (capabilities <@ ARRAY['RECORD_EVENTS', 'READ_FEED', 'ADMINISTER', 'READ_ACCESS_LOG']::text[]);
ALTER TABLE access_grant ADD COLUMN field_set TEXT, ADD COLUMN fields TEXT[] DEFAULT '{}' NOT NULL;
UPDATE access_grant SET field_set = CASE agency.kind
        WHEN 'EMPLOYMENT_CENTRE' THEN 'employment-centre'
        WHEN 'MUNICIPALITY' THEN 'municipality'
        WHEN 'REGION' THEN 'region'
        WHEN 'INPS' THEN 'inps'
        WHEN 'MINISTRY' THEN 'ministry'
        WHEN 'ACCREDITED' THEN 'accredited'
        ELSE 'public' END
    FROM purpose JOIN agency ON agency.id = purpose.agency_id
    WHERE purpose.purpose_id = access_grant.purpose_id;
ALTER TABLE access_grant ALTER COLUMN field_set SET NOT NULL,
    ADD CONSTRAINT access_grant_field_set_fkey FOREIGN KEY(field_set) REFERENCES field_set (name);

ALTER TABLE access_grant_area ADD COLUMN ambito_code TEXT,
    ADD CONSTRAINT access_grant_area_ambito_code_fkey FOREIGN KEY(ambito_code) REFERENCES ambito (code),
    DROP CONSTRAINT access_grant_area_one_area_check,
    ADD CONSTRAINT access_grant_area_one_area_check
        CHECK (num_nonnulls(employment_centre_id, municipality_id, ambito_code, region_code) = 1),
    DROP CONSTRAINT access_grant_area_area_key,
    ADD CONSTRAINT access_grant_area_area_key
        UNIQUE NULLS NOT DISTINCT (grant_id, employment_centre_id, municipality_id, ambito_code, region_code);

-- The people themselves: who they are is said by an OIDC token, what they see by this grant, like everybody's.
INSERT INTO agency (id, code, name, kind) VALUES
    ('0199a000-0000-7000-8000-000000000001', 'citizens', 'Cittadini', 'CITIZENS');
INSERT INTO purpose (purpose_id, agency_id, description) VALUES
    ('0199a000-0000-7000-8000-000000000002', '0199a000-0000-7000-8000-000000000001', 'Accesso ai propri dati (GDPR art. 15)');
INSERT INTO access_grant (purpose_id, scope, field_set) VALUES
    ('0199a000-0000-7000-8000-000000000002', 'SELF', 'citizen');
-- One agency, one purpose, one scope, and nothing an organisation has: another would let every citizen do what it is granted.
ALTER TABLE agency ADD CONSTRAINT agency_citizens_check
    CHECK ((kind = 'CITIZENS') = (id = '0199a000-0000-7000-8000-000000000001')
        AND (kind <> 'CITIZENS' OR (code = 'citizens' AND pdnd_consumer_id IS NULL)));
ALTER TABLE agency_client ADD CONSTRAINT agency_client_citizens_check
    CHECK (agency_id <> '0199a000-0000-7000-8000-000000000001');
ALTER TABLE purpose ADD CONSTRAINT purpose_citizens_check
    CHECK ((agency_id = '0199a000-0000-7000-8000-000000000001') = (purpose_id = '0199a000-0000-7000-8000-000000000002'));
ALTER TABLE access_grant ADD CONSTRAINT access_grant_citizens_check
    CHECK ((scope = 'SELF') = (purpose_id = '0199a000-0000-7000-8000-000000000002')
        AND (scope <> 'SELF' OR capabilities = '{}'));

-- An accredited subject lists its own offers and courses alone.
CREATE INDEX job_offer_source_agency_id_published_on_id_idx ON job_offer (source_agency_id, published_on, id);
CREATE INDEX training_course_source_agency_id_starts_on_id_idx ON training_course (source_agency_id, starts_on, id);

-- Grants made before these rules may not meet them: each is named, rather than one by the constraint that it breaks.
DO $$
DECLARE
    offending text;
BEGIN
    SELECT string_agg(format('%s of purpose %s', id, purpose_id), ', ' ORDER BY purpose_id, id) INTO offending
        FROM access_grant WHERE scope <> 'NATIONAL' AND capabilities @> ARRAY['READ_FEED'];
    IF offending IS NOT NULL THEN
        RAISE EXCEPTION 'grants with READ_FEED and another scope than NATIONAL: %', offending USING ERRCODE = 'check_violation',
            HINT = 'Take READ_FEED from them, or make them NATIONAL; then migrate again.';
    END IF;
END
$$;

-- Whatever narrows a territory to no person leaves nobody to record about; and a feed read through a territory has gaps.
ALTER TABLE access_grant ADD CONSTRAINT access_grant_capability_scope_check CHECK (
    (scope = 'NATIONAL' OR NOT capabilities @> ARRAY['READ_FEED'])
    AND (scope NOT IN ('AGGREGATE', 'OWN', 'SELF') OR NOT capabilities @> ARRAY['RECORD_EVENTS']));

-- The grants of one purpose that hold at one moment add up their areas, and agree in all else: were one to bring the rows and
-- another the fields, the purpose would see fields nobody granted it of rows nobody granted them of.
CREATE FUNCTION grant_terms(scope text, field_set text, fields text[], capabilities text[]) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN concat_ws(' ',
        CASE scope WHEN 'AMBITO' THEN 'MUNICIPALITY' ELSE scope END,  -- an ambito is its municipalities
        field_set,
        (SELECT string_agg(DISTINCT word, ',' ORDER BY word) FROM unnest(fields) AS given (word)),
        (SELECT string_agg(DISTINCT word, ',' ORDER BY word) FROM unnest(capabilities) AS given (word)));
DO $$
DECLARE
    offending text;
BEGIN
    SELECT string_agg(format('%s and %s of purpose %s', one.id, other.id, one.purpose_id), ', '
            ORDER BY one.purpose_id, one.id, other.id) INTO offending
        FROM access_grant AS one JOIN access_grant AS other ON other.purpose_id = one.purpose_id AND one.id < other.id
            AND one.revoked_at IS NULL AND other.revoked_at IS NULL
            AND tstzrange(one.valid_from, one.valid_to) && tstzrange(other.valid_from, other.valid_to)
        WHERE grant_terms(one.scope, one.field_set, one.fields, one.capabilities)
            <> grant_terms(other.scope, other.field_set, other.fields, other.capabilities);
    IF offending IS NOT NULL THEN
        RAISE EXCEPTION 'grants that hold together and do not agree in scope and capabilities: %', offending
            USING ERRCODE = 'exclusion_violation',
            HINT = 'End one of each pair (revoked_at = now()), or give it a purpose of its own; then migrate again.';
    END IF;
END
$$;
ALTER TABLE access_grant ADD CONSTRAINT access_grant_terms_excl EXCLUDE USING gist (
    purpose_id WITH =, grant_terms(scope, field_set, fields, capabilities) WITH <>, tstzrange(valid_from, valid_to) WITH &&
) WHERE (revoked_at IS NULL);

-- Every change of who may see what is kept, by whatever door it came, and said aloud: hubs drop what they remember of callers.
CREATE TABLE access_change (
    id UUID DEFAULT uuidv7() NOT NULL,
    at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    door VARCHAR(40) NOT NULL,
    agency_code TEXT,
    purpose_id UUID,
    operator TEXT,
    subject TEXT NOT NULL,
    action VARCHAR(40) NOT NULL,
    before JSONB,
    after JSONB,
    CONSTRAINT access_change_pkey PRIMARY KEY (id),
    CONSTRAINT access_change_door_check CHECK (door IN ('API', 'COMMAND_LINE', 'DATABASE')),
    CONSTRAINT access_change_action_check CHECK (action IN ('ADDED', 'CHANGED', 'REMOVED', 'EMPTIED')),
    CONSTRAINT access_change_by_whom_check CHECK (door <> 'API' OR num_nonnulls(agency_code, purpose_id) = 2)
);
CREATE INDEX access_change_at_id_idx ON access_change (at, id);
CREATE TRIGGER access_change_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON access_change
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DO $$ BEGIN
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON access_change FROM %I', current_setting('snodo.role'));
END $$;

-- `snodo.actor` is who, as hub.access.actors sets it for a transaction; without it, somebody wrote to the table itself.
-- It writes as the tables' owner, since the hub's role may not: what is recorded was changed.
CREATE FUNCTION record_access_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    who jsonb := coalesce(
        nullif(current_setting('snodo.actor', true), ''),
        jsonb_build_object('door', 'DATABASE', 'operator', session_user)::text
    )::jsonb;
BEGIN
    INSERT INTO access_change (door, agency_code, purpose_id, operator, subject, action, before, after)
    VALUES (
        who->>'door', who->>'agency', (who->>'purpose')::uuid, who->>'operator', TG_TABLE_NAME,
        CASE TG_OP WHEN 'INSERT' THEN 'ADDED' WHEN 'UPDATE' THEN 'CHANGED' WHEN 'DELETE' THEN 'REMOVED' ELSE 'EMPTIED' END,
        to_jsonb(OLD), to_jsonb(NEW)
    );
    PERFORM pg_notify('snodo_access', '');
    RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION record_access_change() FROM PUBLIC;  -- nobody else's trigger writes as the owner
DO $$
DECLARE
    registry text;
BEGIN
    FOREACH registry IN ARRAY ARRAY['agency', 'agency_client', 'purpose', 'access_grant', 'access_grant_area', 'field_set',
                                    'ambito', 'ambito_municipality'] LOOP
        EXECUTE format('CREATE TRIGGER access_recorded AFTER INSERT OR DELETE ON %I
            FOR EACH ROW EXECUTE FUNCTION record_access_change()', registry);
        EXECUTE format('CREATE TRIGGER access_change_recorded AFTER UPDATE ON %I
            FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION record_access_change()', registry);
        EXECUTE format('CREATE TRIGGER access_emptying_recorded AFTER TRUNCATE ON %I
            FOR EACH STATEMENT EXECUTE FUNCTION record_access_change()', registry);
    END LOOP;
END
$$;
