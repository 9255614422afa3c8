-- SPDX-License-Identifier: EUPL-1.2
-- What an event is recorded with: why an absence was justified, and the documents that show what it says. Both are bound by the hash
-- of the record, and go with erasure (docs/adr/0034). The hub's role comes as the setting snodo.role.

ALTER TABLE conditionality_event
    ADD COLUMN justified_reason VARCHAR(40),
    ADD CONSTRAINT conditionality_event_justified_reason_check CHECK (justified_reason IN ('ILLNESS_OR_ACCIDENT',
        'CIVIL_OR_MILITARY_SERVICE', 'PREGNANCY', 'COURT_SUMMONS', 'FAMILY_REASONS', 'LEGAL_LIMITS_TO_MOBILITY',
        'OBJECTIVE_IMPEDIMENT')),
    ADD CONSTRAINT conditionality_event_justified_check CHECK (justified_reason IS NULL OR type = 'ABSENCE_JUSTIFIED'),
    DROP CONSTRAINT conditionality_event_erased_check,
    ADD CONSTRAINT conditionality_event_erased_check CHECK (
        erased_at IS NULL OR num_nonnulls(note, pact_id, operator, client_id, purpose_id, justified_reason) = 0
    );

CREATE TABLE event_evidence (
    event_id UUID NOT NULL,
    ordinal SMALLINT NOT NULL,
    sha256 BYTEA NOT NULL,
    media_type TEXT NOT NULL,
    reference TEXT NOT NULL,
    title TEXT,
    CONSTRAINT event_evidence_pkey PRIMARY KEY (event_id, ordinal),
    CONSTRAINT event_evidence_event_id_fkey FOREIGN KEY(event_id) REFERENCES conditionality_event (id),
    CONSTRAINT event_evidence_ordinal_check CHECK (ordinal BETWEEN 1 AND 20),
    CONSTRAINT event_evidence_sha256_check CHECK (length(sha256) = 32),
    CONSTRAINT event_evidence_media_type_check CHECK (length(media_type) BETWEEN 3 AND 255),
    CONSTRAINT event_evidence_reference_check CHECK (length(reference) BETWEEN 1 AND 1000),
    CONSTRAINT event_evidence_title_check CHECK (length(title) BETWEEN 1 AND 200)
);

-- With its event, and not later: what is added to one that may have its place in the feed would be bound by nothing.
CREATE FUNCTION check_evidence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM conditionality_event WHERE id = NEW.event_id AND recorded_at = now() AND erased_at IS NULL) THEN
        RAISE EXCEPTION 'evidence is recorded with its event' USING ERRCODE = 'check_violation', CONSTRAINT = 'event_evidence_with_event';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER event_evidence_with_event AFTER INSERT ON event_evidence
    FOR EACH ROW EXECUTE FUNCTION check_evidence();

-- It goes when its event is erased, and otherwise stays.
CREATE FUNCTION keep_evidence_to_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM conditionality_event WHERE id = OLD.event_id AND erased_at IS NOT NULL) THEN
        RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN OLD;
END
$$;
CREATE TRIGGER event_evidence_append_only BEFORE UPDATE OR TRUNCATE ON event_evidence
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER event_evidence_row_append_only BEFORE DELETE ON event_evidence
    FOR EACH ROW EXECUTE FUNCTION keep_evidence_to_erasure();

DO $$
BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON event_evidence FROM %I', current_setting('snodo.role'));
END
$$;

-- The documents of an event, in canonical JSON; NULL where it has none.
CREATE FUNCTION canonical_evidence(event uuid) RETURNS text LANGUAGE sql STABLE
    RETURN (
        SELECT '[' || string_agg(
            '{"mediaType":' || canonical_text(media_type) || ',"ordinal":' || ordinal::text || ',"reference":' || canonical_text(reference)
            || ',"sha256":' || canonical_text(encode(sha256, 'hex')) || ',"title":' || canonical_text(title) || '}',
            ',' ORDER BY ordinal
        ) || ']'
        FROM event_evidence WHERE event_id = event
    );

-- NOTE a member that does not apply is left out: of what was recorded before there were any, the hash is what it was.
CREATE FUNCTION canonical_record_hash(
    beneficiary uuid, household uuid, client uuid, purpose uuid, operator text, note text, salt uuid, justified_reason text, evidence text
) RETURNS text LANGUAGE sql STABLE
    RETURN canonical_hash(
        '{"beneficiary":' || canonical_id('ben_', beneficiary) || ',"client":' || canonical_id('', client)
        || coalesce(',"evidence":' || evidence, '') || ',"household":' || canonical_id('hsh_', household)
        || coalesce(',"justifiedReason":' || to_json(justified_reason)::text, '')
        || ',"note":' || canonical_text(note) || ',"operator":' || canonical_text(operator)
        || ',"purpose":' || canonical_id('', purpose) || ',"salt":' || canonical_id('', salt) || '}'
    );

CREATE OR REPLACE FUNCTION canonical_line(
    place bigint, event uuid, sequenced_at timestamptz, region text, municipality text, salt uuid, record_salt uuid
) RETURNS TABLE (entry text, content text, measure text, type text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT
        canonical_entry(
            canonical_hash(drawn.content), e.erases_position, e.id, e.measure, e.occurred_at, place, e.recorded_at,
            canonical_line.sequenced_at, agency.code, e.type, e.withdraws_event_id
        ),
        drawn.content, e.measure, e.type
    FROM conditionality_event AS e
    JOIN agency ON agency.id = e.agency_id
    CROSS JOIN LATERAL (
        SELECT canonical_content(
            e.fiscal_code, e.inps_protocol, municipality, e.pact_id,
            canonical_record_hash(
                e.beneficiary_id, e.household_id, e.client_id, e.purpose_id, e.operator, e.note, record_salt, e.justified_reason,
                canonical_evidence(e.id)
            ),
            region, salt
        ) AS content
        OFFSET 0  -- drawn once, for its hash and for itself
    ) AS drawn
    WHERE e.id = event;
END;
DROP FUNCTION canonical_record_hash(uuid, uuid, uuid, uuid, text, text, uuid);

CREATE OR REPLACE FUNCTION keep_to_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    erasable CONSTANT text[] :=
        '{beneficiary_id,household_id,fiscal_code,inps_protocol,note,pact_id,operator,client_id,purpose_id,justified_reason}';
BEGIN
    IF OLD.erased_at IS NOT NULL OR NEW.erased_at IS NULL
        OR to_jsonb(NEW) - erasable - 'erased_at' <> to_jsonb(OLD) - erasable - 'erased_at'
        OR NOT EXISTS (
            SELECT FROM feed_entry AS f JOIN conditionality_event AS erasing ON erasing.erases_position = f.position
            WHERE f.event_id = OLD.id
        )
    THEN
        RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    NEW.justified_reason := NULL;  -- with what `erase_feed_content` empties, and no later
    RETURN NEW;
END
$$;

-- The documents go with it, whoever erases.
CREATE FUNCTION erase_evidence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM event_evidence WHERE event_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER conditionality_event_evidence_erased AFTER UPDATE ON conditionality_event
    FOR EACH ROW WHEN (OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL) EXECUTE FUNCTION erase_evidence();

-- A reason names an illness, a document's name a hospital: for who may read the note, by name.
UPDATE field_set SET fields = fields || '{ConditionalityEvent.justifiedReason,EventEvidence.*,EventEvidence.reference,EventEvidence.title}'
    WHERE fields @> '{ConditionalityEvent.note}';
UPDATE field_set SET fields = fields || '{EventEvidence.*}' WHERE name = 'region';
