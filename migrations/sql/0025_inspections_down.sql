-- SPDX-License-Identifier: EUPL-1.2
DROP TABLE inspection_outcome;
DROP TABLE sampled_household;
DROP TABLE inspection_sample;
DROP FUNCTION keep_sampled_household();
DROP FUNCTION keep_sample_whole();
DROP FUNCTION keep_rank_in_size();
