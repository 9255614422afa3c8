-- SPDX-License-Identifier: EUPL-1.2
UPDATE field_set SET fields = ARRAY(SELECT field FROM unnest(fields) WITH ORDINALITY AS one (field, n)
    WHERE field <> 'Beneficiary.registryCheck' AND field NOT LIKE 'RegistryCheck%' ORDER BY n)
    WHERE EXISTS (SELECT FROM unnest(fields) field
        WHERE field = 'Beneficiary.registryCheck' OR field LIKE 'RegistryCheck%');
-- What was kept for checks is no answer to any other question.
DELETE FROM agency_answer WHERE agency = 'ANPR' AND operation IN ('C018', 'C029');
