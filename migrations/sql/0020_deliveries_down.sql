-- SPDX-License-Identifier: EUPL-1.2
DROP TRIGGER conditionality_event_erases_deliveries ON conditionality_event;
DROP TABLE delivery_attempt;
DROP TABLE delivery;
DROP TABLE destination;
DROP FUNCTION erase_deliveries();
DROP FUNCTION keep_delivery();
DROP FUNCTION keep_delivery_attempt();

UPDATE field_set SET fields = ARRAY(SELECT field FROM unnest(fields) WITH ORDINALITY AS one (field, n)
    WHERE field NOT IN ('Delivery.*', 'DeliveryAttempt.*', 'DeliveryConnection.*', 'DeliveryEdge.*', 'Query.stuck', 'Pact.deliveries',
        'SocialSupportActivity.deliveries') ORDER BY n)
    WHERE fields && '{Delivery.*,DeliveryAttempt.*,DeliveryConnection.*,DeliveryEdge.*,Query.stuck,Pact.deliveries,SocialSupportActivity.deliveries}';
