-- SPDX-License-Identifier: EUPL-1.2
UPDATE field_set SET fields = ARRAY(
    SELECT one FROM unnest(fields) WITH ORDINALITY AS told (one, place)
    WHERE one <> ALL (
        ARRAY['ConditionalityStanding.*', 'BreachStanding.*', 'ProposedConsequence.*', 'Beneficiary.conditionalityStanding']
    ) ORDER BY place
) WHERE name IN ('employment-centre', 'municipality', 'region', 'inps', 'citizen');
