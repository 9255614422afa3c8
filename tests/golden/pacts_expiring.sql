-- pacts
SELECT concat((SELECT concat('{"nodes":[', string_agg(v1, ',' ORDER BY n ASC) FILTER (WHERE n <= $1::BIGINT), '],"pageInfo":{"endCursor":', coalesce('"' || (array_agg(v2 ORDER BY n DESC) FILTER (WHERE n <= $1::BIGINT))[$2::INTEGER] || '"', 'null'), '}}') AS concat_2
FROM (SELECT row_number() OVER (ORDER BY pact_1_page.expires_on ASC, pact_1_page.id ASC) AS n, concat('{"kind":"', pact_1_page.kind, '","status":"', pact_1_page.status, '","expiresOn":', CASE WHEN (nullif(pact_1_page.expires_on, 'infinity') IS NULL) THEN 'null' ELSE concat('"', nullif(pact_1_page.expires_on, 'infinity'), '"') END, ',"household":', (SELECT concat('{"inpsProtocol":', to_json(household_2.inps_protocol), '}') AS concat_3
FROM household AS household_2
WHERE household_2.id = pact_1_page.household_id), ',"beneficiary":', coalesce((SELECT concat('{"givenName":', to_json(beneficiary_3.given_name), '}') AS concat_4
FROM beneficiary AS beneficiary_3
WHERE beneficiary_3.id = pact_1_page.beneficiary_id), 'null'), '}') AS v1, translate(encode(convert_to(CAST(json_build_array('pact expires_on,id', CAST(pact_1_page.expires_on AS TEXT), CAST(pact_1_page.id AS TEXT)) AS TEXT), 'UTF8'), 'base64'), E'\n', '') AS v2
FROM (SELECT pact_1.id AS id, pact_1.kind AS kind, pact_1.status AS status, pact_1.household_id AS household_id, pact_1.beneficiary_id AS beneficiary_id, pact_1.created_on AS created_on, pact_1.signed_on AS signed_on, pact_1.period AS period, pact_1.expires_on AS expires_on, pact_1.source_agency_id AS source_agency_id, pact_1.external_id AS external_id, pact_1.updated_at AS updated_at
FROM pact AS pact_1
WHERE ((EXISTS (SELECT 1
FROM beneficiary AS beneficiary_1
WHERE beneficiary_1.id = pact_1.beneficiary_id AND beneficiary_1.employment_centre_id = $3::UUID)) OR pact_1.beneficiary_id IS NULL AND (EXISTS (SELECT 1
FROM household AS household_1
WHERE household_1.id = pact_1.household_id AND (EXISTS (SELECT 1
FROM beneficiary AS beneficiary_2
WHERE beneficiary_2.household_id = household_1.id AND beneficiary_2.employment_centre_id = $3::UUID))))) AND pact_1.kind = ANY ($4::TEXT[]) ORDER BY pact_1.expires_on ASC, pact_1.id ASC
 LIMIT $1::BIGINT) AS pact_1_page) AS items)) AS concat_1
