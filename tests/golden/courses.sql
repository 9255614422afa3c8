-- trainingCourses
SELECT concat((SELECT concat('{"totalCount":', (SELECT count(*) AS count_1
FROM training_course AS training_course_2
WHERE training_course_2.municipality_id IN (SELECT municipality_1.id
FROM municipality AS municipality_1
WHERE municipality_1.region_code = $1::VARCHAR)), ',"nodes":[', string_agg(v1, ',' ORDER BY n ASC) FILTER (WHERE n <= $2::BIGINT), ']}') AS concat_2
FROM (SELECT row_number() OVER (ORDER BY training_course_1_page.starts_on DESC, training_course_1_page.id DESC) AS n, concat('{"title":', to_json(training_course_1_page.title), ',"startsOn":"', training_course_1_page.starts_on, '","places":', training_course_1_page.places, ',"enrolled":', training_course_1_page.enrolled, '}') AS v1
FROM (SELECT training_course_1.id AS id, training_course_1.title AS title, training_course_1.provider_name AS provider_name, training_course_1.mode AS mode, training_course_1.municipality_id AS municipality_id, training_course_1.starts_on AS starts_on, training_course_1.ends_on AS ends_on, training_course_1.hours AS hours, training_course_1.places AS places, training_course_1.enrolled AS enrolled, training_course_1.status AS status, training_course_1.source_agency_id AS source_agency_id, training_course_1.external_id AS external_id, training_course_1.updated_at AS updated_at
FROM training_course AS training_course_1
WHERE training_course_1.municipality_id IN (SELECT municipality_2.id
FROM municipality AS municipality_2
WHERE municipality_2.region_code = $1::VARCHAR) ORDER BY training_course_1.starts_on DESC, training_course_1.id DESC
 LIMIT $2::BIGINT) AS training_course_1_page) AS items)) AS concat_1
