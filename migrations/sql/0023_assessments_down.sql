-- SPDX-License-Identifier: EUPL-1.2
DROP TABLE assessment;
DROP TABLE assessment_chunk;
DROP TABLE assessment_run;
DROP FUNCTION keep_chunk_whole();
DROP FUNCTION keep_run_whole();
