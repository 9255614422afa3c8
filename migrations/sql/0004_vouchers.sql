-- SPDX-License-Identifier: EUPL-1.2
-- Vouchers: what a consumer must present, and what was seen once.
DO $$ BEGIN END $$;
