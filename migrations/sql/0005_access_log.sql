-- SPDX-License-Identifier: EUPL-1.2
-- The access log: monthly partitions, and who reads it.
DO $$ BEGIN END $$;
