-- SPDX-License-Identifier: EUPL-1.2
ALTER TABLE pact DROP COLUMN professions;
DROP FUNCTION are_professions;
