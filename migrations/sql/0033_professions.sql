-- SPDX-License-Identifier: EUPL-1.2
-- The experience and skills of a pact (esperienze e competenze maturate), as professions of the CP2011: what an offer is held against.
-- NULL: not known; none: the pact names none. No field set changes: those that hold the goals hold `Pact.*`.

-- Whether each is a code of the CP2011 or the beginning of one (hub/store/professions.py): `5.2` takes in `5.2.2.1`.
CREATE FUNCTION are_professions(codes text[]) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN cardinality(codes) <= 20
        AND coalesce(array_ndims(codes), 1) = 1
        AND NOT EXISTS (SELECT FROM unnest(codes) AS given (code) WHERE code IS NULL OR code !~ '^[1-9](\.[0-9]{1,2}){0,5}$');

ALTER TABLE pact ADD COLUMN professions TEXT[] COLLATE "C",
    ADD CONSTRAINT pact_professions_check CHECK (are_professions(professions));
