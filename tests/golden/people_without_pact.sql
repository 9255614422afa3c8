-- beneficiaries
SELECT concat((SELECT concat('{"totalCount":', (SELECT count(*) AS count_1
FROM beneficiary AS beneficiary__5
WHERE beneficiary__5.employment_centre_id = $1::UUID AND ((SELECT true AS anon_1
FROM pact AS pact__6
WHERE pact__6.beneficiary_id = beneficiary__5.id AND pact__6.status = ANY ($2::TEXT[])
 LIMIT 1) IS NULL OR (EXISTS (SELECT true AS anon_1
FROM pact AS pact__7
WHERE pact__7.beneficiary_id = beneficiary__5.id AND pact__7.status = ANY ($3::TEXT[]) AND pact__7.expires_on < CAST($4::VARCHAR AS DATE)))) AND (beneficiary__5.employment_status = $5::VARCHAR) IS NOT true AND beneficiary__5.obligation = $6::VARCHAR), ',"nodes":[', string_agg(v0, ',' ORDER BY v1 ASC, v2 ASC, v3 ASC), ']}') AS concat_2
FROM (SELECT concat(E'\x01' || CAST(page__4.id AS TEXT), '{"givenName":', to_json(page__4.given_name), ',"obligation":"', page__4.obligation, '","pacts":', (SELECT concat('[', string_agg(concat('{"status":"', pact__8.status, '"}'), ',' ORDER BY pact__8.created_on DESC, pact__8.id DESC), ']') AS concat_3
FROM pact AS pact__8
WHERE pact__8.beneficiary_id = page__4.id), '}') AS v0, page__4.family_name_key AS v1, page__4.given_name_key AS v2, page__4.id AS v3
FROM (SELECT beneficiary__1.id AS id, beneficiary__1.fiscal_code AS fiscal_code, beneficiary__1.given_name AS given_name, beneficiary__1.family_name AS family_name, beneficiary__1.birth_date AS birth_date, beneficiary__1.sex AS sex, beneficiary__1.household_id AS household_id, beneficiary__1.municipality_id AS municipality_id, beneficiary__1.region_code AS region_code, beneficiary__1.employment_centre_id AS employment_centre_id, beneficiary__1.employment_status AS employment_status, beneficiary__1.obligation AS obligation, beneficiary__1.anpr_id AS anpr_id, beneficiary__1.updated_at AS updated_at, beneficiary__1.family_name_key AS family_name_key, beneficiary__1.given_name_key AS given_name_key, beneficiary__1.next_convocation_at AS next_convocation_at
FROM beneficiary AS beneficiary__1
WHERE beneficiary__1.employment_centre_id = $1::UUID AND ((SELECT true AS anon_1
FROM pact AS pact__2
WHERE pact__2.beneficiary_id = beneficiary__1.id AND pact__2.status = ANY ($2::TEXT[])
 LIMIT 1) IS NULL OR (EXISTS (SELECT true AS anon_1
FROM pact AS pact__3
WHERE pact__3.beneficiary_id = beneficiary__1.id AND pact__3.status = ANY ($3::TEXT[]) AND pact__3.expires_on < CAST($4::VARCHAR AS DATE)))) AND (beneficiary__1.employment_status = $5::VARCHAR) IS NOT true AND beneficiary__1.obligation = $6::VARCHAR ORDER BY beneficiary__1.family_name_key ASC, beneficiary__1.given_name_key ASC, beneficiary__1.id ASC
 LIMIT $7::BIGINT) AS page__4) AS items)) AS concat_1
