-- beneficiary
SELECT concat(E'\x01' || CAST(beneficiary__1.id AS TEXT), '{"activities":', (SELECT concat('[', string_agg(concat('{"__typename":"', CASE WHEN (activity__2.kind = 'ORIENTATION') THEN 'OrientationActivity' WHEN (activity__2.kind = 'TRAINING') THEN 'TrainingActivity' WHEN (activity__2.kind = 'PLACEMENT') THEN 'PlacementActivity' WHEN (activity__2.kind = 'JOB_SEARCH') THEN 'JobSearchActivity' WHEN (activity__2.kind = 'SCHOOLING') THEN 'SchoolingActivity' WHEN (activity__2.kind = 'SOCIAL_SUPPORT') THEN 'SocialSupportActivity' END, '","title":', to_json(activity__2.title), ',"status":"', activity__2.status, '"', CASE WHEN (activity__2.kind IN ('TRAINING')) THEN concat(',"course":', coalesce((SELECT concat('{"title":', to_json(training_course__3.title), ',"provider":', to_json(training_course__3.provider_name), '}') AS concat_3
FROM training_course AS training_course__3
WHERE training_course__3.id = activity__2.training_course_id), 'null')) END, '}'), ',' ORDER BY activity__2.starts_on DESC, activity__2.id DESC), ']') AS concat_2
FROM activity AS activity__2
WHERE activity__2.beneficiary_id = beneficiary__1.id), '}') AS concat_1
FROM beneficiary AS beneficiary__1
WHERE beneficiary__1.fiscal_code = $1::VARCHAR AND beneficiary__1.employment_centre_id = $2::UUID
