-- SPDX-License-Identifier: EUPL-1.2
-- Rate limits and daily quotas of consumers and purposes.
DO $$ BEGIN END $$;
