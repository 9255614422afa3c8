-- SPDX-License-Identifier: EUPL-1.2
-- Household.isee: who may ask. What hints at a disability (the scale, and what gives it) is the citizen's own to see.

UPDATE field_set SET fields = fields || '{IseeAttestation.*,IseeIrregularity.*,MinorIsee.*}' WHERE name = 'municipality';
UPDATE field_set SET fields = fields || '{Household.isee,IseeAttestation.*,IseeIrregularity.*,MinorIsee.*}' WHERE name = 'inps';
UPDATE field_set SET fields = fields || '{IseeAttestation.*,IseeAttestation.ise,IseeAttestation.equivalenceScale,IseeAttestation.isr,
    IseeIrregularity.*,MinorIsee.*}' WHERE name = 'citizen';
