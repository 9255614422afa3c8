-- conditionalityEvents
SELECT concat((SELECT concat('{"nodes":[', string_agg(v1, ',' ORDER BY v2 ASC, v3 ASC) FILTER (WHERE n <= $1::BIGINT), '],"pageInfo":{"hasNextPage":', CAST(count(*) > $1::BIGINT AS TEXT), '}}') AS concat_2
FROM (SELECT row_number() OVER (ORDER BY page_2.occurred_at ASC, page_2.id ASC) AS n, concat(E'\x01' || CAST(page_2.beneficiary_id AS TEXT), '{"type":"', page_2.type, '","occurredAt":', to_json(page_2.occurred_at), ',"beneficiary":', coalesce((SELECT concat('{"fiscalCode":', to_json(beneficiary_3.fiscal_code), '}') AS concat_3
FROM beneficiary AS beneficiary_3
WHERE beneficiary_3.id = page_2.beneficiary_id AND beneficiary_3.region_code = $2::VARCHAR), 'null'), ',"pact":', coalesce((SELECT concat(E'\x01' || CAST(coalesce(pact_4.beneficiary_id, pact_4.household_id) AS TEXT), '{"kind":"', pact_4.kind, '"}') AS concat_4
FROM pact AS pact_4
WHERE pact_4.id = page_2.pact_id AND CASE WHEN (pact_4.beneficiary_id IS NULL) THEN (SELECT household_1.region_code = $2::VARCHAR OR (SELECT true AS anon_2
FROM beneficiary AS beneficiary_1
WHERE beneficiary_1.household_id = household_1.id AND beneficiary_1.region_code = $2::VARCHAR
 LIMIT 1) AS anon_1
FROM household AS household_1
WHERE household_1.id = pact_4.household_id) ELSE (SELECT beneficiary_2.region_code = $2::VARCHAR AS anon_3
FROM beneficiary AS beneficiary_2
WHERE beneficiary_2.id = pact_4.beneficiary_id) END), 'null'), '}') AS v1, page_2.occurred_at AS v2, page_2.id AS v3
FROM (SELECT conditionality_event_1.id AS id, conditionality_event_1.type AS type, conditionality_event_1.occurred_at AS occurred_at, conditionality_event_1.recorded_at AS recorded_at, conditionality_event_1.agency_id AS agency_id, conditionality_event_1.client_id AS client_id, conditionality_event_1.purpose_id AS purpose_id, conditionality_event_1.operator AS operator, conditionality_event_1.beneficiary_id AS beneficiary_id, conditionality_event_1.household_id AS household_id, conditionality_event_1.fiscal_code AS fiscal_code, conditionality_event_1.inps_protocol AS inps_protocol, conditionality_event_1.measure AS measure, conditionality_event_1.pact_id AS pact_id, conditionality_event_1.note AS note, conditionality_event_1.justified_reason AS justified_reason, conditionality_event_1.edition AS edition, conditionality_event_1.withdraws_event_id AS withdraws_event_id, conditionality_event_1.erases_position AS erases_position, conditionality_event_1.erased_at AS erased_at
FROM conditionality_event AS conditionality_event_1
WHERE (EXISTS (SELECT 1
FROM beneficiary AS beneficiary_3
WHERE beneficiary_3.id = conditionality_event_1.beneficiary_id AND beneficiary_3.region_code = $2::VARCHAR)) AND conditionality_event_1.type = ANY ($3::TEXT[]) AND conditionality_event_1.occurred_at >= $4::TIMESTAMP WITH TIME ZONE ORDER BY conditionality_event_1.occurred_at ASC, conditionality_event_1.id ASC
 LIMIT $1::BIGINT + 1) AS page_2) AS items)) AS concat_1
