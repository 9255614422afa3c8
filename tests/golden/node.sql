-- node
SELECT concat(E'\x01' || CAST(coalesce(pact__1.beneficiary_id, pact__1.household_id) AS TEXT), '{"__typename":"Pact","id":"pct_', encode(uuid_send(pact__1.id), 'hex'), '","kind":"', pact__1.kind, '","beneficiary":', coalesce((SELECT concat('{"givenName":', to_json(beneficiary__2.given_name), ',"id":"ben_', encode(uuid_send(beneficiary__2.id), 'hex'), '"}') AS concat_2
FROM beneficiary AS beneficiary__2
WHERE beneficiary__2.id = pact__1.beneficiary_id), 'null'), '}') AS concat_1
FROM pact AS pact__1
WHERE pact__1.id = $1::UUID AND CASE WHEN (pact__1.beneficiary_id IS NULL) THEN (SELECT EXISTS (SELECT true AS anon_2
FROM beneficiary AS beneficiary_1
WHERE beneficiary_1.household_id = household_1.id AND beneficiary_1.employment_centre_id = $2::UUID) AS anon_1
FROM household AS household_1
WHERE household_1.id = pact__1.household_id) ELSE (SELECT beneficiary_2.employment_centre_id = $2::UUID AS anon_3
FROM beneficiary AS beneficiary_2
WHERE beneficiary_2.id = pact__1.beneficiary_id) END
