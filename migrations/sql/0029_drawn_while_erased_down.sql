-- SPDX-License-Identifier: EUPL-1.2
ALTER TABLE delivery_attempt ALTER COLUMN ordinal TYPE SMALLINT;
DROP INDEX delivery_due_idx;
CREATE INDEX delivery_due_idx ON delivery (destination_id, not_before) WHERE state = 'WAITING';
DROP TRIGGER delivery_row_drawn ON delivery;
DROP FUNCTION draw_nothing_erased();
