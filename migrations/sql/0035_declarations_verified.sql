-- SPDX-License-Identifier: EUPL-1.2
-- Who has a declaration verified by ANPR, is told who ANPR says a person is, and whether an ISEE is below a threshold: the municipality,
-- which makes the checks. Others by a coordinate beside their set.
UPDATE field_set SET fields = fields || '{RegisteredIdentity.*,VerifiedDeclaration.*,VerifiedStatement.*,VerifiedStatement.answer,IseeStanding.*}'
    WHERE name = 'municipality';
