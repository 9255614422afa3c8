-- conditionalityEvents
SELECT concat((SELECT concat('{"totalCount":', (SELECT count(*) AS count_1
FROM conditionality_event AS conditionality_event__3
WHERE conditionality_event__3.type = ANY ($1::TEXT[])), '}') AS concat_2)) AS concat_1
