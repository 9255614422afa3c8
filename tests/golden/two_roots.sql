-- some
SELECT concat((SELECT concat('{"nodes":[', string_agg(v0, ',' ORDER BY v1 ASC, v2 ASC, v3 ASC), ']}') AS concat_2
FROM (SELECT concat(E'\x01' || CAST(page_2.id AS TEXT), '{"id":"ben_', encode(uuid_send(page_2.id), 'hex'), '"}') AS v0, page_2.family_name_key AS v1, page_2.given_name_key AS v2, page_2.id AS v3
FROM (SELECT beneficiary_1.id AS id, beneficiary_1.fiscal_code AS fiscal_code, beneficiary_1.given_name AS given_name, beneficiary_1.family_name AS family_name, beneficiary_1.birth_date AS birth_date, beneficiary_1.sex AS sex, beneficiary_1.household_id AS household_id, beneficiary_1.municipality_id AS municipality_id, beneficiary_1.region_code AS region_code, beneficiary_1.employment_centre_id AS employment_centre_id, beneficiary_1.employment_status AS employment_status, beneficiary_1.obligation AS obligation, beneficiary_1.anpr_id AS anpr_id, beneficiary_1.updated_at AS updated_at, beneficiary_1.family_name_key AS family_name_key, beneficiary_1.given_name_key AS given_name_key, beneficiary_1.next_convocation_at AS next_convocation_at
FROM beneficiary AS beneficiary_1
WHERE beneficiary_1.employment_centre_id = $1::UUID ORDER BY beneficiary_1.family_name_key ASC, beneficiary_1.given_name_key ASC, beneficiary_1.id ASC
 LIMIT $2::BIGINT) AS page_2) AS items)) AS concat_1

-- all
SELECT concat((SELECT concat('{"totalCount":', (SELECT count(*) AS count_1
FROM beneficiary AS beneficiary_3
WHERE beneficiary_3.employment_centre_id = $1::UUID), '}') AS concat_2)) AS concat_1

-- jobOffers
SELECT concat((SELECT concat('{"nodes":[', string_agg(v0, ',' ORDER BY v1 DESC, v2 DESC), ']}') AS concat_2
FROM (SELECT concat('{"title":', to_json(page_2.title), '}') AS v0, page_2.published_on AS v1, page_2.id AS v2
FROM (SELECT job_offer_1.id AS id, job_offer_1.title AS title, job_offer_1.employer_name AS employer_name, job_offer_1.profession_code AS profession_code, job_offer_1.contract_type AS contract_type, job_offer_1.weekly_hours AS weekly_hours, job_offer_1.monthly_pay AS monthly_pay, job_offer_1.places AS places, job_offer_1.municipality_id AS municipality_id, job_offer_1.published_on AS published_on, job_offer_1.expires_on AS expires_on, job_offer_1.open_until AS open_until, job_offer_1.status AS status, job_offer_1.source_agency_id AS source_agency_id, job_offer_1.external_id AS external_id, job_offer_1.updated_at AS updated_at
FROM job_offer AS job_offer_1
WHERE true ORDER BY job_offer_1.published_on DESC, job_offer_1.id DESC
 LIMIT $1::BIGINT) AS page_2) AS items)) AS concat_1
