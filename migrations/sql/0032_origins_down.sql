-- SPDX-License-Identifier: EUPL-1.2
UPDATE field_set SET fields = ARRAY(SELECT field FROM unnest(fields) WITH ORDINALITY AS one (field, n)
    WHERE field NOT IN ('Pact.origin', 'SocialSupportActivity.origin') ORDER BY n)
    WHERE fields && '{Pact.origin,SocialSupportActivity.origin}';
ALTER TABLE training_course DROP CONSTRAINT training_course_landed_check, DROP COLUMN inbound_run_id, DROP COLUMN landed_at;
ALTER TABLE job_offer DROP CONSTRAINT job_offer_landed_check, DROP COLUMN inbound_run_id, DROP COLUMN landed_at;
ALTER TABLE activity DROP CONSTRAINT activity_landed_check, DROP COLUMN inbound_run_id, DROP COLUMN landed_at;
ALTER TABLE pact DROP CONSTRAINT pact_landed_check, DROP COLUMN inbound_run_id;
