-- SPDX-License-Identifier: EUPL-1.2
-- Who consumes the feed, what each acknowledged, and what INPS decided. The hub's role comes as the setting snodo.role.

-- A region and a municipality read their parts of the one feed; what was decided about an entry is INPS's to say.
ALTER TABLE access_grant DROP CONSTRAINT access_grant_capabilities_check, ADD CONSTRAINT access_grant_capabilities_check
    CHECK (capabilities <@ ARRAY['RECORD_EVENTS', 'READ_FEED', 'ADMINISTER', 'READ_ACCESS_LOG', 'REPORT_OUTCOMES']::text[]);
ALTER TABLE access_grant DROP CONSTRAINT access_grant_capability_scope_check, ADD CONSTRAINT access_grant_capability_scope_check
    CHECK ((scope IN ('NATIONAL', 'REGION', 'MUNICIPALITY', 'AMBITO') OR NOT capabilities @> ARRAY['READ_FEED'])
        AND (scope = 'NATIONAL' OR NOT capabilities @> ARRAY['REPORT_OUTCOMES'])
        AND (scope NOT IN ('AGGREGATE', 'OWN', 'SELF') OR NOT capabilities @> ARRAY['RECORD_EVENTS']));

UPDATE field_set SET fields = fields || '{Query.conditionalityFeed,Subscription.conditionalityFeed,
    ConditionalityFeedPage.entries,FeedEntry.*,EventOutcome.*}' WHERE name = 'municipality';
-- A region is not told INPS's protocol of a household, here as elsewhere.
UPDATE field_set SET fields = fields || '{Query.conditionalityFeed,Subscription.conditionalityFeed,
    ConditionalityFeedPage.entries,FeedEntry.position,FeedEntry.measure,FeedEntry.event,FeedEntry.fiscalCode,EventOutcome.*}'
    WHERE name = 'region';
UPDATE field_set SET fields = fields || '{Mutation.reportOutcome,ReportOutcomePayload.outcome,EventOutcome.*}'
    WHERE name = 'inps';
UPDATE field_set SET fields = fields || '{EventOutcome.*}' WHERE name IN ('employment-centre', 'citizen');

-- How far a page of the feed reached: with it the log says what each consumer has read.
ALTER TABLE access_log ADD COLUMN feed_reached BIGINT,
    ADD CONSTRAINT access_log_feed_reached_check CHECK (feed_reached IS NULL OR (feed_reached >= 0 AND outcome = 'ANSWERED'));
CREATE INDEX access_log_agency_id_purpose_id_feed_reached_idx ON access_log (agency_id, purpose_id, feed_reached)
    WHERE feed_reached IS NOT NULL;

CREATE TABLE feed_acknowledgement (
    agency_id UUID NOT NULL,
    purpose_id UUID NOT NULL,
    up_to BIGINT NOT NULL,
    client_id UUID,
    operator TEXT,
    acknowledged_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT feed_acknowledgement_pkey PRIMARY KEY (agency_id, purpose_id, up_to),
    CONSTRAINT feed_acknowledgement_agency_id_fkey FOREIGN KEY(agency_id) REFERENCES agency (id),
    CONSTRAINT feed_acknowledgement_purpose_id_fkey FOREIGN KEY(purpose_id) REFERENCES purpose (purpose_id),
    CONSTRAINT feed_acknowledgement_up_to_fkey FOREIGN KEY(up_to) REFERENCES feed_entry (position)
);

-- How far a consumer has read: as far as the furthest answer that its log tells of.
CREATE FUNCTION feed_read_by(agency uuid, purpose uuid) RETURNS bigint LANGUAGE sql STABLE
    RETURN coalesce((SELECT max(feed_reached) FROM access_log
        WHERE agency_id = agency AND purpose_id = purpose AND feed_reached IS NOT NULL), 0);

-- Acknowledged is what was read, and never less than before.
CREATE FUNCTION check_feed_acknowledgement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- One after the other: each sees the one before it.
    PERFORM pg_advisory_xact_lock(7203009, hashtext(NEW.agency_id::text || NEW.purpose_id::text));
    IF EXISTS (SELECT FROM feed_acknowledgement WHERE agency_id = NEW.agency_id AND purpose_id = NEW.purpose_id
               AND up_to >= NEW.up_to) THEN
        RAISE EXCEPTION 'a consumer acknowledges ever more of the feed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'feed_acknowledgement_forward';
    END IF;
    IF NEW.up_to > feed_read_by(NEW.agency_id, NEW.purpose_id) THEN
        RAISE EXCEPTION 'a consumer acknowledges what it has read'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'feed_acknowledgement_read';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER feed_acknowledgement_checked BEFORE INSERT ON feed_acknowledgement
    FOR EACH ROW EXECUTE FUNCTION check_feed_acknowledgement();
CREATE TRIGGER feed_acknowledgement_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON feed_acknowledgement
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE event_outcome (
    id UUID DEFAULT uuidv7() NOT NULL,
    event_id UUID NOT NULL,
    agency_id UUID NOT NULL,
    client_id UUID,
    purpose_id UUID,
    operator TEXT,
    outcome VARCHAR(40) NOT NULL,
    reference TEXT NOT NULL,
    decided_on DATE NOT NULL,
    months INTEGER,
    reported_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT event_outcome_pkey PRIMARY KEY (id),
    CONSTRAINT event_outcome_event_id_fkey FOREIGN KEY(event_id) REFERENCES conditionality_event (id),
    CONSTRAINT event_outcome_agency_id_fkey FOREIGN KEY(agency_id) REFERENCES agency (id),
    CONSTRAINT event_outcome_outcome_check
        CHECK (outcome IN ('SUSPENDED', 'REDUCED', 'FORFEITED', 'REVOKED', 'NONE')),
    CONSTRAINT event_outcome_reference_check CHECK (length(reference) BETWEEN 1 AND 200),
    CONSTRAINT event_outcome_months_check CHECK (CASE outcome WHEN 'REDUCED' THEN coalesce(months BETWEEN 1 AND 18, false)
        WHEN 'SUSPENDED' THEN coalesce(months BETWEEN 1 AND 18, true) ELSE months IS NULL END)
);
CREATE INDEX event_outcome_event_id_reported_at_idx ON event_outcome (event_id, reported_at);
CREATE TRIGGER event_outcome_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event_outcome
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A cursor beyond the last entry is no cursor of this feed: it came from another, or from before a restore.
CREATE FUNCTION feed_cursor(cursor_position bigint, last_position bigint) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF cursor_position > last_position THEN
        RAISE EXCEPTION 'the cursor lies beyond the end of the feed' USING ERRCODE = 'SN001';
    END IF;
    RETURN cursor_position;
END
$$;

DO $$
DECLARE
    hub text := current_setting('snodo.role');
BEGIN
    EXECUTE format('GRANT INSERT (feed_reached) ON access_log TO %I', hub);
    EXECUTE format('REVOKE ALL ON feed_acknowledgement, event_outcome FROM %I', hub);
    EXECUTE format('GRANT SELECT ON feed_acknowledgement, event_outcome TO %I', hub);
    -- When it was said is the database's to say.
    EXECUTE format('GRANT INSERT (agency_id, purpose_id, up_to, client_id, operator) ON feed_acknowledgement TO %I', hub);
    EXECUTE format('GRANT INSERT (id, event_id, agency_id, client_id, purpose_id, operator, outcome, reference, decided_on, months)'
                   ' ON event_outcome TO %I', hub);
END
$$;
