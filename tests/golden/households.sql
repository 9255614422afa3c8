-- households
SELECT concat((SELECT concat('{"totalCount":', (SELECT count(*) AS count_1
FROM household AS household_3
WHERE household_3.id = ANY (array((SELECT household_1.id
FROM household AS household_1
WHERE household_1.municipality_id = $1::UUID UNION ALL SELECT beneficiary_1.household_id
FROM beneficiary AS beneficiary_1
WHERE beneficiary_1.municipality_id = $1::UUID))) AND household_3.measure = $2::VARCHAR), ',"nodes":[', string_agg(v1, ',' ORDER BY v2 ASC) FILTER (WHERE n <= $3::BIGINT), '],"pageInfo":{"hasNextPage":', CAST(count(*) > $3::BIGINT AS TEXT), '}}') AS concat_2
FROM (SELECT row_number() OVER (ORDER BY page_2.id ASC) AS n, concat(E'\x01' || CAST(page_2.id AS TEXT), '{"inpsProtocol":', to_json(page_2.inps_protocol), ',"measure":"', page_2.measure, '"}') AS v1, page_2.id AS v2
FROM (SELECT household_1.id AS id, household_1.inps_protocol AS inps_protocol, household_1.measure AS measure, household_1.municipality_id AS municipality_id, household_1.region_code AS region_code, household_1.benefit_id AS benefit_id, household_1.case_manager AS case_manager, household_1.updated_at AS updated_at
FROM household AS household_1
WHERE household_1.id = ANY (array((SELECT household_2.id
FROM household AS household_2
WHERE household_2.municipality_id = $1::UUID UNION ALL SELECT beneficiary_2.household_id
FROM beneficiary AS beneficiary_2
WHERE beneficiary_2.municipality_id = $1::UUID))) AND household_1.measure = $2::VARCHAR ORDER BY household_1.id ASC
 LIMIT $3::BIGINT + 1) AS page_2) AS items)) AS concat_1
