-- beneficiary
SELECT concat(E'\x01' || CAST(beneficiary_1.id AS TEXT), '{"id":"ben_', encode(uuid_send(beneficiary_1.id), 'hex'), '","fiscalCode":', to_json(beneficiary_1.fiscal_code), ',"givenName":', to_json(beneficiary_1.given_name), ',"familyName":', to_json(beneficiary_1.family_name), ',"birthDate":"', beneficiary_1.birth_date, '","obligation":"', beneficiary_1.obligation, '"}') AS concat_1
FROM beneficiary AS beneficiary_1
WHERE beneficiary_1.fiscal_code = $1::VARCHAR AND beneficiary_1.employment_centre_id = $2::UUID
