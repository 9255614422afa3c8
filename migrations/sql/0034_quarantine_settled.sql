-- SPDX-License-Identifier: EUPL-1.2
-- The rest of 0034, once every settled record has its digest.
UPDATE quarantined_record SET payload = NULL WHERE resolved_at IS NOT NULL;
ALTER TABLE quarantined_record
    ADD CONSTRAINT quarantined_record_kept_check CHECK ((resolved_at IS NULL) = (payload IS NOT NULL) AND num_nulls(payload, payload_digest) = 1),
    ADD CONSTRAINT quarantined_record_payload_digest_check CHECK (payload_digest ~ '^[0-9a-f]{64}$'),
    ADD CONSTRAINT quarantined_record_dismissal_check CHECK (num_nulls(dismissed_by, dismissed_because) <> 1
        AND (dismissed_by IS NULL OR resolved_at IS NOT NULL)
        AND length(dismissed_by) BETWEEN 1 AND 200 AND length(dismissed_because) BETWEEN 1 AND 1000);
