-- households
SELECT concat((SELECT concat('{"totalCount":', (SELECT count(*) AS count_1
FROM household AS household__3
WHERE household__3.id = ANY (array((SELECT household_1.id
FROM household AS household_1
WHERE household_1.municipality_id = $1::UUID UNION ALL SELECT beneficiary_1.household_id
FROM beneficiary AS beneficiary_1
WHERE beneficiary_1.municipality_id = $1::UUID))) AND household__3.measure = $2::VARCHAR), ',"nodes":[', string_agg(v1, ',' ORDER BY v2 ASC) FILTER (WHERE n <= $3::BIGINT), '],"pageInfo":{"hasNextPage":', CAST(count(*) > $3::BIGINT AS TEXT), '}}') AS concat_2
FROM (SELECT row_number() OVER (ORDER BY page__2.id ASC) AS n, concat(E'\x01' || CAST(page__2.id AS TEXT), '{"inpsProtocol":', to_json(page__2.inps_protocol), ',"measure":"', page__2.measure, '"}') AS v1, page__2.id AS v2
FROM (SELECT household__1.id AS id, household__1.inps_protocol AS inps_protocol, household__1.measure AS measure, household__1.municipality_id AS municipality_id, household__1.region_code AS region_code, household__1.benefit_id AS benefit_id, household__1.applicant_id AS applicant_id, household__1.case_manager AS case_manager, household__1.updated_at AS updated_at
FROM household AS household__1
WHERE household__1.id = ANY (array((SELECT household_2.id
FROM household AS household_2
WHERE household_2.municipality_id = $1::UUID UNION ALL SELECT beneficiary_2.household_id
FROM beneficiary AS beneficiary_2
WHERE beneficiary_2.municipality_id = $1::UUID))) AND household__1.measure = $2::VARCHAR ORDER BY household__1.id ASC
 LIMIT $3::BIGINT + 1) AS page__2) AS items)) AS concat_1
