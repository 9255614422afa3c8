-- node
SELECT concat(E'\x01' || CAST(beneficiary_1.id AS TEXT), '{"__typename":"Beneficiary","id":"ben_', encode(uuid_send(beneficiary_1.id), 'hex'), '"}') AS concat_1
FROM beneficiary AS beneficiary_1
WHERE beneficiary_1.id = $1::UUID AND beneficiary_1.employment_centre_id = $2::UUID
