-- SPDX-License-Identifier: EUPL-1.2
-- What other systems are told of facts recorded here, and how far each fact has come (docs/adr/0038). The hub's role comes as the
-- setting snodo.role.

-- Where a fact is, is for whoever may see the fact; what is stuck, for the offices.
UPDATE field_set SET fields = fields || '{Delivery.*,DeliveryAttempt.*,DeliveryConnection.*,DeliveryEdge.*}'
    WHERE name IN ('employment-centre', 'municipality', 'region', 'inps', 'citizen');
UPDATE field_set SET fields = fields || '{Query.stuck}' WHERE name IN ('employment-centre', 'municipality', 'region', 'inps');
-- Those that are told a pact field by field, or of activities that are of special categories.
UPDATE field_set SET fields = fields || '{Pact.deliveries}' WHERE name = 'inps';
UPDATE field_set SET fields = fields || '{SocialSupportActivity.deliveries}' WHERE name IN ('municipality', 'citizen');

CREATE TABLE destination (
    id UUID DEFAULT uuidv7() NOT NULL,
    agency_id UUID NOT NULL,
    channel VARCHAR(40) NOT NULL,
    types TEXT[] NOT NULL,
    areas TEXT[] NOT NULL,
    drawn_up_to BIGINT NOT NULL,
    registered_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    failures INTEGER DEFAULT 0 NOT NULL,
    resting_until TIMESTAMP WITH TIME ZONE,
    CONSTRAINT destination_pkey PRIMARY KEY (id),
    CONSTRAINT destination_agency_id_channel_key UNIQUE (agency_id, channel),
    CONSTRAINT destination_agency_id_fkey FOREIGN KEY(agency_id) REFERENCES agency (id),
    CONSTRAINT destination_channel_check CHECK (channel IN ('REGION')),
    CONSTRAINT destination_types_check CHECK (cardinality(types) > 0 AND array_position(types, NULL) IS NULL),
    CONSTRAINT destination_areas_check CHECK (array_position(areas, NULL) IS NULL),
    CONSTRAINT destination_drawn_up_to_check CHECK (drawn_up_to >= 0),
    CONSTRAINT destination_failures_check CHECK (failures >= 0)
);

CREATE TABLE delivery (
    id UUID DEFAULT uuidv7() NOT NULL,
    destination_id UUID NOT NULL,
    position BIGINT NOT NULL,
    event_id UUID NOT NULL,
    agency_id UUID NOT NULL,
    beneficiary_id UUID,
    pact_id UUID,
    type VARCHAR(40) NOT NULL,
    waiting_since TIMESTAMP WITH TIME ZONE NOT NULL,
    state VARCHAR(40) DEFAULT 'WAITING' NOT NULL,
    attempt_count INTEGER DEFAULT 0 NOT NULL,
    resent_after INTEGER DEFAULT 0 NOT NULL,
    not_before TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    leased_until TIMESTAMP WITH TIME ZONE,
    settled_at TIMESTAMP WITH TIME ZONE,
    code TEXT,
    CONSTRAINT delivery_pkey PRIMARY KEY (id),
    CONSTRAINT delivery_destination_id_position_key UNIQUE (destination_id, position),
    CONSTRAINT delivery_destination_id_fkey FOREIGN KEY(destination_id) REFERENCES destination (id),
    CONSTRAINT delivery_position_fkey FOREIGN KEY(position) REFERENCES feed_entry (position),
    CONSTRAINT delivery_event_id_fkey FOREIGN KEY(event_id) REFERENCES conditionality_event (id),
    CONSTRAINT delivery_agency_id_fkey FOREIGN KEY(agency_id) REFERENCES agency (id),
    CONSTRAINT delivery_beneficiary_id_fkey FOREIGN KEY(beneficiary_id) REFERENCES beneficiary (id),
    CONSTRAINT delivery_pact_id_fkey FOREIGN KEY(pact_id) REFERENCES pact (id),
    CONSTRAINT delivery_type_check CHECK (type IN ('CONVOCATION_MISSED', 'CONVOCATION_ATTENDED', 'ABSENCE_JUSTIFIED', 'AVAILABILITY_NOT_DECLARED', 'PACT_SIGNED', 'PACT_NOT_SIGNED', 'ACTIVITY_ATTENDED', 'ACTIVITY_NOT_ATTENDED', 'ORIENTATION_NOT_ATTENDED', 'PUC_NOT_JOINED', 'INCLUSION_COMMITMENT_BREACHED', 'SUITABLE_OFFER_ACCEPTED', 'SUITABLE_OFFER_REFUSED', 'WORK_NOT_COMMUNICATED', 'HOUSEHOLD_CHANGE_NOT_DECLARED', 'UNDECLARED_WORK_FOUND', 'HIRED_THROUGH_SUITABLE_OFFER', 'AVAILABILITY_DECLARED', 'PUC_JOINED', 'SCHOOLING_NOT_ATTENDED', 'VARIATION_NOT_COMMUNICATED', 'FIRST_APPOINTMENT_MISSED', 'POSITION_UPDATED', 'POSITION_NOT_UPDATED', 'PARTICIPATION_CONFIRMED', 'PARTICIPATION_NOT_CONFIRMED', 'HIRED', 'EVENT_WITHDRAWN', 'CONTENT_ERASED')),
    CONSTRAINT delivery_state_check CHECK (state IN ('WAITING', 'ACCEPTED', 'REFUSED', 'EXHAUSTED', 'CANCELLED')),
    CONSTRAINT delivery_attempts_check CHECK (attempt_count >= resent_after AND resent_after >= 0),
    CONSTRAINT delivery_settled_at_check CHECK ((state = 'WAITING') = (settled_at IS NULL)),
    CONSTRAINT delivery_leased_until_check CHECK (leased_until IS NULL OR state = 'WAITING'),
    CONSTRAINT delivery_person_check CHECK (beneficiary_id IS NOT NULL OR state IN ('ACCEPTED', 'CANCELLED')),
    CONSTRAINT delivery_code_check CHECK (length(code) BETWEEN 1 AND 60)
);
CREATE INDEX delivery_event_id_idx ON delivery (event_id);
CREATE INDEX delivery_pact_id_waiting_since_id_idx ON delivery (pact_id, waiting_since, id);
CREATE INDEX delivery_due_idx ON delivery (destination_id, not_before) WHERE state = 'WAITING';
CREATE INDEX delivery_order_idx ON delivery (destination_id, beneficiary_id, position) WHERE state = 'WAITING';
CREATE INDEX delivery_open_idx ON delivery (waiting_since, id) WHERE state IN ('WAITING', 'REFUSED', 'EXHAUSTED');
CREATE INDEX delivery_open_person_idx ON delivery (beneficiary_id, waiting_since, id) WHERE state IN ('WAITING', 'REFUSED', 'EXHAUSTED');

