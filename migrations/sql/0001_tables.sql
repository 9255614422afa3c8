-- SPDX-License-Identifier: EUPL-1.2
-- The tables of the first migration. hub/store says why each is as it is; `alembic check` holds the two together.
CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TABLE agency (
    id UUID DEFAULT uuidv7() NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    kind VARCHAR(40) NOT NULL,
    pdnd_consumer_id UUID,
    CONSTRAINT agency_pkey PRIMARY KEY (id),
    CONSTRAINT agency_kind_check CHECK (kind IN ('EMPLOYMENT_CENTRE', 'MUNICIPALITY', 'REGION', 'INPS', 'MINISTRY', 'ACCREDITED', 'HUB')),
    CONSTRAINT agency_code_check CHECK (code ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    CONSTRAINT agency_code_key UNIQUE (code),
    CONSTRAINT agency_pdnd_consumer_id_key UNIQUE (pdnd_consumer_id)
);

CREATE TABLE access_document (
    document_hash BYTEA NOT NULL,
    coordinates TEXT[] NOT NULL,
    first_seen_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT access_document_pkey PRIMARY KEY (document_hash),
    CONSTRAINT access_document_document_hash_check CHECK (length(document_hash) = 32)
);

CREATE TABLE outbox_message (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    topic TEXT NOT NULL,
    subject_id UUID NOT NULL,
    payload JSONB,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    not_before TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    attempts INTEGER DEFAULT 0 NOT NULL,
    last_error TEXT,
    delivered_at TIMESTAMP WITH TIME ZONE,
    dead_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT outbox_message_pkey PRIMARY KEY (id),
    CONSTRAINT outbox_message_attempts_check CHECK (attempts >= 0)
);
CREATE INDEX outbox_message_subject_id_id_idx ON outbox_message (subject_id, id);
CREATE INDEX outbox_message_topic_id_idx ON outbox_message (topic, id) WHERE delivered_at IS NULL AND dead_at IS NULL;

CREATE TABLE region (
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    sap_code TEXT NOT NULL,
    CONSTRAINT region_pkey PRIMARY KEY (code),
    CONSTRAINT region_code_check CHECK (code ~ '^[0-9]{2}$'),
    CONSTRAINT region_sap_code_key UNIQUE (sap_code)
);

CREATE TABLE agency_client (
    client_id UUID NOT NULL,
    agency_id UUID NOT NULL,
    registered_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT agency_client_pkey PRIMARY KEY (client_id),
    CONSTRAINT agency_client_agency_id_fkey FOREIGN KEY(agency_id) REFERENCES agency (id)
);
CREATE INDEX agency_client_agency_id_idx ON agency_client (agency_id);

CREATE TABLE purpose (
    purpose_id UUID NOT NULL,
    agency_id UUID NOT NULL,
    description TEXT NOT NULL,
    registered_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT purpose_pkey PRIMARY KEY (purpose_id),
    CONSTRAINT purpose_agency_id_fkey FOREIGN KEY(agency_id) REFERENCES agency (id)
);
CREATE INDEX purpose_agency_id_idx ON purpose (agency_id);

CREATE TABLE access_log (
    id UUID DEFAULT uuidv7() NOT NULL,
    at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    agency_id UUID NOT NULL,
    client_id UUID,
    purpose_id UUID,
    operator TEXT,
    operation TEXT,
    document_hash BYTEA NOT NULL,
    variables JSONB,
    subjects UUID[] DEFAULT '{}' NOT NULL,
    outcome TEXT NOT NULL,
    CONSTRAINT access_log_pkey PRIMARY KEY (id, at),
    CONSTRAINT access_log_agency_id_fkey FOREIGN KEY(agency_id) REFERENCES agency (id),
    CONSTRAINT access_log_document_hash_fkey FOREIGN KEY(document_hash) REFERENCES access_document (document_hash)
)
 PARTITION BY RANGE (at);
CREATE INDEX access_log_subjects_idx ON access_log USING gin (subjects);

CREATE TABLE inbound_run (
    id UUID DEFAULT uuidv7() NOT NULL,
    agency_id UUID NOT NULL,
    flow TEXT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    watermark TEXT,
    received INTEGER DEFAULT 0 NOT NULL,
    landed INTEGER DEFAULT 0 NOT NULL,
    quarantined INTEGER DEFAULT 0 NOT NULL,
    CONSTRAINT inbound_run_pkey PRIMARY KEY (id),
    CONSTRAINT inbound_run_counts_check CHECK (landed >= 0 AND quarantined >= 0 AND landed + quarantined <= received),
    CONSTRAINT inbound_run_agency_id_fkey FOREIGN KEY(agency_id) REFERENCES agency (id)
);
CREATE INDEX inbound_run_agency_id_flow_started_at_idx ON inbound_run (agency_id, flow, started_at);

CREATE TABLE quarantined_record (
    id UUID DEFAULT uuidv7() NOT NULL,
    agency_id UUID NOT NULL,
    flow TEXT NOT NULL,
    record_key TEXT NOT NULL,
    payload JSONB NOT NULL,
    field TEXT,
    reason TEXT NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    resolved_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT quarantined_record_pkey PRIMARY KEY (id),
    CONSTRAINT quarantined_record_agency_id_flow_record_key_key UNIQUE (agency_id, flow, record_key),
    CONSTRAINT quarantined_record_agency_id_fkey FOREIGN KEY(agency_id) REFERENCES agency (id)
);

CREATE TABLE idempotency_key (
    agency_id UUID NOT NULL,
    operation TEXT NOT NULL,
    key TEXT NOT NULL,
    input_hash BYTEA NOT NULL,
    result_id UUID NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT idempotency_key_pkey PRIMARY KEY (agency_id, operation, key),
    CONSTRAINT idempotency_key_key_check CHECK (length(key) BETWEEN 1 AND 200),
    CONSTRAINT idempotency_key_input_hash_check CHECK (length(input_hash) = 32),
    CONSTRAINT idempotency_key_agency_id_fkey FOREIGN KEY(agency_id) REFERENCES agency (id)
);

CREATE TABLE municipality (
    id UUID DEFAULT uuidv7() NOT NULL,
    belfiore_code TEXT NOT NULL,
    istat_code TEXT NOT NULL,
    name TEXT NOT NULL,
    province TEXT NOT NULL,
    region_code TEXT NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    CONSTRAINT municipality_pkey PRIMARY KEY (id),
    CONSTRAINT municipality_belfiore_code_check CHECK (belfiore_code ~ '^[A-Z][0-9]{3}$'),
    CONSTRAINT municipality_istat_code_check CHECK (istat_code ~ '^[0-9]{6}$'),
    CONSTRAINT municipality_validity_check CHECK (valid_to IS NULL OR valid_to >= valid_from),
    CONSTRAINT municipality_belfiore_code_key UNIQUE (belfiore_code),
    CONSTRAINT municipality_id_region_code_key UNIQUE (id, region_code),
    CONSTRAINT municipality_region_code_fkey FOREIGN KEY(region_code) REFERENCES region (code)
);
CREATE INDEX municipality_istat_code_idx ON municipality (istat_code);
CREATE INDEX municipality_region_code_idx ON municipality (region_code);

CREATE TABLE access_grant (
    id UUID DEFAULT uuidv7() NOT NULL,
    purpose_id UUID NOT NULL,
    scope VARCHAR(40) NOT NULL,
    capabilities TEXT[] DEFAULT '{}' NOT NULL,
    valid_from TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    valid_to TIMESTAMP WITH TIME ZONE,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT access_grant_pkey PRIMARY KEY (id),
    CONSTRAINT access_grant_scope_check CHECK (scope IN ('CENTRE', 'MUNICIPALITY', 'REGION', 'NATIONAL')),
    CONSTRAINT access_grant_capabilities_check CHECK (capabilities <@ ARRAY['RECORD_EVENTS', 'READ_FEED']::text[]),
    CONSTRAINT access_grant_validity_check CHECK (valid_to IS NULL OR valid_to > valid_from),
    CONSTRAINT access_grant_purpose_id_fkey FOREIGN KEY(purpose_id) REFERENCES purpose (purpose_id)
);
CREATE INDEX access_grant_purpose_id_idx ON access_grant (purpose_id);

CREATE TABLE municipality_version (
    id UUID DEFAULT uuidv7() NOT NULL,
    municipality_id UUID NOT NULL,
    istat_code TEXT NOT NULL,
    name TEXT NOT NULL,
    province TEXT NOT NULL,
    region_code TEXT NOT NULL,
    validity DATERANGE NOT NULL,
    CONSTRAINT municipality_version_pkey PRIMARY KEY (id),
    CONSTRAINT municipality_version_istat_code_check CHECK (istat_code ~ '^[0-9]{6}$'),
    CONSTRAINT municipality_version_validity_check CHECK (NOT isempty(validity)),
    CONSTRAINT municipality_version_overlap_excl EXCLUDE USING gist (municipality_id WITH =, validity WITH &&),
    CONSTRAINT municipality_version_municipality_id_fkey FOREIGN KEY(municipality_id) REFERENCES municipality (id),
    CONSTRAINT municipality_version_region_code_fkey FOREIGN KEY(region_code) REFERENCES region (code)
);
CREATE INDEX municipality_version_istat_code_idx ON municipality_version (istat_code);

CREATE TABLE employment_centre (
    id UUID DEFAULT uuidv7() NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    municipality_id UUID NOT NULL,
    region_code TEXT NOT NULL,
    active BOOLEAN DEFAULT true NOT NULL,
    CONSTRAINT employment_centre_pkey PRIMARY KEY (id),
    CONSTRAINT employment_centre_code_check CHECK (code ~ '^[A-Z][0-9]{3}C[0-9]{6}$'),
    CONSTRAINT employment_centre_code_key UNIQUE (code),
    CONSTRAINT employment_centre_municipality_id_fkey FOREIGN KEY(municipality_id) REFERENCES municipality (id),
    CONSTRAINT employment_centre_region_code_fkey FOREIGN KEY(region_code) REFERENCES region (code)
);
CREATE INDEX employment_centre_region_code_idx ON employment_centre (region_code);

CREATE TABLE puc_project (
    id UUID DEFAULT uuidv7() NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    field VARCHAR(40) NOT NULL,
    municipality_id UUID NOT NULL,
    site TEXT,
    partner TEXT,
    weekly_hours INTEGER NOT NULL,
    places_municipality INTEGER NOT NULL,
    places_centre INTEGER NOT NULL,
    places_volunteer INTEGER NOT NULL,
    starts_on DATE NOT NULL,
    ends_on DATE NOT NULL,
    status VARCHAR(40) NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT puc_project_pkey PRIMARY KEY (id),
    CONSTRAINT puc_project_field_check CHECK (field IN ('CULTURAL', 'SOCIAL', 'ARTISTIC', 'ENVIRONMENTAL', 'EDUCATIONAL', 'COMMONS')),
    CONSTRAINT puc_project_status_check CHECK (status IN ('OPEN', 'CLOSED', 'WITHDRAWN')),
    CONSTRAINT puc_project_weekly_hours_check CHECK (weekly_hours BETWEEN 8 AND 16),
    CONSTRAINT puc_project_places_check CHECK (places_municipality >= 0 AND places_centre >= 0 AND places_volunteer >= 0),
    CONSTRAINT puc_project_period_check CHECK (ends_on >= starts_on),
    CONSTRAINT puc_project_municipality_id_fkey FOREIGN KEY(municipality_id) REFERENCES municipality (id)
);
CREATE INDEX puc_project_municipality_id_starts_on_id_idx ON puc_project (municipality_id, starts_on, id);
CREATE INDEX puc_project_starts_on_id_idx ON puc_project (starts_on, id);

CREATE TABLE household (
    id UUID DEFAULT uuidv7() NOT NULL,
    inps_protocol TEXT NOT NULL,
    measure VARCHAR(40) NOT NULL,
    municipality_id UUID NOT NULL,
    region_code TEXT NOT NULL,
    benefit_id UUID NOT NULL,
    case_manager TEXT,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT household_pkey PRIMARY KEY (id),
    CONSTRAINT household_measure_check CHECK (measure IN ('RDC', 'MIA', 'ADI', 'SFL')),
    CONSTRAINT household_inps_protocol_check CHECK (inps_protocol ~ '^[!-~]{1,40}$'),
    CONSTRAINT household_inps_protocol_key UNIQUE (inps_protocol),
    CONSTRAINT household_municipality_id_region_code_fkey FOREIGN KEY(municipality_id, region_code) REFERENCES municipality (id, region_code) ON UPDATE CASCADE
);
CREATE INDEX household_municipality_id_id_idx ON household (municipality_id, id);
CREATE INDEX household_region_code_id_idx ON household (region_code, id);

CREATE TABLE job_offer (
    id UUID DEFAULT uuidv7() NOT NULL,
    title TEXT NOT NULL,
    employer_name TEXT NOT NULL,
    profession_code TEXT,
    contract_type TEXT,
    weekly_hours NUMERIC(4, 1) NOT NULL,
    monthly_pay NUMERIC(10, 2),
    places INTEGER NOT NULL,
    municipality_id UUID NOT NULL,
    published_on DATE NOT NULL,
    expires_on DATE,
    status VARCHAR(40) NOT NULL,
    source_agency_id UUID NOT NULL,
    external_id TEXT NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT job_offer_pkey PRIMARY KEY (id),
    CONSTRAINT job_offer_status_check CHECK (status IN ('OPEN', 'CLOSED', 'WITHDRAWN')),
    CONSTRAINT job_offer_weekly_hours_check CHECK (weekly_hours > 0 AND weekly_hours <= 60),
    CONSTRAINT job_offer_monthly_pay_check CHECK (monthly_pay IS NULL OR monthly_pay >= 0),
    CONSTRAINT job_offer_places_check CHECK (places > 0),
    CONSTRAINT job_offer_validity_check CHECK (expires_on IS NULL OR expires_on >= published_on),
    CONSTRAINT job_offer_source_agency_id_external_id_key UNIQUE (source_agency_id, external_id),
    CONSTRAINT job_offer_municipality_id_fkey FOREIGN KEY(municipality_id) REFERENCES municipality (id),
    CONSTRAINT job_offer_source_agency_id_fkey FOREIGN KEY(source_agency_id) REFERENCES agency (id)
);
CREATE INDEX job_offer_municipality_id_published_on_id_idx ON job_offer (municipality_id, published_on, id);
CREATE INDEX job_offer_published_on_id_idx ON job_offer (published_on, id);

CREATE TABLE training_course (
    id UUID DEFAULT uuidv7() NOT NULL,
    title TEXT NOT NULL,
    provider_name TEXT NOT NULL,
    mode VARCHAR(40) NOT NULL,
    municipality_id UUID NOT NULL,
    starts_on DATE NOT NULL,
    ends_on DATE NOT NULL,
    hours INTEGER NOT NULL,
    places INTEGER NOT NULL,
    enrolled INTEGER NOT NULL,
    status VARCHAR(40) NOT NULL,
    source_agency_id UUID NOT NULL,
    external_id TEXT NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT training_course_pkey PRIMARY KEY (id),
    CONSTRAINT training_course_mode_check CHECK (mode IN ('ON_SITE', 'ONLINE', 'MIXED')),
    CONSTRAINT training_course_status_check CHECK (status IN ('OPEN', 'CLOSED', 'WITHDRAWN')),
    CONSTRAINT training_course_hours_check CHECK (hours > 0),
    CONSTRAINT training_course_places_check CHECK (places > 0 AND enrolled >= 0 AND enrolled <= places),
    CONSTRAINT training_course_period_check CHECK (ends_on >= starts_on),
    CONSTRAINT training_course_source_agency_id_external_id_key UNIQUE (source_agency_id, external_id),
    CONSTRAINT training_course_municipality_id_fkey FOREIGN KEY(municipality_id) REFERENCES municipality (id),
    CONSTRAINT training_course_source_agency_id_fkey FOREIGN KEY(source_agency_id) REFERENCES agency (id)
);
CREATE INDEX training_course_municipality_id_starts_on_id_idx ON training_course (municipality_id, starts_on, id);
CREATE INDEX training_course_starts_on_id_idx ON training_course (starts_on, id);

CREATE TABLE access_grant_area (
    id UUID DEFAULT uuidv7() NOT NULL,
    grant_id UUID NOT NULL,
    employment_centre_id UUID,
    municipality_id UUID,
    region_code TEXT,
    CONSTRAINT access_grant_area_pkey PRIMARY KEY (id),
    CONSTRAINT access_grant_area_one_area_check CHECK (num_nonnulls(employment_centre_id, municipality_id, region_code) = 1),
    CONSTRAINT access_grant_area_area_key UNIQUE NULLS NOT DISTINCT (grant_id, employment_centre_id, municipality_id, region_code),
    CONSTRAINT access_grant_area_grant_id_fkey FOREIGN KEY(grant_id) REFERENCES access_grant (id) ON DELETE CASCADE,
    CONSTRAINT access_grant_area_employment_centre_id_fkey FOREIGN KEY(employment_centre_id) REFERENCES employment_centre (id),
    CONSTRAINT access_grant_area_municipality_id_fkey FOREIGN KEY(municipality_id) REFERENCES municipality (id),
    CONSTRAINT access_grant_area_region_code_fkey FOREIGN KEY(region_code) REFERENCES region (code)
);

CREATE TABLE benefit (
    id UUID DEFAULT uuidv7() NOT NULL,
    household_id UUID NOT NULL,
    measure VARCHAR(40) NOT NULL,
    period DATERANGE NOT NULL,
    status VARCHAR(40) NOT NULL,
    monthly_amount NUMERIC(10, 2) NOT NULL,
    reported_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT benefit_pkey PRIMARY KEY (id),
    CONSTRAINT benefit_measure_check CHECK (measure IN ('RDC', 'MIA', 'ADI', 'SFL')),
    CONSTRAINT benefit_status_check CHECK (status IN ('ACTIVE', 'SUSPENDED', 'FORFEITED', 'REVOKED', 'ENDED')),
    CONSTRAINT benefit_monthly_amount_check CHECK (monthly_amount >= 0),
    CONSTRAINT benefit_period_check CHECK (NOT isempty(period) AND NOT lower_inf(period) AND upper(period) IS DISTINCT FROM 'infinity'),
    CONSTRAINT benefit_id_household_id_key UNIQUE (id, household_id),
    CONSTRAINT benefit_overlap_excl EXCLUDE USING gist (household_id WITH =, period WITH &&),
    CONSTRAINT benefit_household_id_fkey FOREIGN KEY(household_id) REFERENCES household (id)
);

CREATE TABLE beneficiary (
    id UUID DEFAULT uuidv7() NOT NULL,
    fiscal_code TEXT NOT NULL,
    given_name TEXT NOT NULL,
    family_name TEXT NOT NULL,
    birth_date DATE NOT NULL,
    sex VARCHAR(40) NOT NULL,
    household_id UUID NOT NULL,
    municipality_id UUID NOT NULL,
    region_code TEXT NOT NULL,
    employment_centre_id UUID,
    employment_status VARCHAR(40) NOT NULL,
    obligation VARCHAR(40) NOT NULL,
    anpr_id TEXT,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT beneficiary_pkey PRIMARY KEY (id),
    CONSTRAINT beneficiary_sex_check CHECK (sex IN ('F', 'M')),
    CONSTRAINT beneficiary_employment_status_check CHECK (employment_status IN ('NEVER_EMPLOYED', 'UNEMPLOYED', 'EMPLOYED_SEEKING', 'EMPLOYED', 'OTHER')),
    CONSTRAINT beneficiary_obligation_check CHECK (obligation IN ('OBLIGED', 'EXEMPT', 'EXCLUDED', 'VOLUNTARY')),
    CONSTRAINT beneficiary_fiscal_code_check CHECK (fiscal_code ~ '^([A-Z]{6}[0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]|[0-9]{11})$'),
    CONSTRAINT beneficiary_fiscal_code_key UNIQUE (fiscal_code),
    CONSTRAINT beneficiary_id_household_id_key UNIQUE (id, household_id),
    CONSTRAINT beneficiary_municipality_id_region_code_fkey FOREIGN KEY(municipality_id, region_code) REFERENCES municipality (id, region_code) ON UPDATE CASCADE,
    CONSTRAINT beneficiary_household_id_fkey FOREIGN KEY(household_id) REFERENCES household (id),
    CONSTRAINT beneficiary_employment_centre_id_fkey FOREIGN KEY(employment_centre_id) REFERENCES employment_centre (id)
);
CREATE INDEX beneficiary_employment_centre_id_family_name_given_name_id_idx ON beneficiary (employment_centre_id, family_name, given_name, id);
CREATE INDEX beneficiary_family_name_given_name_id_idx ON beneficiary (family_name, given_name, id);
CREATE INDEX beneficiary_household_id_idx ON beneficiary (household_id);
CREATE INDEX beneficiary_municipality_id_family_name_given_name_id_idx ON beneficiary (municipality_id, family_name, given_name, id);
CREATE INDEX beneficiary_region_code_family_name_given_name_id_idx ON beneficiary (region_code, family_name, given_name, id);

CREATE TABLE convocation (
    id UUID DEFAULT uuidv7() NOT NULL,
    beneficiary_id UUID NOT NULL,
    agency_id UUID,
    scheduled_at TIMESTAMP WITH TIME ZONE NOT NULL,
    channel VARCHAR(40) NOT NULL,
    reason VARCHAR(40) NOT NULL,
    outcome VARCHAR(40),
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT convocation_pkey PRIMARY KEY (id),
    CONSTRAINT convocation_channel_check CHECK (channel IN ('MAIL', 'FAX', 'POST', 'PHONE', 'SMS')),
    CONSTRAINT convocation_reason_check CHECK (reason IN ('FIRST_INTERVIEW', 'ORIENTATION', 'PRESELECTION', 'OTHER')),
    CONSTRAINT convocation_outcome_check CHECK (outcome IS NULL OR outcome IN ('PRESENT', 'ABSENT_JUSTIFIED', 'ABSENT_UNJUSTIFIED', 'CANCELLED')),
    CONSTRAINT convocation_beneficiary_id_fkey FOREIGN KEY(beneficiary_id) REFERENCES beneficiary (id),
    CONSTRAINT convocation_agency_id_fkey FOREIGN KEY(agency_id) REFERENCES agency (id)
);
CREATE INDEX convocation_beneficiary_id_scheduled_at_id_idx ON convocation (beneficiary_id, scheduled_at, id);

CREATE TABLE pact (
    id UUID DEFAULT uuidv7() NOT NULL,
    kind VARCHAR(40) NOT NULL,
    status VARCHAR(40) NOT NULL,
    household_id UUID NOT NULL,
    beneficiary_id UUID,
    created_on DATE NOT NULL,
    signed_on DATE,
    period DATERANGE NOT NULL,
    source_agency_id UUID,
    external_id TEXT,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pact_pkey PRIMARY KEY (id),
    CONSTRAINT pact_kind_check CHECK (kind IN ('WORK', 'INCLUSION', 'DIGITAL_ACTIVATION', 'SERVICE')),
    CONSTRAINT pact_status_check CHECK (status IN ('PROPOSED', 'ACTIVE', 'SUSPENDED', 'COMPLETED', 'TERMINATED', 'REFUSED')),
    CONSTRAINT pact_subject_check CHECK ((kind = 'INCLUSION') = (beneficiary_id IS NULL)),
    CONSTRAINT pact_signed_on_check CHECK ((status IN ('PROPOSED', 'REFUSED')) OR signed_on IS NOT NULL),
    CONSTRAINT pact_period_check CHECK (NOT isempty(period) AND NOT lower_inf(period) AND upper(period) IS DISTINCT FROM 'infinity'),
    CONSTRAINT pact_source_agency_id_external_id_key UNIQUE (source_agency_id, external_id),
    CONSTRAINT pact_household_overlap_excl EXCLUDE USING gist (household_id WITH =, kind WITH =, period WITH &&) WHERE (beneficiary_id IS NULL AND status IN ('ACTIVE', 'SUSPENDED')),
    CONSTRAINT pact_beneficiary_overlap_excl EXCLUDE USING gist (beneficiary_id WITH =, kind WITH =, period WITH &&) WHERE (beneficiary_id IS NOT NULL AND status IN ('ACTIVE', 'SUSPENDED')),
    CONSTRAINT pact_household_id_fkey FOREIGN KEY(household_id) REFERENCES household (id),
    CONSTRAINT pact_beneficiary_id_household_id_fkey FOREIGN KEY(beneficiary_id, household_id) REFERENCES beneficiary (id, household_id) ON UPDATE CASCADE,
    CONSTRAINT pact_source_agency_id_fkey FOREIGN KEY(source_agency_id) REFERENCES agency (id)
);
CREATE INDEX pact_beneficiary_id_created_on_id_idx ON pact (beneficiary_id, created_on, id);
CREATE INDEX pact_household_id_created_on_id_idx ON pact (household_id, created_on, id);

CREATE TABLE puc_assignment (
    id UUID DEFAULT uuidv7() NOT NULL,
    puc_project_id UUID NOT NULL,
    beneficiary_id UUID NOT NULL,
    status VARCHAR(40) NOT NULL,
    pot VARCHAR(40) NOT NULL,
    weekly_hours INTEGER NOT NULL,
    starts_on DATE NOT NULL,
    ends_on DATE,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT puc_assignment_pkey PRIMARY KEY (id),
    CONSTRAINT puc_assignment_status_check CHECK (status IN ('TO_ASSIGN', 'PROPOSED', 'ACTIVE', 'COMPLETED')),
    CONSTRAINT puc_assignment_pot_check CHECK (pot IN ('MUNICIPALITY', 'CENTRE', 'VOLUNTEER')),
    CONSTRAINT puc_assignment_weekly_hours_check CHECK (weekly_hours BETWEEN 8 AND 16),
    CONSTRAINT puc_assignment_period_check CHECK (ends_on IS NULL OR ends_on >= starts_on),
    CONSTRAINT puc_assignment_puc_project_id_beneficiary_id_starts_on_key UNIQUE (puc_project_id, beneficiary_id, starts_on),
    CONSTRAINT puc_assignment_puc_project_id_fkey FOREIGN KEY(puc_project_id) REFERENCES puc_project (id),
    CONSTRAINT puc_assignment_beneficiary_id_fkey FOREIGN KEY(beneficiary_id) REFERENCES beneficiary (id)
);
CREATE INDEX puc_assignment_beneficiary_id_starts_on_id_idx ON puc_assignment (beneficiary_id, starts_on, id);

CREATE TABLE agency_answer (
    id UUID DEFAULT uuidv7() NOT NULL,
    agency TEXT NOT NULL,
    operation TEXT NOT NULL,
    beneficiary_id UUID,
    household_id UUID,
    answer TEXT,
    answered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT agency_answer_pkey PRIMARY KEY (id),
    CONSTRAINT agency_answer_one_subject_check CHECK (num_nonnulls(beneficiary_id, household_id) = 1),
    CONSTRAINT agency_answer_subject_key UNIQUE NULLS NOT DISTINCT (agency, operation, beneficiary_id, household_id),
    CONSTRAINT agency_answer_beneficiary_id_fkey FOREIGN KEY(beneficiary_id) REFERENCES beneficiary (id) ON DELETE CASCADE,
    CONSTRAINT agency_answer_household_id_fkey FOREIGN KEY(household_id) REFERENCES household (id) ON DELETE CASCADE
);
CREATE INDEX agency_answer_beneficiary_id_idx ON agency_answer (beneficiary_id);
CREATE INDEX agency_answer_household_id_idx ON agency_answer (household_id);

CREATE TABLE activity (
    id UUID DEFAULT uuidv7() NOT NULL,
    beneficiary_id UUID NOT NULL,
    pact_id UUID,
    training_course_id UUID,
    kind VARCHAR(40) NOT NULL,
    status VARCHAR(40) NOT NULL,
    title TEXT NOT NULL,
    starts_on DATE NOT NULL,
    ends_on DATE,
    source_agency_id UUID,
    external_id TEXT,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT activity_pkey PRIMARY KEY (id),
    CONSTRAINT activity_kind_check CHECK (kind IN ('ORIENTATION', 'TRAINING', 'PLACEMENT', 'JOB_SEARCH', 'SCHOOLING', 'SOCIAL_SUPPORT')),
    CONSTRAINT activity_status_check CHECK (status IN ('PROPOSED', 'STARTED', 'SUSPENDED', 'COMPLETED', 'REFUSED', 'ABANDONED', 'CANCELLED')),
    CONSTRAINT activity_period_check CHECK (ends_on IS NULL OR ends_on >= starts_on),
    CONSTRAINT activity_source_agency_id_external_id_key UNIQUE (source_agency_id, external_id),
    CONSTRAINT activity_beneficiary_id_fkey FOREIGN KEY(beneficiary_id) REFERENCES beneficiary (id),
    CONSTRAINT activity_pact_id_fkey FOREIGN KEY(pact_id) REFERENCES pact (id),
    CONSTRAINT activity_training_course_id_fkey FOREIGN KEY(training_course_id) REFERENCES training_course (id),
    CONSTRAINT activity_source_agency_id_fkey FOREIGN KEY(source_agency_id) REFERENCES agency (id)
);
CREATE INDEX activity_beneficiary_id_starts_on_id_idx ON activity (beneficiary_id, starts_on, id);
CREATE INDEX activity_pact_id_idx ON activity (pact_id);

CREATE TABLE pact_goal (
    id UUID DEFAULT uuidv7() NOT NULL,
    pact_id UUID NOT NULL,
    ordinal INTEGER NOT NULL,
    description TEXT NOT NULL,
    status VARCHAR(40) NOT NULL,
    due_on DATE,
    CONSTRAINT pact_goal_pkey PRIMARY KEY (id),
    CONSTRAINT pact_goal_status_check CHECK (status IN ('PLANNED', 'IN_PROGRESS', 'ACHIEVED', 'ABANDONED')),
    CONSTRAINT pact_goal_ordinal_check CHECK (ordinal > 0),
    CONSTRAINT pact_goal_pact_id_ordinal_key UNIQUE (pact_id, ordinal),
    CONSTRAINT pact_goal_pact_id_fkey FOREIGN KEY(pact_id) REFERENCES pact (id) ON DELETE CASCADE
);

CREATE TABLE conditionality_event (
    id UUID DEFAULT uuidv7() NOT NULL,
    type VARCHAR(40) NOT NULL,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    agency_id UUID NOT NULL,
    client_id UUID,
    purpose_id UUID,
    operator TEXT,
    beneficiary_id UUID NOT NULL,
    household_id UUID NOT NULL,
    fiscal_code TEXT NOT NULL,
    inps_protocol TEXT NOT NULL,
    measure VARCHAR(40) NOT NULL,
    pact_id UUID,
    note TEXT,
    withdraws_event_id UUID,
    CONSTRAINT conditionality_event_pkey PRIMARY KEY (id),
    CONSTRAINT conditionality_event_type_check CHECK (type IN ('CONVOCATION_MISSED', 'CONVOCATION_ATTENDED', 'ABSENCE_JUSTIFIED', 'AVAILABILITY_NOT_DECLARED', 'PACT_SIGNED', 'PACT_NOT_SIGNED', 'ACTIVITY_ATTENDED', 'ACTIVITY_NOT_ATTENDED', 'ORIENTATION_NOT_ATTENDED', 'PUC_NOT_JOINED', 'INCLUSION_COMMITMENT_BREACHED', 'SUITABLE_OFFER_ACCEPTED', 'SUITABLE_OFFER_REFUSED', 'WORK_NOT_COMMUNICATED', 'HOUSEHOLD_CHANGE_NOT_DECLARED', 'UNDECLARED_WORK_FOUND', 'HIRED_THROUGH_SUITABLE_OFFER', 'AVAILABILITY_DECLARED', 'PUC_JOINED', 'SCHOOLING_NOT_ATTENDED', 'VARIATION_NOT_COMMUNICATED', 'FIRST_APPOINTMENT_MISSED', 'POSITION_UPDATED', 'POSITION_NOT_UPDATED', 'PARTICIPATION_CONFIRMED', 'PARTICIPATION_NOT_CONFIRMED', 'HIRED', 'EVENT_WITHDRAWN', 'CONTENT_ERASED')),
    CONSTRAINT conditionality_event_measure_check CHECK (measure IN ('RDC', 'MIA', 'ADI', 'SFL')),
    CONSTRAINT conditionality_event_note_check CHECK (length(note) <= 2000),
    CONSTRAINT conditionality_event_withdraws_check CHECK (withdraws_event_id <> id),
    CONSTRAINT conditionality_event_withdraws_event_id_key UNIQUE (withdraws_event_id),
    CONSTRAINT conditionality_event_agency_id_fkey FOREIGN KEY(agency_id) REFERENCES agency (id),
    CONSTRAINT conditionality_event_beneficiary_id_fkey FOREIGN KEY(beneficiary_id) REFERENCES beneficiary (id),
    CONSTRAINT conditionality_event_household_id_fkey FOREIGN KEY(household_id) REFERENCES household (id),
    CONSTRAINT conditionality_event_pact_id_fkey FOREIGN KEY(pact_id) REFERENCES pact (id),
    CONSTRAINT conditionality_event_withdraws_event_id_fkey FOREIGN KEY(withdraws_event_id) REFERENCES conditionality_event (id)
);
CREATE INDEX conditionality_event_beneficiary_id_occurred_at_id_idx ON conditionality_event (beneficiary_id, occurred_at, id);
CREATE INDEX conditionality_event_occurred_at_id_idx ON conditionality_event (occurred_at, id);
CREATE INDEX conditionality_event_pact_id_idx ON conditionality_event (pact_id);

CREATE TABLE feed_entry (
    position BIGINT NOT NULL,
    event_id UUID NOT NULL,
    sequenced_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT feed_entry_pkey PRIMARY KEY (position),
    CONSTRAINT feed_entry_position_check CHECK (position > 0),
    CONSTRAINT feed_entry_event_id_key UNIQUE (event_id),
    CONSTRAINT feed_entry_event_id_fkey FOREIGN KEY(event_id) REFERENCES conditionality_event (id)
);

ALTER TABLE household ADD CONSTRAINT household_benefit_id_id_fkey FOREIGN KEY(benefit_id, id) REFERENCES benefit (id, household_id) DEFERRABLE INITIALLY DEFERRED;

-- The access log grows by month; rows outside the months made so far land here, so that no answer is refused for want of one.
CREATE TABLE access_log_default PARTITION OF access_log DEFAULT;
