-- opportunities
SELECT concat((SELECT concat('{"nodes":[', string_agg(v1, ',' ORDER BY v2 DESC, v3 DESC, v4 DESC) FILTER (WHERE n <= $1::BIGINT), '],"pageInfo":{"hasNextPage":', CAST(count(*) > $1::BIGINT AS TEXT), ',"endCursor":', CASE WHEN (array_agg(ARRAY[CAST(v2 AS TEXT), CAST(v3 AS TEXT), CAST(v4 AS TEXT)] ORDER BY v2 DESC, v3 DESC, v4 DESC) FILTER (WHERE n <= $1::BIGINT) IS NULL) THEN 'null' ELSE concat('"', translate(encode(convert_to(CAST(json_build_array('Opportunity -at,-type,-id', CAST((array_agg(ARRAY[CAST(v2 AS TEXT), CAST(v3 AS TEXT), CAST(v4 AS TEXT)] ORDER BY v2 DESC, v3 DESC, v4 DESC) FILTER (WHERE n <= $1::BIGINT))[array_length(array_agg(ARRAY[CAST(v2 AS TEXT), CAST(v3 AS TEXT), CAST(v4 AS TEXT)] ORDER BY v2 DESC, v3 DESC, v4 DESC) FILTER (WHERE n <= $1::BIGINT), 1)][1] AS TEXT), CAST((array_agg(ARRAY[CAST(v2 AS TEXT), CAST(v3 AS TEXT), CAST(v4 AS TEXT)] ORDER BY v2 DESC, v3 DESC, v4 DESC) FILTER (WHERE n <= $1::BIGINT))[array_length(array_agg(ARRAY[CAST(v2 AS TEXT), CAST(v3 AS TEXT), CAST(v4 AS TEXT)] ORDER BY v2 DESC, v3 DESC, v4 DESC) FILTER (WHERE n <= $1::BIGINT), 1)][2] AS TEXT), CAST((array_agg(ARRAY[CAST(v2 AS TEXT), CAST(v3 AS TEXT), CAST(v4 AS TEXT)] ORDER BY v2 DESC, v3 DESC, v4 DESC) FILTER (WHERE n <= $1::BIGINT))[array_length(array_agg(ARRAY[CAST(v2 AS TEXT), CAST(v3 AS TEXT), CAST(v4 AS TEXT)] ORDER BY v2 DESC, v3 DESC, v4 DESC) FILTER (WHERE n <= $1::BIGINT), 1)][3] AS TEXT)) AS TEXT), 'UTF8'), 'base64'), E'\n', ''), '"') END, '}}') AS concat_2
FROM (SELECT row_number() OVER (ORDER BY page__4.at DESC, page__4.type DESC, page__4.id DESC) AS n, concat(CASE WHEN (page__4.type = 'JobOffer') THEN (SELECT concat('{"__typename":"JobOffer","title":', to_json(job_offer__5.title), ',"availableFrom":"', job_offer__5.published_on, '","municipality":', (SELECT concat('{"name":', to_json(municipality__6.name), '}') AS concat_4
FROM municipality AS municipality__6
WHERE municipality__6.id = job_offer__5.municipality_id), ',"employerName":', to_json(job_offer__5.employer_name), '}') AS concat_3
FROM job_offer AS job_offer__5
WHERE job_offer__5.id = page__4.id) WHEN (page__4.type = 'PucProject') THEN (SELECT concat('{"__typename":"PucProject","title":', to_json(puc_project__7.title), ',"availableFrom":"', puc_project__7.starts_on, '","municipality":', (SELECT concat('{"name":', to_json(municipality__8.name), '}') AS concat_6
FROM municipality AS municipality__8
WHERE municipality__8.id = puc_project__7.municipality_id), ',"field":"', puc_project__7.field, '"}') AS concat_5
FROM puc_project AS puc_project__7
WHERE puc_project__7.id = page__4.id) WHEN (page__4.type = 'TrainingCourse') THEN (SELECT concat('{"__typename":"TrainingCourse","title":', to_json(training_course__9.title), ',"availableFrom":"', training_course__9.starts_on, '","municipality":', (SELECT concat('{"name":', to_json(municipality__10.name), '}') AS concat_8
FROM municipality AS municipality__10
WHERE municipality__10.id = training_course__9.municipality_id), ',"hours":', training_course__9.hours, '}') AS concat_7
FROM training_course AS training_course__9
WHERE training_course__9.id = page__4.id) END) AS v1, page__4.at AS v2, page__4.type AS v3, page__4.id AS v4
FROM (SELECT gathered.at AS at, gathered.type AS type, gathered.id AS id
FROM (SELECT anon_1.at AS at, anon_1.type AS type, anon_1.id AS id
FROM (SELECT job_offer__1.published_on AS at, 'JobOffer' COLLATE "C" AS type, job_offer__1.id AS id
FROM job_offer AS job_offer__1
WHERE job_offer__1.status = $2::VARCHAR AND job_offer__1.municipality_id IN (SELECT municipality_1.id
FROM municipality AS municipality_1
WHERE municipality_1.region_code = $3::VARCHAR) ORDER BY job_offer__1.published_on DESC, job_offer__1.id DESC
 LIMIT $1::BIGINT + 1) AS anon_1 UNION ALL SELECT anon_2.at AS at, anon_2.type AS type, anon_2.id AS id
FROM (SELECT puc_project__2.starts_on AS at, 'PucProject' COLLATE "C" AS type, puc_project__2.id AS id
FROM puc_project AS puc_project__2
WHERE puc_project__2.status = $2::VARCHAR AND puc_project__2.municipality_id IN (SELECT municipality_2.id
FROM municipality AS municipality_2
WHERE municipality_2.region_code = $3::VARCHAR) ORDER BY puc_project__2.starts_on DESC, puc_project__2.id DESC
 LIMIT $1::BIGINT + 1) AS anon_2 UNION ALL SELECT anon_3.at AS at, anon_3.type AS type, anon_3.id AS id
FROM (SELECT training_course__3.starts_on AS at, 'TrainingCourse' COLLATE "C" AS type, training_course__3.id AS id
FROM training_course AS training_course__3
WHERE training_course__3.status = $2::VARCHAR AND training_course__3.municipality_id IN (SELECT municipality_3.id
FROM municipality AS municipality_3
WHERE municipality_3.region_code = $3::VARCHAR) ORDER BY training_course__3.starts_on DESC, training_course__3.id DESC
 LIMIT $1::BIGINT + 1) AS anon_3) AS gathered ORDER BY gathered.at DESC, gathered.type DESC, gathered.id DESC
 LIMIT $1::BIGINT + 1) AS page__4) AS items)) AS concat_1
