-- node
SELECT concat(E'\x01' || CAST(beneficiary__1.id AS TEXT), '{"__typename":"Beneficiary","id":"ben_', encode(uuid_send(beneficiary__1.id), 'hex'), '"}') AS concat_1
FROM beneficiary AS beneficiary__1
WHERE beneficiary__1.id = $1::UUID AND beneficiary__1.employment_centre_id = $2::UUID
