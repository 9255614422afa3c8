-- SPDX-License-Identifier: EUPL-1.2
-- Who may record an event may record many at once: in the shipped sets, and in those somebody made.
UPDATE field_set SET fields = fields || '{Mutation.recordConditionalityEvents,RecordConditionalityEventResult.event}'
    WHERE fields @> '{Mutation.recordConditionalityEvent,RecordConditionalityEventPayload.event}';
