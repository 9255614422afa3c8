-- SPDX-License-Identifier: EUPL-1.2
UPDATE field_set SET fields = ARRAY(SELECT field FROM unnest(fields) WITH ORDINALITY AS one (field, n)
    WHERE field <> 'ConditionalityEvent.justifiedReason' AND field NOT LIKE 'EventEvidence.%' ORDER BY n);
DROP TRIGGER conditionality_event_evidence_erased ON conditionality_event;
DROP FUNCTION erase_evidence();
CREATE OR REPLACE FUNCTION keep_to_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    erasable CONSTANT text[] := '{beneficiary_id,household_id,fiscal_code,inps_protocol,note,pact_id,operator,client_id,purpose_id}';
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
    RETURN NEW;
END
$$;
-- What was bound with evidence or a reason is not what the earlier hash says: such a feed no longer verifies.
CREATE FUNCTION canonical_record_hash(
    beneficiary uuid, household uuid, client uuid, purpose uuid, operator text, note text, salt uuid
) RETURNS text LANGUAGE sql STABLE
    RETURN canonical_hash(
        '{"beneficiary":' || canonical_id('ben_', beneficiary) || ',"client":' || canonical_id('', client)
        || ',"household":' || canonical_id('hsh_', household) || ',"note":' || canonical_text(note) || ',"operator":' || canonical_text(operator)
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
            canonical_record_hash(e.beneficiary_id, e.household_id, e.client_id, e.purpose_id, e.operator, e.note, record_salt),
            region, salt
        ) AS content
        OFFSET 0  -- drawn once, for its hash and for itself
    ) AS drawn
    WHERE e.id = event;
END;
DROP FUNCTION canonical_record_hash(uuid, uuid, uuid, uuid, text, text, uuid, text, text);
DROP FUNCTION canonical_evidence(uuid);
DROP TABLE event_evidence;
DROP FUNCTION keep_evidence_to_erasure();
DROP FUNCTION check_evidence();
ALTER TABLE conditionality_event
    DROP CONSTRAINT conditionality_event_erased_check,
    DROP COLUMN justified_reason,
    ADD CONSTRAINT conditionality_event_erased_check CHECK (
        erased_at IS NULL OR num_nonnulls(note, pact_id, operator, client_id, purpose_id) = 0
    );
