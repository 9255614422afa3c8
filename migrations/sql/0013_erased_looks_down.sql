-- SPDX-License-Identifier: EUPL-1.2
DROP TRIGGER conditionality_event_looks_kept ON conditionality_event;
DROP FUNCTION keep_erased_looks();
DROP TABLE erased_look;
DROP FUNCTION keep_while_logged();
