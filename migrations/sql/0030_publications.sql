-- SPDX-License-Identifier: EUPL-1.2
-- Agencies publish opportunities at the hub's own doors (docs/adr/0047). The hub's role comes as the setting snodo.role.
ALTER TABLE access_grant DROP CONSTRAINT access_grant_capabilities_check, ADD CONSTRAINT access_grant_capabilities_check
    CHECK (capabilities <@ ARRAY['RECORD_EVENTS', 'READ_FEED', 'ADMINISTER', 'READ_ACCESS_LOG', 'REPORT_OUTCOMES', 'SEND_COMMUNICATIONS',
        'PUBLISH_OPPORTUNITIES']::text[]);
ALTER TABLE access_grant DROP CONSTRAINT access_grant_capability_scope_check, ADD CONSTRAINT access_grant_capability_scope_check
    CHECK ((scope IN ('NATIONAL', 'REGION', 'MUNICIPALITY', 'AMBITO') OR NOT capabilities @> ARRAY['READ_FEED'])
        AND (scope = 'NATIONAL' OR NOT capabilities @> ARRAY['REPORT_OUTCOMES'])
        AND (scope NOT IN ('AGGREGATE', 'OWN', 'SELF') OR NOT capabilities && ARRAY['RECORD_EVENTS', 'SEND_COMMUNICATIONS'])
        AND (scope IN ('OWN', 'CENTRE', 'MUNICIPALITY', 'AMBITO') OR NOT capabilities @> ARRAY['PUBLISH_OPPORTUNITIES']));

CREATE TABLE opportunity_version (
    id UUID DEFAULT uuidv7() NOT NULL,
    job_offer_id UUID,
    training_course_id UUID,
    version INTEGER NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    agency_id UUID NOT NULL,
    client_id UUID,
    purpose_id UUID NOT NULL,
    operator TEXT,
    content JSONB NOT NULL,
    CONSTRAINT opportunity_version_pkey PRIMARY KEY (id),
    CONSTRAINT opportunity_version_job_offer_id_version_key UNIQUE (job_offer_id, version),
    CONSTRAINT opportunity_version_training_course_id_version_key UNIQUE (training_course_id, version),
    CONSTRAINT opportunity_version_job_offer_id_fkey FOREIGN KEY(job_offer_id) REFERENCES job_offer (id),
    CONSTRAINT opportunity_version_training_course_id_fkey FOREIGN KEY(training_course_id) REFERENCES training_course (id),
    CONSTRAINT opportunity_version_agency_id_fkey FOREIGN KEY(agency_id) REFERENCES agency (id),
    CONSTRAINT opportunity_version_of_one_check CHECK (num_nonnulls(job_offer_id, training_course_id) = 1),
    CONSTRAINT opportunity_version_version_check CHECK (version > 0)
);
CREATE TRIGGER opportunity_version_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON opportunity_version
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

DO $$
DECLARE
    hub text := current_setting('snodo.role');
BEGIN
    EXECUTE format('REVOKE ALL ON opportunity_version FROM %I', hub);
    EXECUTE format('GRANT SELECT ON opportunity_version TO %I', hub);
    -- When it was is the database's to say.
    EXECUTE format('GRANT INSERT (job_offer_id, training_course_id, version, agency_id, client_id, purpose_id, operator, content)'
                   ' ON opportunity_version TO %I', hub);
END
$$;
