-- SPDX-License-Identifier: EUPL-1.2

DROP INDEX quarantined_record_waiting_idx;
