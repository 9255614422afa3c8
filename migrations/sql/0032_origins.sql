-- SPDX-License-Identifier: EUPL-1.2
-- What an agency told says when it landed and by which run, and whoever may see where it is sent may see where it came from.
ALTER TABLE pact
    ADD COLUMN inbound_run_id UUID,
    ADD CONSTRAINT pact_inbound_run_id_fkey FOREIGN KEY(inbound_run_id) REFERENCES inbound_run (id);
ALTER TABLE activity
    ADD COLUMN landed_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN inbound_run_id UUID,
    ADD CONSTRAINT activity_inbound_run_id_fkey FOREIGN KEY(inbound_run_id) REFERENCES inbound_run (id);
ALTER TABLE job_offer
    ADD COLUMN landed_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN inbound_run_id UUID,
    ADD CONSTRAINT job_offer_inbound_run_id_fkey FOREIGN KEY(inbound_run_id) REFERENCES inbound_run (id);
ALTER TABLE training_course
    ADD COLUMN landed_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN inbound_run_id UUID,
    ADD CONSTRAINT training_course_inbound_run_id_fkey FOREIGN KEY(inbound_run_id) REFERENCES inbound_run (id);

-- Of pacts when they landed is known already: the run is the last of a flow of pacts that was under way then.
UPDATE pact SET inbound_run_id = (
    SELECT run.id FROM inbound_run AS run
    WHERE run.agency_id = pact.source_agency_id
        AND run.flow IN ('pacts', 'worker-records')
        AND run.started_at <= pact.landed_at
        AND (run.finished_at IS NULL OR run.finished_at >= pact.landed_at)
    ORDER BY run.started_at DESC
    LIMIT 1
) WHERE landed_at IS NOT NULL;

ALTER TABLE pact ADD CONSTRAINT pact_landed_check
    CHECK ((inbound_run_id IS NULL OR landed_at IS NOT NULL) AND (landed_at IS NULL OR num_nulls(source_agency_id, external_id) = 0));
ALTER TABLE activity ADD CONSTRAINT activity_landed_check
    CHECK ((inbound_run_id IS NULL OR landed_at IS NOT NULL) AND (landed_at IS NULL OR num_nulls(source_agency_id, external_id) = 0));
ALTER TABLE job_offer ADD CONSTRAINT job_offer_landed_check
    CHECK ((inbound_run_id IS NULL OR landed_at IS NOT NULL) AND (landed_at IS NULL OR num_nulls(source_agency_id, external_id) = 0));
ALTER TABLE training_course ADD CONSTRAINT training_course_landed_check
    CHECK ((inbound_run_id IS NULL OR landed_at IS NOT NULL) AND (landed_at IS NULL OR num_nulls(source_agency_id, external_id) = 0));

-- Those that are told a pact field by field, or of activities that are of special categories; others have it by `Pact.*`.
UPDATE field_set SET fields = fields || '{Pact.origin}' WHERE name = 'inps';
UPDATE field_set SET fields = fields || '{SocialSupportActivity.origin}' WHERE name IN ('municipality', 'citizen');
