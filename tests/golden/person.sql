-- beneficiary
SELECT concat(E'\x01' || CAST(beneficiary__1.id AS TEXT), '{"id":"ben_', encode(uuid_send(beneficiary__1.id), 'hex'), '","fiscalCode":', to_json(beneficiary__1.fiscal_code), ',"givenName":', to_json(beneficiary__1.given_name), ',"familyName":', to_json(beneficiary__1.family_name), ',"birthDate":"', beneficiary__1.birth_date, '","obligation":"', beneficiary__1.obligation, '"}') AS concat_1
FROM beneficiary AS beneficiary__1
WHERE beneficiary__1.fiscal_code = $1::VARCHAR AND beneficiary__1.employment_centre_id = $2::UUID
