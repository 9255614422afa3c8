-- conditionalityFeed
SELECT concat('{"entries":[', string_agg(v1, ',' ORDER BY v2 ASC) FILTER (WHERE n <= $1::BIGINT), '],"endCursor":"', coalesce(max(v3) FILTER (WHERE n <= $1::BIGINT), $2::BIGINT), '","hasMore":', CAST(count(*) > $1::BIGINT AS TEXT), '}') AS concat_1
FROM (SELECT row_number() OVER (ORDER BY feed_page.position ASC) AS n, concat('{"position":', feed_page.position, ',"fiscalCode":', to_json((SELECT conditionality_event_1.fiscal_code
FROM conditionality_event AS conditionality_event_1
WHERE conditionality_event_1.id = feed_page.event_id)), ',"inpsProtocol":', to_json((SELECT conditionality_event_2.inps_protocol
FROM conditionality_event AS conditionality_event_2
WHERE conditionality_event_2.id = feed_page.event_id)), ',"event":', (SELECT concat('{"id":"evt_', encode(uuid_send(conditionality_event_2.id), 'hex'), '","type":"', conditionality_event_2.type, '","occurredAt":', to_json(conditionality_event_2.occurred_at), ',"source":', (SELECT concat('{"code":', to_json(agency_3.code), '}') AS concat_3
FROM agency AS agency_3
WHERE agency_3.id = conditionality_event_2.agency_id), '}') AS concat_2
FROM conditionality_event AS conditionality_event_2
WHERE conditionality_event_2.id = feed_page.event_id), '}') AS v1, feed_page.position AS v2, feed_page.position AS v3
FROM (SELECT feed_entry_1.position AS position, feed_entry_1.event_id AS event_id, feed_entry_1.sequenced_at AS sequenced_at
FROM feed_entry AS feed_entry_1
WHERE feed_entry_1.position > $2::BIGINT ORDER BY feed_entry_1.position
 LIMIT $1::BIGINT + 1) AS feed_page) AS items
