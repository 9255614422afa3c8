-- SPDX-License-Identifier: EUPL-1.2
-- Who sees registry checks: the municipality makes them, INPS is told what came of them, the citizen sees its own.

UPDATE field_set SET fields = fields || '{RegistryCheck.*,RegistryCheck.outcome,RegistryCheckEvidence.*,RegistryCheckRegistration.*,
    RegistryCheckCitizenship.stateCode,RegistryCheckCitizenship.stateName,RegistryCheckCitizenship.since,
    RegistryCheckPermit.typeCode,RegistryCheckPermit.issuedOn,RegistryCheckPermit.expiresOn}'
    WHERE name IN ('municipality', 'citizen');
UPDATE field_set SET fields = fields || '{Beneficiary.registryCheck,RegistryCheck.kind,RegistryCheck.measure,RegistryCheck.on,
    RegistryCheck.outcome,RegistryCheck.findings,RegistryCheck.asOf,RegistryCheck.source,RegistryCheck.freshness,
    RegistryCheck.unverified}'
    WHERE name = 'inps';
UPDATE field_set SET fields = fields || '{RegistryCheckFinding.outcome,RegistryCheckFinding.code,RegistryCheckFinding.article,
    RegistryCheckFinding.sentence,RegistryCheckFinding.value,RegistryCheckFinding.limit,RegistryCheckFinding.unverified}'
    WHERE name IN ('municipality', 'citizen', 'inps');
