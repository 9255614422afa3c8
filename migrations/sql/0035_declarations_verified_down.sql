-- SPDX-License-Identifier: EUPL-1.2
UPDATE field_set SET fields = ARRAY(SELECT field FROM unnest(fields) WITH ORDINALITY AS one (field, n)
    WHERE field NOT IN ('RegisteredIdentity.*', 'VerifiedDeclaration.*', 'VerifiedStatement.*', 'VerifiedStatement.answer', 'IseeStanding.*') ORDER BY n)
    WHERE fields && '{RegisteredIdentity.*,VerifiedDeclaration.*,VerifiedStatement.*,VerifiedStatement.answer,IseeStanding.*}';
