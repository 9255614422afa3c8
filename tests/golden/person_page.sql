-- beneficiary
SELECT concat(E'\x01' || CAST(beneficiary_1.id AS TEXT), '{"id":"ben_', encode(uuid_send(beneficiary_1.id), 'hex'), '","fiscalCode":', to_json(beneficiary_1.fiscal_code), ',"givenName":', to_json(beneficiary_1.given_name), ',"familyName":', to_json(beneficiary_1.family_name), ',"birthDate":"', beneficiary_1.birth_date, '","sex":"', beneficiary_1.sex, '","employmentStatus":"', beneficiary_1.employment_status, '","obligation":"', beneficiary_1.obligation, '","nextConvocationAt":', coalesce(CAST(to_json(nullif(beneficiary_1.next_convocation_at, 'infinity')) AS TEXT), 'null'), ',"municipality":', (SELECT concat('{"istatCode":', to_json(municipality_2.istat_code), ',"name":', to_json(municipality_2.name), ',"province":', to_json(municipality_2.province), '}') AS concat_2
FROM municipality AS municipality_2
WHERE municipality_2.id = beneficiary_1.municipality_id), ',"employmentCentre":', coalesce((SELECT concat('{"code":', to_json(employment_centre_3.code), ',"name":', to_json(employment_centre_3.name), '}') AS concat_3
FROM employment_centre AS employment_centre_3
WHERE employment_centre_3.id = beneficiary_1.employment_centre_id), 'null'), ',"household":', (SELECT concat('{"id":"hsh_', encode(uuid_send(household_4.id), 'hex'), '","inpsProtocol":', to_json(household_4.inps_protocol), ',"measure":"', household_4.measure, '","caseManager":', coalesce(CAST(to_json(household_4.case_manager) AS TEXT), 'null'), ',"benefit":', (SELECT concat('{"status":"', benefit_5.status, '","startsOn":"', lower(benefit_5.period), '","endsOn":', CASE WHEN (upper(benefit_5.period) - $1::INTEGER IS NULL) THEN 'null' ELSE concat('"', upper(benefit_5.period) - $1::INTEGER, '"') END, ',"monthlyAmount":"', benefit_5.monthly_amount, '"}') AS concat_5
FROM benefit AS benefit_5
WHERE benefit_5.id = household_4.benefit_id), ',"members":', (SELECT concat('[', string_agg(concat(E'\x01' || CAST(beneficiary_6.id AS TEXT), '{"id":"ben_', encode(uuid_send(beneficiary_6.id), 'hex'), '","givenName":', to_json(beneficiary_6.given_name), ',"obligation":"', beneficiary_6.obligation, '"}'), ',' ORDER BY beneficiary_6.birth_date ASC, beneficiary_6.id ASC), ']') AS concat_6
FROM beneficiary AS beneficiary_6
WHERE beneficiary_6.household_id = household_4.id AND beneficiary_6.employment_centre_id = $2::UUID), '}') AS concat_4
FROM household AS household_4
WHERE household_4.id = beneficiary_1.household_id), ',"pacts":', (SELECT concat('[', string_agg(concat('{"id":"pct_', encode(uuid_send(pact_7.id), 'hex'), '","kind":"', pact_7.kind, '","status":"', pact_7.status, '","signedOn":', CASE WHEN (pact_7.signed_on IS NULL) THEN 'null' ELSE concat('"', pact_7.signed_on, '"') END, ',"expiresOn":', CASE WHEN (nullif(pact_7.expires_on, 'infinity') IS NULL) THEN 'null' ELSE concat('"', nullif(pact_7.expires_on, 'infinity'), '"') END, ',"goals":', (SELECT concat('[', string_agg(concat('{"ordinal":', pact_goal_8.ordinal, ',"description":', to_json(pact_goal_8.description), ',"status":"', pact_goal_8.status, '","dueOn":', CASE WHEN (pact_goal_8.due_on IS NULL) THEN 'null' ELSE concat('"', pact_goal_8.due_on, '"') END, '}'), ',' ORDER BY pact_goal_8.ordinal ASC), ']') AS concat_8
FROM pact_goal AS pact_goal_8
WHERE pact_goal_8.pact_id = pact_7.id), '}'), ',' ORDER BY pact_7.created_on DESC, pact_7.id DESC), ']') AS concat_7
FROM pact AS pact_7
WHERE pact_7.beneficiary_id = beneficiary_1.id), ',"conditionalityEvents":', (SELECT concat('{"nodes":[', string_agg(v1, ',' ORDER BY v2 DESC, v3 DESC) FILTER (WHERE n <= $3::BIGINT), '],"pageInfo":{"hasNextPage":', CAST(count(*) > $3::BIGINT AS TEXT), '}}') AS concat_9
FROM (SELECT row_number() OVER (ORDER BY page_10.occurred_at DESC, page_10.id DESC) AS n, concat('{"id":"evt_', encode(uuid_send(page_10.id), 'hex'), '","type":"', page_10.type, '","occurredAt":', to_json(page_10.occurred_at), ',"note":', coalesce(CAST(to_json(page_10.note) AS TEXT), 'null'), ',"position":', coalesce(CAST((SELECT feed_entry_1.position
FROM feed_entry AS feed_entry_1
WHERE feed_entry_1.event_id = page_10.id) AS TEXT), 'null'), ',"source":', (SELECT concat('{"code":', to_json(agency_11.code), ',"name":', to_json(agency_11.name), '}') AS concat_10
FROM agency AS agency_11
WHERE agency_11.id = page_10.agency_id), '}') AS v1, page_10.occurred_at AS v2, page_10.id AS v3
FROM (SELECT conditionality_event_9.id AS id, conditionality_event_9.type AS type, conditionality_event_9.occurred_at AS occurred_at, conditionality_event_9.recorded_at AS recorded_at, conditionality_event_9.agency_id AS agency_id, conditionality_event_9.client_id AS client_id, conditionality_event_9.purpose_id AS purpose_id, conditionality_event_9.operator AS operator, conditionality_event_9.beneficiary_id AS beneficiary_id, conditionality_event_9.household_id AS household_id, conditionality_event_9.fiscal_code AS fiscal_code, conditionality_event_9.inps_protocol AS inps_protocol, conditionality_event_9.measure AS measure, conditionality_event_9.pact_id AS pact_id, conditionality_event_9.note AS note, conditionality_event_9.withdraws_event_id AS withdraws_event_id, conditionality_event_9.erases_position AS erases_position, conditionality_event_9.erased_at AS erased_at
FROM conditionality_event AS conditionality_event_9
WHERE conditionality_event_9.beneficiary_id = beneficiary_1.id ORDER BY conditionality_event_9.occurred_at DESC, conditionality_event_9.id DESC
 LIMIT $3::BIGINT + 1) AS page_10) AS items), ',"pucAssignments":', (SELECT concat('[', string_agg(concat('{"status":"', puc_assignment_12.status, '","weeklyHours":', puc_assignment_12.weekly_hours, ',"startsOn":"', puc_assignment_12.starts_on, '","endsOn":', CASE WHEN (puc_assignment_12.ends_on IS NULL) THEN 'null' ELSE concat('"', puc_assignment_12.ends_on, '"') END, ',"project":', (SELECT concat('{"id":"puc_', encode(uuid_send(puc_project_13.id), 'hex'), '","title":', to_json(puc_project_13.title), ',"field":"', puc_project_13.field, '","municipality":', (SELECT concat('{"name":', to_json(municipality_14.name), '}') AS concat_13
FROM municipality AS municipality_14
WHERE municipality_14.id = puc_project_13.municipality_id), '}') AS concat_12
FROM puc_project AS puc_project_13
WHERE puc_project_13.id = puc_assignment_12.puc_project_id), '}'), ',' ORDER BY puc_assignment_12.starts_on DESC, puc_assignment_12.id DESC), ']') AS concat_11
FROM puc_assignment AS puc_assignment_12
WHERE puc_assignment_12.beneficiary_id = beneficiary_1.id), '}') AS concat_1
FROM beneficiary AS beneficiary_1
WHERE beneficiary_1.fiscal_code = $4::VARCHAR AND beneficiary_1.employment_centre_id = $2::UUID
