-- SPDX-License-Identifier: EUPL-1.2
-- What was settled has lost its content, and does not come back.
UPDATE field_set SET fields = ARRAY(SELECT field FROM unnest(fields) WITH ORDINALITY AS one (field, n)
    WHERE field NOT IN ('QuarantinedRecord.recordKey', 'QuarantinedRecord.dismissedBecause') ORDER BY n)
    WHERE fields && '{QuarantinedRecord.recordKey,QuarantinedRecord.dismissedBecause}';
DROP INDEX quarantined_record_received_idx;
ALTER TABLE quarantined_record
    DROP CONSTRAINT quarantined_record_dismissal_check, DROP CONSTRAINT quarantined_record_payload_digest_check,
    DROP CONSTRAINT quarantined_record_kept_check,
    DROP COLUMN dismissed_because, DROP COLUMN dismissed_by, DROP COLUMN payload_digest, DROP COLUMN version, DROP COLUMN is_told;
UPDATE quarantined_record SET payload = '{}' WHERE payload IS NULL;
ALTER TABLE quarantined_record ALTER COLUMN payload SET NOT NULL;
