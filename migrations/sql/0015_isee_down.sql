-- SPDX-License-Identifier: EUPL-1.2
UPDATE field_set SET fields = ARRAY(SELECT field FROM unnest(fields) WITH ORDINALITY AS one (field, n)
    WHERE field <> 'Household.isee' AND field NOT LIKE 'IseeAttestation.%' AND field NOT LIKE 'IseeIrregularity.%'
        AND field NOT LIKE 'MinorIsee.%' ORDER BY n);