CREATE TABLE delivery_attempt (
    delivery_id UUID NOT NULL,
    ordinal SMALLINT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    outcome VARCHAR(40),
    code TEXT,
    CONSTRAINT delivery_attempt_pkey PRIMARY KEY (delivery_id, ordinal),
    CONSTRAINT delivery_attempt_delivery_id_fkey FOREIGN KEY(delivery_id) REFERENCES delivery (id),
    CONSTRAINT delivery_attempt_outcome_check CHECK (outcome IN ('ACCEPTED', 'REFUSED', 'UNAVAILABLE', 'INVALID')),
    CONSTRAINT delivery_attempt_ordinal_check CHECK (ordinal > 0),
    CONSTRAINT delivery_attempt_ended_at_check CHECK ((outcome IS NULL) = (ended_at IS NULL)),
    CONSTRAINT delivery_attempt_code_check CHECK (length(code) BETWEEN 1 AND 60)
);

-- What was accepted stays so; a fact that was refused waits again only because somebody has it sent again; an erased one is over.
CREATE FUNCTION keep_delivery() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.state IN ('ACCEPTED', 'CANCELLED') AND NEW.state <> OLD.state)
        OR NEW.attempt_count < OLD.attempt_count
        OR (OLD.state <> 'WAITING' AND NEW.state = 'WAITING' AND NEW.resent_after <> OLD.attempt_count)
    THEN
        RAISE EXCEPTION 'table % keeps what came of a delivery', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER delivery_row_kept BEFORE UPDATE ON delivery FOR EACH ROW EXECUTE FUNCTION keep_delivery();
CREATE TRIGGER delivery_kept BEFORE DELETE OR TRUNCATE ON delivery FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- An attempt that has an end is as it was.
CREATE FUNCTION keep_delivery_attempt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.ended_at IS NOT NULL THEN
        RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER delivery_attempt_row_kept BEFORE UPDATE ON delivery_attempt FOR EACH ROW EXECUTE FUNCTION keep_delivery_attempt();
CREATE TRIGGER delivery_attempt_kept BEFORE DELETE OR TRUNCATE ON delivery_attempt
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Erasing the content of an event takes what its deliveries say of a person; what has not arrived is not sent any more.
CREATE FUNCTION erase_deliveries() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE delivery
        SET beneficiary_id = NULL, pact_id = NULL, leased_until = NULL,
            settled_at = coalesce(settled_at, now()),
            state = CASE state WHEN 'ACCEPTED' THEN 'ACCEPTED' ELSE 'CANCELLED' END
        WHERE event_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER conditionality_event_erases_deliveries AFTER UPDATE OF erased_at ON conditionality_event
    FOR EACH ROW WHEN (NEW.erased_at IS NOT NULL) EXECUTE FUNCTION erase_deliveries();

DO $$
DECLARE
    hub text := current_setting('snodo.role');
BEGIN
    EXECUTE format('REVOKE ALL ON destination, delivery, delivery_attempt FROM %I', hub);
    EXECUTE format('GRANT SELECT ON destination, delivery, delivery_attempt TO %I', hub);
    EXECUTE format('GRANT INSERT (agency_id, channel, types, areas, drawn_up_to) ON destination TO %I', hub);
    EXECUTE format('GRANT UPDATE (types, areas, drawn_up_to, ended_at, failures, resting_until) ON destination TO %I', hub);
    EXECUTE format('GRANT INSERT (destination_id, position, event_id, agency_id, beneficiary_id, pact_id, type, waiting_since, not_before)'
                   ' ON delivery TO %I', hub);
    EXECUTE format('GRANT UPDATE (state, attempt_count, resent_after, not_before, leased_until, settled_at, code) ON delivery TO %I', hub);
    EXECUTE format('GRANT INSERT (delivery_id, ordinal, started_at) ON delivery_attempt TO %I', hub);
    EXECUTE format('GRANT UPDATE (ended_at, outcome, code) ON delivery_attempt TO %I', hub);
END
$$;
