-- pact
SELECT concat(E'\x01' || CAST(coalesce(pact__1.beneficiary_id, pact__1.household_id) AS TEXT), '{"id":"pct_', encode(uuid_send(pact__1.id), 'hex'), '","kind":"', pact__1.kind, '","signedOn":', CASE WHEN (pact__1.signed_on IS NULL) THEN 'null' ELSE concat('"', pact__1.signed_on, '"') END, ',"goals":', (SELECT concat('[', string_agg(concat('{"ordinal":', pact_goal__2.ordinal, ',"description":', to_json(pact_goal__2.description), '}'), ',' ORDER BY pact_goal__2.ordinal ASC), ']') AS concat_2
FROM pact_goal AS pact_goal__2
WHERE pact_goal__2.pact_id = pact__1.id), ',"household":', (SELECT concat('{"members":', (SELECT concat('[', string_agg(concat(E'\x01' || CAST(beneficiary__4.id AS TEXT), '{"id":"ben_', encode(uuid_send(beneficiary__4.id), 'hex'), '"}'), ',' ORDER BY beneficiary__4.birth_date ASC, beneficiary__4.id ASC), ']') AS concat_4
FROM beneficiary AS beneficiary__4
WHERE beneficiary__4.household_id = household__3.id AND beneficiary__4.region_code = $1::VARCHAR), '}') AS concat_3
FROM household AS household__3
WHERE household__3.id = pact__1.household_id), '}') AS concat_1
FROM pact AS pact__1
WHERE pact__1.id = $2::UUID AND CASE WHEN (pact__1.beneficiary_id IS NULL) THEN (SELECT household_1.region_code = $1::VARCHAR OR (SELECT true AS anon_2
FROM beneficiary AS beneficiary_1
WHERE beneficiary_1.household_id = household_1.id AND beneficiary_1.region_code = $1::VARCHAR
 LIMIT 1) AS anon_1
FROM household AS household_1
WHERE household_1.id = pact__1.household_id) ELSE (SELECT beneficiary_2.region_code = $1::VARCHAR AS anon_3
FROM beneficiary AS beneficiary_2
WHERE beneficiary_2.id = pact__1.beneficiary_id) END
