-- trainingCourses
SELECT concat((SELECT concat('{"totalCount":', (SELECT count(*) AS count_1
FROM training_course AS training_course_3
WHERE training_course_3.municipality_id IN (SELECT municipality_1.id
FROM municipality AS municipality_1
WHERE municipality_1.region_code = $1::VARCHAR)), ',"nodes":[', string_agg(v0, ',' ORDER BY v1 DESC, v2 DESC), ']}') AS concat_2
FROM (SELECT concat('{"title":', to_json(page_2.title), ',"startsOn":"', page_2.starts_on, '","places":', page_2.places, ',"enrolled":', page_2.enrolled, '}') AS v0, page_2.starts_on AS v1, page_2.id AS v2
FROM (SELECT training_course_1.id AS id, training_course_1.title AS title, training_course_1.provider_name AS provider_name, training_course_1.mode AS mode, training_course_1.municipality_id AS municipality_id, training_course_1.starts_on AS starts_on, training_course_1.ends_on AS ends_on, training_course_1.hours AS hours, training_course_1.places AS places, training_course_1.enrolled AS enrolled, training_course_1.status AS status, training_course_1.source_agency_id AS source_agency_id, training_course_1.external_id AS external_id, training_course_1.updated_at AS updated_at
FROM training_course AS training_course_1
WHERE training_course_1.municipality_id IN (SELECT municipality_2.id
FROM municipality AS municipality_2
WHERE municipality_2.region_code = $1::VARCHAR) ORDER BY training_course_1.starts_on DESC, training_course_1.id DESC
 LIMIT $2::BIGINT) AS page_2) AS items)) AS concat_1
