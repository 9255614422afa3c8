-- SPDX-License-Identifier: EUPL-1.2
DROP TABLE declared_vehicle;
DROP TABLE declared_member;
DROP TABLE household_declaration;
DROP FUNCTION refuse_change_of_declaration();
