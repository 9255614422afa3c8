-- SPDX-License-Identifier: EUPL-1.2
DROP TABLE seen_token;
ALTER TABLE agency DROP COLUMN demands;
