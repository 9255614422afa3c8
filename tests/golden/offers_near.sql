-- jobOffers
SELECT concat((SELECT concat('{"nodes":[', string_agg(v0, ',' ORDER BY v1 DESC, v2 DESC), ']}') AS concat_2
FROM (SELECT concat('{"title":', to_json(page__2.title), ',"professionCode":', coalesce(CAST(to_json(page__2.profession_code) AS TEXT), 'null'), ',"municipality":', (SELECT concat('{"name":', to_json(municipality__3.name), '}') AS concat_3
FROM municipality AS municipality__3
WHERE municipality__3.id = page__2.municipality_id), ',"source":', (SELECT concat('{"name":', to_json(agency__4.name), '}') AS concat_4
FROM agency AS agency__4
WHERE agency__4.id = page__2.source_agency_id), '}') AS v0, page__2.published_on AS v1, page__2.id AS v2
FROM (SELECT job_offer__1.id AS id, job_offer__1.title AS title, job_offer__1.employer_name AS employer_name, job_offer__1.profession_code AS profession_code, job_offer__1.contract_type AS contract_type, job_offer__1.weekly_hours AS weekly_hours, job_offer__1.monthly_pay AS monthly_pay, job_offer__1.places AS places, job_offer__1.municipality_id AS municipality_id, job_offer__1.published_on AS published_on, job_offer__1.expires_on AS expires_on, job_offer__1.open_until AS open_until, job_offer__1.status AS status, job_offer__1.source_agency_id AS source_agency_id, job_offer__1.external_id AS external_id, job_offer__1.updated_at AS updated_at, job_offer__1.landed_at AS landed_at, job_offer__1.inbound_run_id AS inbound_run_id
FROM job_offer AS job_offer__1
WHERE job_offer__1.status = $1::VARCHAR AND job_offer__1.profession_code >= $2::VARCHAR AND job_offer__1.profession_code < ($2::VARCHAR || '/') AND job_offer__1.municipality_id IN (SELECT municipality_1.id
FROM municipality AS municipality_1, municipality AS municipality_2
WHERE municipality_2.belfiore_code = $3::VARCHAR AND municipality_1.latitude BETWEEN municipality_2.latitude - $4::FLOAT / CAST(111.0 AS FLOAT) AND municipality_2.latitude + $4::FLOAT / CAST(111.0 AS FLOAT) AND distance_km(municipality_2.latitude, municipality_2.longitude, municipality_1.latitude, municipality_1.longitude) <= $4::FLOAT) ORDER BY job_offer__1.published_on DESC, job_offer__1.id DESC
 LIMIT $5::BIGINT) AS page__2) AS items)) AS concat_1
