-- trainingCourses
SELECT concat((SELECT concat('{"totalCount":', (SELECT count(*) AS count_1
FROM training_course AS training_course__3
WHERE training_course__3.municipality_id IN (SELECT municipality_1.id
FROM municipality AS municipality_1
WHERE municipality_1.region_code = $1::VARCHAR)), ',"nodes":[', string_agg(v0, ',' ORDER BY v1 DESC, v2 DESC), ']}') AS concat_2
FROM (SELECT concat('{"title":', to_json(page__2.title), ',"startsOn":"', page__2.starts_on, '","places":', page__2.places, ',"enrolled":', page__2.enrolled, '}') AS v0, page__2.starts_on AS v1, page__2.id AS v2
FROM (SELECT training_course__1.id AS id, training_course__1.title AS title, training_course__1.provider_name AS provider_name, training_course__1.mode AS mode, training_course__1.municipality_id AS municipality_id, training_course__1.starts_on AS starts_on, training_course__1.ends_on AS ends_on, training_course__1.hours AS hours, training_course__1.places AS places, training_course__1.enrolled AS enrolled, training_course__1.status AS status, training_course__1.source_agency_id AS source_agency_id, training_course__1.external_id AS external_id, training_course__1.updated_at AS updated_at, training_course__1.landed_at AS landed_at, training_course__1.inbound_run_id AS inbound_run_id
FROM training_course AS training_course__1
WHERE training_course__1.municipality_id IN (SELECT municipality_2.id
FROM municipality AS municipality_2
WHERE municipality_2.region_code = $1::VARCHAR) ORDER BY training_course__1.starts_on DESC, training_course__1.id DESC
 LIMIT $2::BIGINT) AS page__2) AS items)) AS concat_1
