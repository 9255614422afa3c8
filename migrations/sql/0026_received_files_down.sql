-- SPDX-License-Identifier: EUPL-1.2
DROP TABLE received_file_refusal;
DROP TABLE received_file;
