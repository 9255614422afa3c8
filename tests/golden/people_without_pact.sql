-- beneficiaries
SELECT concat((SELECT concat('{"totalCount":', (SELECT count(*) AS count_1
FROM beneficiary AS beneficiary_5
WHERE beneficiary_5.employment_centre_id = $1::UUID AND ((SELECT true AS anon_1
FROM pact AS pact_6
WHERE pact_6.beneficiary_id = beneficiary_5.id AND pact_6.status = ANY ($2::TEXT[])
 LIMIT 1) IS NULL OR (EXISTS (SELECT true AS anon_1
FROM pact AS pact_7
WHERE pact_7.beneficiary_id = beneficiary_5.id AND pact_7.status = ANY ($3::TEXT[]) AND pact_7.expires_on < CAST($4::VARCHAR AS DATE)))) AND (beneficiary_5.employment_status = $5::VARCHAR) IS NOT true AND beneficiary_5.obligation = $6::VARCHAR), ',"nodes":[', string_agg(v0, ',' ORDER BY v1 ASC, v2 ASC, v3 ASC), ']}') AS concat_2
FROM (SELECT concat(E'\x01' || CAST(page_4.id AS TEXT), '{"givenName":', to_json(page_4.given_name), ',"obligation":"', page_4.obligation, '","pacts":', (SELECT concat('[', string_agg(concat('{"status":"', pact_8.status, '"}'), ',' ORDER BY pact_8.created_on DESC, pact_8.id DESC), ']') AS concat_3
FROM pact AS pact_8
WHERE pact_8.beneficiary_id = page_4.id), '}') AS v0, page_4.family_name_key AS v1, page_4.given_name_key AS v2, page_4.id AS v3
FROM (SELECT beneficiary_1.id AS id, beneficiary_1.fiscal_code AS fiscal_code, beneficiary_1.given_name AS given_name, beneficiary_1.family_name AS family_name, beneficiary_1.birth_date AS birth_date, beneficiary_1.sex AS sex, beneficiary_1.household_id AS household_id, beneficiary_1.municipality_id AS municipality_id, beneficiary_1.region_code AS region_code, beneficiary_1.employment_centre_id AS employment_centre_id, beneficiary_1.employment_status AS employment_status, beneficiary_1.obligation AS obligation, beneficiary_1.anpr_id AS anpr_id, beneficiary_1.updated_at AS updated_at, beneficiary_1.family_name_key AS family_name_key, beneficiary_1.given_name_key AS given_name_key, beneficiary_1.next_convocation_at AS next_convocation_at
FROM beneficiary AS beneficiary_1
WHERE beneficiary_1.employment_centre_id = $1::UUID AND ((SELECT true AS anon_1
FROM pact AS pact_2
WHERE pact_2.beneficiary_id = beneficiary_1.id AND pact_2.status = ANY ($2::TEXT[])
 LIMIT 1) IS NULL OR (EXISTS (SELECT true AS anon_1
FROM pact AS pact_3
WHERE pact_3.beneficiary_id = beneficiary_1.id AND pact_3.status = ANY ($3::TEXT[]) AND pact_3.expires_on < CAST($4::VARCHAR AS DATE)))) AND (beneficiary_1.employment_status = $5::VARCHAR) IS NOT true AND beneficiary_1.obligation = $6::VARCHAR ORDER BY beneficiary_1.family_name_key ASC, beneficiary_1.given_name_key ASC, beneficiary_1.id ASC
 LIMIT $7::BIGINT) AS page_4) AS items)) AS concat_1
