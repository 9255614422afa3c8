-- SPDX-License-Identifier: EUPL-1.2
UPDATE field_set SET fields = ARRAY(
        SELECT field FROM unnest(fields) AS field
        WHERE field NOT IN ('Mutation.withdrawConditionalityEvent', 'WithdrawConditionalityEventPayload.withdrawal')
    ) WHERE name IN ('employment-centre', 'municipality', 'region');
DROP TRIGGER conditionality_event_withdrawn ON conditionality_event;
DROP FUNCTION check_withdrawal();
ALTER TABLE conditionality_event
    DROP CONSTRAINT conditionality_event_withdrawal_check, DROP CONSTRAINT conditionality_event_reason_check;
