-- pacts
SELECT concat((SELECT concat('{"nodes":[', string_agg(v0, ',' ORDER BY v1 ASC, v2 ASC), '],"pageInfo":{"endCursor":', CASE WHEN (array_agg(ARRAY[CAST(v1 AS TEXT), CAST(v2 AS TEXT)] ORDER BY v1 ASC, v2 ASC) IS NULL) THEN 'null' ELSE concat('"', translate(encode(convert_to(CAST(json_build_array('pact expires_on,id', CAST((array_agg(ARRAY[CAST(v1 AS TEXT), CAST(v2 AS TEXT)] ORDER BY v1 ASC, v2 ASC))[array_length(array_agg(ARRAY[CAST(v1 AS TEXT), CAST(v2 AS TEXT)] ORDER BY v1 ASC, v2 ASC), 1)][1] AS TEXT), CAST((array_agg(ARRAY[CAST(v1 AS TEXT), CAST(v2 AS TEXT)] ORDER BY v1 ASC, v2 ASC))[array_length(array_agg(ARRAY[CAST(v1 AS TEXT), CAST(v2 AS TEXT)] ORDER BY v1 ASC, v2 ASC), 1)][2] AS TEXT)) AS TEXT), 'UTF8'), 'base64'), E'\n', ''), '"') END, '}}') AS concat_2
FROM (SELECT concat(E'\x01' || CAST(coalesce(page_2.beneficiary_id, page_2.household_id) AS TEXT), '{"kind":"', page_2.kind, '","status":"', page_2.status, '","expiresOn":', CASE WHEN (nullif(page_2.expires_on, 'infinity') IS NULL) THEN 'null' ELSE concat('"', nullif(page_2.expires_on, 'infinity'), '"') END, ',"household":', (SELECT concat('{"inpsProtocol":', to_json(household_3.inps_protocol), '}') AS concat_3
FROM household AS household_3
WHERE household_3.id = page_2.household_id), ',"beneficiary":', coalesce((SELECT concat('{"givenName":', to_json(beneficiary_4.given_name), '}') AS concat_4
FROM beneficiary AS beneficiary_4
WHERE beneficiary_4.id = page_2.beneficiary_id), 'null'), '}') AS v0, page_2.expires_on AS v1, page_2.id AS v2
FROM (SELECT pact_1.id AS id, pact_1.kind AS kind, pact_1.status AS status, pact_1.household_id AS household_id, pact_1.beneficiary_id AS beneficiary_id, pact_1.created_on AS created_on, pact_1.signed_on AS signed_on, pact_1.period AS period, pact_1.expires_on AS expires_on, pact_1.source_agency_id AS source_agency_id, pact_1.external_id AS external_id, pact_1.updated_at AS updated_at
FROM pact AS pact_1
WHERE (pact_1.beneficiary_id = ANY (array((SELECT beneficiary_1.id
FROM beneficiary AS beneficiary_1
WHERE beneficiary_1.employment_centre_id = $1::UUID))) OR pact_1.beneficiary_id IS NULL AND pact_1.household_id = ANY (array((SELECT beneficiary_2.household_id
FROM beneficiary AS beneficiary_2
WHERE beneficiary_2.employment_centre_id = $1::UUID)))) AND pact_1.kind = ANY ($2::TEXT[]) ORDER BY pact_1.expires_on ASC, pact_1.id ASC
 LIMIT $3::BIGINT) AS page_2) AS items)) AS concat_1
