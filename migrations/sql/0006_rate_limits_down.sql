-- SPDX-License-Identifier: EUPL-1.2
DO $$ BEGIN END $$;
