-- SPDX-License-Identifier: EUPL-1.2
-- Where a person stands, for the purposes that act on it. A set that has a coordinate already keeps it once.

UPDATE field_set SET fields = fields || ARRAY(
    SELECT one FROM unnest(ARRAY['ConditionalityStanding.*', 'BreachStanding.*', 'ProposedConsequence.*']) AS one
    WHERE one <> ALL (fields)
) WHERE name IN ('employment-centre', 'municipality', 'region', 'inps', 'citizen');
UPDATE field_set SET fields = fields || 'Beneficiary.conditionalityStanding'::text
    WHERE name IN ('employment-centre', 'region', 'inps') AND 'Beneficiary.conditionalityStanding' <> ALL (fields);
