-- pacts
SELECT concat((SELECT concat('{"nodes":[', string_agg(v0, ',' ORDER BY v1 ASC, v2 ASC), '],"pageInfo":{"endCursor":', CASE WHEN (array_agg(ARRAY[CAST(v1 AS TEXT), CAST(v2 AS TEXT)] ORDER BY v1 ASC, v2 ASC) IS NULL) THEN 'null' ELSE concat('"', translate(encode(convert_to(CAST(json_build_array('pact expires_on,id', CAST((array_agg(ARRAY[CAST(v1 AS TEXT), CAST(v2 AS TEXT)] ORDER BY v1 ASC, v2 ASC))[array_length(array_agg(ARRAY[CAST(v1 AS TEXT), CAST(v2 AS TEXT)] ORDER BY v1 ASC, v2 ASC), 1)][1] AS TEXT), CAST((array_agg(ARRAY[CAST(v1 AS TEXT), CAST(v2 AS TEXT)] ORDER BY v1 ASC, v2 ASC))[array_length(array_agg(ARRAY[CAST(v1 AS TEXT), CAST(v2 AS TEXT)] ORDER BY v1 ASC, v2 ASC), 1)][2] AS TEXT)) AS TEXT), 'UTF8'), 'base64'), E'\n', ''), '"') END, '}}') AS concat_2
FROM (SELECT concat(E'\x01' || CAST(coalesce(page__2.beneficiary_id, page__2.household_id) AS TEXT), '{"kind":"', page__2.kind, '","status":"', page__2.status, '","expiresOn":', CASE WHEN (nullif(page__2.expires_on, 'infinity') IS NULL) THEN 'null' ELSE concat('"', nullif(page__2.expires_on, 'infinity'), '"') END, ',"household":', (SELECT concat('{"inpsProtocol":', to_json(household__3.inps_protocol), '}') AS concat_3
FROM household AS household__3
WHERE household__3.id = page__2.household_id), ',"beneficiary":', coalesce((SELECT concat('{"givenName":', to_json(beneficiary__4.given_name), '}') AS concat_4
FROM beneficiary AS beneficiary__4
WHERE beneficiary__4.id = page__2.beneficiary_id), 'null'), '}') AS v0, page__2.expires_on AS v1, page__2.id AS v2
FROM (SELECT pact__1.id AS id, pact__1.kind AS kind, pact__1.status AS status, pact__1.household_id AS household_id, pact__1.beneficiary_id AS beneficiary_id, pact__1.created_on AS created_on, pact__1.signed_on AS signed_on, pact__1.period AS period, pact__1.expires_on AS expires_on, pact__1.professions AS professions, pact__1.source_agency_id AS source_agency_id, pact__1.external_id AS external_id, pact__1.updated_at AS updated_at, pact__1.landed_at AS landed_at, pact__1.inbound_run_id AS inbound_run_id
FROM pact AS pact__1
WHERE (pact__1.beneficiary_id = ANY (array((SELECT beneficiary_1.id
FROM beneficiary AS beneficiary_1
WHERE beneficiary_1.employment_centre_id = $1::UUID))) OR pact__1.beneficiary_id IS NULL AND pact__1.household_id = ANY (array((SELECT beneficiary_2.household_id
FROM beneficiary AS beneficiary_2
WHERE beneficiary_2.employment_centre_id = $1::UUID)))) AND pact__1.kind = ANY ($2::TEXT[]) ORDER BY pact__1.expires_on ASC, pact__1.id ASC
 LIMIT $3::BIGINT) AS page__2) AS items)) AS concat_1
