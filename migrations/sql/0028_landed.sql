-- SPDX-License-Identifier: EUPL-1.2
-- When a pact's version that holds landed here: with its source, its number there and the source's own time, the trail of how it came in.

ALTER TABLE pact ADD COLUMN landed_at TIMESTAMP WITH TIME ZONE;
