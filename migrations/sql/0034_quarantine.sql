-- SPDX-License-Identifier: EUPL-1.2
-- What lies in quarantine can be asked for, put away for good, and is kept no longer than it waits (docs/adr/0050).

-- `payload_digest` stands in place of the record once that is settled; the migration has written those of before (versions/0034).
ALTER TABLE quarantined_record
    ADD COLUMN is_told BOOLEAN DEFAULT false NOT NULL,
    ADD COLUMN version TIMESTAMP WITH TIME ZONE,
    ADD COLUMN payload_digest TEXT,
    ADD COLUMN dismissed_by TEXT,
    ADD COLUMN dismissed_because TEXT,
    ALTER COLUMN payload DROP NOT NULL;

-- That a hire could not be taken as it was told says that its worker is known, who receives a benefit: whoever sends hires is not told.
UPDATE quarantined_record SET is_told = true WHERE flow NOT IN ('communications', 'communications-http');

CREATE INDEX quarantined_record_received_idx ON quarantined_record (received_at, id) WHERE resolved_at IS NULL;

-- Under which number of its own an agency sent a record, and why it was put away, is for that agency.
UPDATE field_set SET fields = fields || '{QuarantinedRecord.recordKey,QuarantinedRecord.dismissedBecause}' WHERE name IN ('region', 'inps');
