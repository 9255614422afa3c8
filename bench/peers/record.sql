-- SPDX-License-Identifier: EUPL-1.2
-- PostGraphile's way to a mutation of one's own: a database function. It leaves the rows the hub leaves, in one statement: the
-- key, the event, its place in the queue. It does not give the first answer again to a key that was used: it fails.
CREATE SCHEMA IF NOT EXISTS peers;

CREATE OR REPLACE FUNCTION peers.record_conditionality_event(
    agency_id uuid, idempotency_key text, fiscal_code text, type text, occurred_at timestamptz, note text
) RETURNS public.conditionality_event LANGUAGE sql VOLATILE AS $$
    WITH person AS (
        SELECT b.id, b.household_id, b.fiscal_code, h.inps_protocol, h.measure
        FROM public.beneficiary b JOIN public.household h ON h.id = b.household_id
        WHERE b.fiscal_code = record_conditionality_event.fiscal_code
    ), claimed AS (
        INSERT INTO public.idempotency_key (agency_id, operation, key, input_hash, result_id)
        SELECT record_conditionality_event.agency_id, 'recordConditionalityEvent', idempotency_key,
               sha256(convert_to(concat_ws(chr(31), p.fiscal_code, type, occurred_at::text, note), 'UTF8')), uuidv7()
        FROM person p
        RETURNING result_id
    ), recorded AS (
        INSERT INTO public.conditionality_event (id, type, occurred_at, agency_id, beneficiary_id, household_id, fiscal_code,
                                                 inps_protocol, measure, note)
        SELECT claimed.result_id, record_conditionality_event.type, record_conditionality_event.occurred_at,
               record_conditionality_event.agency_id, p.id, p.household_id, p.fiscal_code, p.inps_protocol, p.measure,
               record_conditionality_event.note
        FROM claimed, person p
        RETURNING *
    ), queued AS (
        INSERT INTO public.outbox_message (topic, subject_id) SELECT 'feed', recorded.id FROM recorded
    )
    SELECT * FROM recorded
$$;

DO $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA peers TO %I', current_setting('peers.role'));
END
$$;
