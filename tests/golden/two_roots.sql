-- some
SELECT concat((SELECT concat('{"nodes":[', string_agg(v0, ',' ORDER BY v1 ASC, v2 ASC, v3 ASC), ']}') AS concat_2
FROM (SELECT concat(E'\x01' || CAST(page__2.id AS TEXT), '{"id":"ben_', encode(uuid_send(page__2.id), 'hex'), '"}') AS v0, page__2.family_name_key AS v1, page__2.given_name_key AS v2, page__2.id AS v3
FROM (SELECT beneficiary__1.id AS id, beneficiary__1.fiscal_code AS fiscal_code, beneficiary__1.given_name AS given_name, beneficiary__1.family_name AS family_name, beneficiary__1.birth_date AS birth_date, beneficiary__1.sex AS sex, beneficiary__1.household_id AS household_id, beneficiary__1.municipality_id AS municipality_id, beneficiary__1.region_code AS region_code, beneficiary__1.employment_centre_id AS employment_centre_id, beneficiary__1.employment_status AS employment_status, beneficiary__1.obligation AS obligation, beneficiary__1.anpr_id AS anpr_id, beneficiary__1.updated_at AS updated_at, beneficiary__1.family_name_key AS family_name_key, beneficiary__1.given_name_key AS given_name_key, beneficiary__1.next_convocation_at AS next_convocation_at
FROM beneficiary AS beneficiary__1
WHERE beneficiary__1.employment_centre_id = $1::UUID ORDER BY beneficiary__1.family_name_key ASC, beneficiary__1.given_name_key ASC, beneficiary__1.id ASC
 LIMIT $2::BIGINT) AS page__2) AS items)) AS concat_1

-- all
SELECT concat((SELECT concat('{"totalCount":', (SELECT count(*) AS count_1
FROM beneficiary AS beneficiary__3
WHERE beneficiary__3.employment_centre_id = $1::UUID), '}') AS concat_2)) AS concat_1

-- jobOffers
SELECT concat((SELECT concat('{"nodes":[', string_agg(v0, ',' ORDER BY v1 DESC, v2 DESC), ']}') AS concat_2
FROM (SELECT concat('{"title":', to_json(page__2.title), '}') AS v0, page__2.published_on AS v1, page__2.id AS v2
FROM (SELECT job_offer__1.id AS id, job_offer__1.title AS title, job_offer__1.employer_name AS employer_name, job_offer__1.profession_code AS profession_code, job_offer__1.contract_type AS contract_type, job_offer__1.weekly_hours AS weekly_hours, job_offer__1.monthly_pay AS monthly_pay, job_offer__1.places AS places, job_offer__1.municipality_id AS municipality_id, job_offer__1.published_on AS published_on, job_offer__1.expires_on AS expires_on, job_offer__1.open_until AS open_until, job_offer__1.status AS status, job_offer__1.source_agency_id AS source_agency_id, job_offer__1.external_id AS external_id, job_offer__1.updated_at AS updated_at, job_offer__1.landed_at AS landed_at, job_offer__1.inbound_run_id AS inbound_run_id
FROM job_offer AS job_offer__1
WHERE true ORDER BY job_offer__1.published_on DESC, job_offer__1.id DESC
 LIMIT $1::BIGINT) AS page__2) AS items)) AS concat_1
