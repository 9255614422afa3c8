-- SPDX-License-Identifier: EUPL-1.2
-- What waits in quarantine is looked for by each run of a flow, for /metrics, and for one person; what was resolved stays for good.

CREATE INDEX quarantined_record_waiting_idx ON quarantined_record (agency_id, flow, id) WHERE resolved_at IS NULL;
