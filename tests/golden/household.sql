-- household
SELECT concat(E'\x01' || CAST(household_1.id AS TEXT), '{"inpsProtocol":', to_json(household_1.inps_protocol), ',"measure":"', household_1.measure, '","municipality":', (SELECT concat('{"belfioreCode":', to_json(municipality_2.belfiore_code), '}') AS concat_2
FROM municipality AS municipality_2
WHERE municipality_2.id = household_1.municipality_id), ',"benefit":', (SELECT concat('{"measure":"', benefit_3.measure, '","monthlyAmount":"', benefit_3.monthly_amount, '","endsOn":', CASE WHEN (upper(benefit_3.period) - $1::INTEGER IS NULL) THEN 'null' ELSE concat('"', upper(benefit_3.period) - $1::INTEGER, '"') END, '}') AS concat_3
FROM benefit AS benefit_3
WHERE benefit_3.id = household_1.benefit_id), ',"members":', (SELECT concat('[', string_agg(concat(E'\x01' || CAST(beneficiary_4.id AS TEXT), '{"givenName":', to_json(beneficiary_4.given_name), ',"household":', (SELECT concat('{"id":"hsh_', encode(uuid_send(household_5.id), 'hex'), '"}') AS concat_5
FROM household AS household_5
WHERE household_5.id = beneficiary_4.household_id), '}'), ',' ORDER BY beneficiary_4.birth_date ASC, beneficiary_4.id ASC), ']') AS concat_4
FROM beneficiary AS beneficiary_4
WHERE beneficiary_4.household_id = household_1.id AND beneficiary_4.municipality_id = $2::UUID), ',"pacts":', (SELECT concat('[', string_agg(concat(E'\x01' || CAST(coalesce(pact_6.beneficiary_id, pact_6.household_id) AS TEXT), '{"kind":"', pact_6.kind, '","beneficiary":', coalesce((SELECT concat('{"id":"ben_', encode(uuid_send(beneficiary_7.id), 'hex'), '"}') AS concat_7
FROM beneficiary AS beneficiary_7
WHERE beneficiary_7.id = pact_6.beneficiary_id), 'null'), ',"goals":', (SELECT concat('[', string_agg(concat('{"ordinal":', pact_goal_8.ordinal, ',"status":"', pact_goal_8.status, '"}'), ',' ORDER BY pact_goal_8.ordinal ASC), ']') AS concat_8
FROM pact_goal AS pact_goal_8
WHERE pact_goal_8.pact_id = pact_6.id), '}'), ',' ORDER BY pact_6.created_on DESC, pact_6.id DESC), ']') AS concat_6
FROM pact AS pact_6
WHERE pact_6.household_id = household_1.id AND CASE WHEN (pact_6.beneficiary_id IS NULL) THEN (SELECT household_1.municipality_id = $2::UUID OR (SELECT true AS anon_2
FROM beneficiary AS beneficiary_1
WHERE beneficiary_1.household_id = household_1.id AND beneficiary_1.municipality_id = $2::UUID
 LIMIT 1) AS anon_1
FROM household AS household_1
WHERE household_1.id = pact_6.household_id) ELSE (SELECT beneficiary_2.municipality_id = $2::UUID AS anon_3
FROM beneficiary AS beneficiary_2
WHERE beneficiary_2.id = pact_6.beneficiary_id) END), '}') AS concat_1
FROM household AS household_1
WHERE household_1.id = $3::UUID AND (household_1.municipality_id = $2::UUID OR (SELECT true AS anon_2
FROM beneficiary AS beneficiary_3
WHERE beneficiary_3.household_id = household_1.id AND beneficiary_3.municipality_id = $2::UUID
 LIMIT 1))
