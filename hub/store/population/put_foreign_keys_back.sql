-- SPDX-License-Identifier: EUPL-1.2
-- Each under its name and as it was defined; a row that breaks one ends the whole load.
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT * FROM foreign_key_aside ORDER BY referencing, name LOOP
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s', one.referencing, one.name, one.definition);
    END LOOP;
END
$$;
