-- SPDX-License-Identifier: EUPL-1.2
-- Back to an empty database. The role stays: other databases of the server may use it.
ALTER TABLE household DROP CONSTRAINT household_benefit_id_id_fkey;
DROP TABLE feed_entry;
DROP TABLE conditionality_event;
DROP TABLE pact_goal;
DROP TABLE activity;
DROP TABLE agency_answer;
DROP TABLE puc_assignment;
DROP TABLE pact;
DROP TABLE convocation;
DROP TABLE beneficiary;
DROP TABLE benefit;
DROP TABLE access_grant_area;
DROP TABLE training_course;
DROP TABLE job_offer;
DROP TABLE household;
DROP TABLE puc_project;
DROP TABLE employment_centre;
DROP TABLE municipality_version;
DROP TABLE access_grant;
DROP TABLE municipality;
DROP TABLE idempotency_key;
DROP TABLE quarantined_record;
DROP TABLE inbound_run;
DROP TABLE access_log;
DROP TABLE purpose;
DROP TABLE agency_client;
DROP TABLE region;
DROP TABLE outbox_message;
DROP TABLE access_document;
DROP TABLE agency;
DROP FUNCTION keep_feed_dense();
DROP FUNCTION refuse_change();
DO $$
DECLARE
    hub text := current_setting('snodo.role');
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = hub) THEN
        EXECUTE format(
            'ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE SELECT, INSERT, UPDATE, DELETE ON TABLES FROM %I', hub
        );
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE USAGE ON SEQUENCES FROM %I', hub);
    END IF;
END
$$;
