-- conditionalityEvents
SELECT concat((SELECT concat('{"nodes":[', string_agg(v1, ',' ORDER BY v2 ASC, v3 ASC) FILTER (WHERE n <= $1::BIGINT), '],"pageInfo":{"hasNextPage":', CAST(count(*) > $1::BIGINT AS TEXT), '}}') AS concat_2
FROM (SELECT row_number() OVER (ORDER BY page__2.occurred_at ASC, page__2.id ASC) AS n, concat(E'\x01' || CAST(page__2.beneficiary_id AS TEXT), '{"type":"', page__2.type, '","occurredAt":', to_json(page__2.occurred_at), ',"beneficiary":', coalesce((SELECT concat('{"fiscalCode":', to_json(beneficiary__3.fiscal_code), '}') AS concat_3
FROM beneficiary AS beneficiary__3
WHERE beneficiary__3.id = page__2.beneficiary_id AND beneficiary__3.region_code = $2::VARCHAR), 'null'), ',"pact":', coalesce((SELECT concat(E'\x01' || CAST(coalesce(pact__4.beneficiary_id, pact__4.household_id) AS TEXT), '{"kind":"', pact__4.kind, '"}') AS concat_4
FROM pact AS pact__4
WHERE pact__4.id = page__2.pact_id AND CASE WHEN (pact__4.beneficiary_id IS NULL) THEN (SELECT household_1.region_code = $2::VARCHAR OR (SELECT true AS anon_2
FROM beneficiary AS beneficiary_1
WHERE beneficiary_1.household_id = household_1.id AND beneficiary_1.region_code = $2::VARCHAR
 LIMIT 1) AS anon_1
FROM household AS household_1
WHERE household_1.id = pact__4.household_id) ELSE (SELECT beneficiary_2.region_code = $2::VARCHAR AS anon_3
FROM beneficiary AS beneficiary_2
WHERE beneficiary_2.id = pact__4.beneficiary_id) END), 'null'), '}') AS v1, page__2.occurred_at AS v2, page__2.id AS v3
FROM (SELECT conditionality_event__1.id AS id, conditionality_event__1.type AS type, conditionality_event__1.occurred_at AS occurred_at, conditionality_event__1.recorded_at AS recorded_at, conditionality_event__1.agency_id AS agency_id, conditionality_event__1.client_id AS client_id, conditionality_event__1.purpose_id AS purpose_id, conditionality_event__1.operator AS operator, conditionality_event__1.beneficiary_id AS beneficiary_id, conditionality_event__1.household_id AS household_id, conditionality_event__1.fiscal_code AS fiscal_code, conditionality_event__1.inps_protocol AS inps_protocol, conditionality_event__1.measure AS measure, conditionality_event__1.pact_id AS pact_id, conditionality_event__1.note AS note, conditionality_event__1.justified_reason AS justified_reason, conditionality_event__1.edition AS edition, conditionality_event__1.withdraws_event_id AS withdraws_event_id, conditionality_event__1.erases_position AS erases_position, conditionality_event__1.erased_at AS erased_at
FROM conditionality_event AS conditionality_event__1
WHERE (EXISTS (SELECT 1
FROM beneficiary AS beneficiary_3
WHERE beneficiary_3.id = conditionality_event__1.beneficiary_id AND beneficiary_3.region_code = $2::VARCHAR)) AND conditionality_event__1.type = ANY ($3::TEXT[]) AND conditionality_event__1.occurred_at >= $4::TIMESTAMP WITH TIME ZONE ORDER BY conditionality_event__1.occurred_at ASC, conditionality_event__1.id ASC
 LIMIT $1::BIGINT + 1) AS page__2) AS items)) AS concat_1
