-- SPDX-License-Identifier: EUPL-1.2
UPDATE field_set SET fields = ARRAY(SELECT field FROM unnest(fields) WITH ORDINALITY AS one (field, n)
    WHERE split_part(field, '.', 1) NOT IN ('HouseholdEntitlement', 'HouseholdRequirement', 'HouseholdReason', 'HouseholdAmount', 'EntitlementMonth', 'ObligationByRule')
        AND field NOT IN ('Household.entitlement', 'Beneficiary.obligationByRule') ORDER BY n);
