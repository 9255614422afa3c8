-- SPDX-License-Identifier: EUPL-1.2
-- What the law says of a household and of who is bound: for whom, and why (docs/explanation/fields-by-purpose.md).
UPDATE field_set SET fields = fields || '{HouseholdEntitlement.*,HouseholdEntitlement.scale,HouseholdRequirement.*,HouseholdReason.*,HouseholdReason.limit,
    HouseholdAmount.*,HouseholdAmount.reduced,EntitlementMonth.*}'
    WHERE name IN ('municipality', 'inps');
UPDATE field_set SET fields = fields || '{Household.entitlement}' WHERE name = 'inps';
-- What hangs on another member's disability is not for the rest of the family.
UPDATE field_set SET fields = fields || '{HouseholdEntitlement.*,HouseholdRequirement.*,HouseholdReason.*,HouseholdAmount.*,EntitlementMonth.*}'
    WHERE name = 'citizen';
-- Whoever acts on it needs to know who is bound. That an illness frees somebody, or a path of protection from violence, the social
-- service knows anyway, and the person.
UPDATE field_set SET fields = fields || '{Beneficiary.obligationByRule,ObligationByRule.measure,ObligationByRule.on,ObligationByRule.obligation,
    ObligationByRule.agrees,ObligationByRule.missing}'
    WHERE name IN ('employment-centre', 'municipality', 'inps', 'citizen');
UPDATE field_set SET fields = fields || '{ObligationByRule.reasons,ObligationByRule.schooling}' WHERE name IN ('municipality', 'citizen');
