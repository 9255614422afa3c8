-- pucProjects
SELECT concat((SELECT concat('{"nodes":[', string_agg(v0, ',' ORDER BY v1 DESC, v2 DESC), ']}') AS concat_2
FROM (SELECT concat('{"title":', to_json(page__2.title), ',"field":"', page__2.field, '","weeklyHours":', page__2.weekly_hours, ',"partner":', coalesce(CAST(to_json(page__2.partner) AS TEXT), 'null'), '}') AS v0, page__2.starts_on AS v1, page__2.id AS v2
FROM (SELECT puc_project__1.id AS id, puc_project__1.title AS title, puc_project__1.description AS description, puc_project__1.field AS field, puc_project__1.municipality_id AS municipality_id, puc_project__1.site AS site, puc_project__1.partner AS partner, puc_project__1.weekly_hours AS weekly_hours, puc_project__1.places_municipality AS places_municipality, puc_project__1.places_centre AS places_centre, puc_project__1.places_volunteer AS places_volunteer, puc_project__1.starts_on AS starts_on, puc_project__1.ends_on AS ends_on, puc_project__1.status AS status, puc_project__1.updated_at AS updated_at
FROM puc_project AS puc_project__1
WHERE puc_project__1.status = $1::VARCHAR AND puc_project__1.municipality_id = (SELECT municipality_1.id
FROM municipality AS municipality_1
WHERE municipality_1.belfiore_code = $2::VARCHAR) ORDER BY puc_project__1.starts_on DESC, puc_project__1.id DESC
 LIMIT $3::BIGINT) AS page__2) AS items)) AS concat_1
