-- beneficiary
SELECT concat(E'\x01' || CAST(beneficiary_1.id AS TEXT), '{"activities":', (SELECT concat('[', string_agg(concat('{"__typename":"', CASE WHEN (activity_2.kind = 'ORIENTATION') THEN 'OrientationActivity' WHEN (activity_2.kind = 'TRAINING') THEN 'TrainingActivity' WHEN (activity_2.kind = 'PLACEMENT') THEN 'PlacementActivity' WHEN (activity_2.kind = 'JOB_SEARCH') THEN 'JobSearchActivity' WHEN (activity_2.kind = 'SCHOOLING') THEN 'SchoolingActivity' WHEN (activity_2.kind = 'SOCIAL_SUPPORT') THEN 'SocialSupportActivity' END, '","title":', to_json(activity_2.title), ',"status":"', activity_2.status, '"', CASE WHEN (activity_2.kind IN ('TRAINING')) THEN concat(',"course":', coalesce((SELECT concat('{"title":', to_json(training_course_3.title), ',"provider":', to_json(training_course_3.provider_name), '}') AS concat_3
FROM training_course AS training_course_3
WHERE training_course_3.id = activity_2.training_course_id), 'null')) END, '}'), ',' ORDER BY activity_2.starts_on DESC, activity_2.id DESC), ']') AS concat_2
FROM activity AS activity_2
WHERE activity_2.beneficiary_id = beneficiary_1.id), '}') AS concat_1
FROM beneficiary AS beneficiary_1
WHERE beneficiary_1.fiscal_code = $1::VARCHAR AND beneficiary_1.employment_centre_id = $2::UUID
