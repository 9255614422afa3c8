-- SPDX-License-Identifier: EUPL-1.2
DROP FUNCTION give_back_calls(text[], text[], uuid[], timestamptz[], bigint);
DROP FUNCTION lease_calls(text[], text[], uuid[], timestamptz[], timestamptz[], bigint[], bigint);
DROP TABLE call_count;
ALTER TABLE purpose DROP COLUMN calls_per_minute, DROP COLUMN calls_per_day;
ALTER TABLE agency DROP COLUMN calls_per_day;
