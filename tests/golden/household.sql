-- household
SELECT concat(E'\x01' || CAST(household__1.id AS TEXT), '{"inpsProtocol":', to_json(household__1.inps_protocol), ',"measure":"', household__1.measure, '","municipality":', (SELECT concat('{"belfioreCode":', to_json(municipality__2.belfiore_code), '}') AS concat_2
FROM municipality AS municipality__2
WHERE municipality__2.id = household__1.municipality_id), ',"benefit":', (SELECT concat('{"measure":"', benefit__3.measure, '","monthlyAmount":"', benefit__3.monthly_amount, '","endsOn":', CASE WHEN (upper(benefit__3.period) - $1::INTEGER IS NULL) THEN 'null' ELSE concat('"', upper(benefit__3.period) - $1::INTEGER, '"') END, '}') AS concat_3
FROM benefit AS benefit__3
WHERE benefit__3.id = household__1.benefit_id), ',"applicant":', coalesce((SELECT concat(E'\x01' || CAST(beneficiary__4.id AS TEXT), '{"givenName":', to_json(beneficiary__4.given_name), '}') AS concat_4
FROM beneficiary AS beneficiary__4
WHERE beneficiary__4.id = household__1.applicant_id AND beneficiary__4.municipality_id = $2::UUID), 'null'), ',"members":', (SELECT concat('[', string_agg(concat(E'\x01' || CAST(beneficiary__5.id AS TEXT), '{"givenName":', to_json(beneficiary__5.given_name), ',"household":', (SELECT concat('{"id":"hsh_', encode(uuid_send(household__6.id), 'hex'), '"}') AS concat_6
FROM household AS household__6
WHERE household__6.id = beneficiary__5.household_id), '}'), ',' ORDER BY beneficiary__5.birth_date ASC, beneficiary__5.id ASC), ']') AS concat_5
FROM beneficiary AS beneficiary__5
WHERE beneficiary__5.household_id = household__1.id AND beneficiary__5.municipality_id = $2::UUID), ',"pacts":', (SELECT concat('[', string_agg(concat(E'\x01' || CAST(coalesce(pact__7.beneficiary_id, pact__7.household_id) AS TEXT), '{"kind":"', pact__7.kind, '","beneficiary":', coalesce((SELECT concat('{"id":"ben_', encode(uuid_send(beneficiary__8.id), 'hex'), '"}') AS concat_8
FROM beneficiary AS beneficiary__8
WHERE beneficiary__8.id = pact__7.beneficiary_id), 'null'), ',"goals":', (SELECT concat('[', string_agg(concat('{"ordinal":', pact_goal__9.ordinal, ',"status":"', pact_goal__9.status, '"}'), ',' ORDER BY pact_goal__9.ordinal ASC), ']') AS concat_9
FROM pact_goal AS pact_goal__9
WHERE pact_goal__9.pact_id = pact__7.id), '}'), ',' ORDER BY pact__7.created_on DESC, pact__7.id DESC), ']') AS concat_7
FROM pact AS pact__7
WHERE pact__7.household_id = household__1.id AND CASE WHEN (pact__7.beneficiary_id IS NULL) THEN (SELECT household_1.municipality_id = $2::UUID OR (SELECT true AS anon_2
FROM beneficiary AS beneficiary_1
WHERE beneficiary_1.household_id = household_1.id AND beneficiary_1.municipality_id = $2::UUID
 LIMIT 1) AS anon_1
FROM household AS household_1
WHERE household_1.id = pact__7.household_id) ELSE (SELECT beneficiary_2.municipality_id = $2::UUID AS anon_3
FROM beneficiary AS beneficiary_2
WHERE beneficiary_2.id = pact__7.beneficiary_id) END), '}') AS concat_1
FROM household AS household__1
WHERE household__1.id = $3::UUID AND (household__1.municipality_id = $2::UUID OR (SELECT true AS anon_2
FROM beneficiary AS beneficiary_3
WHERE beneficiary_3.household_id = household__1.id AND beneficiary_3.municipality_id = $2::UUID
 LIMIT 1))
