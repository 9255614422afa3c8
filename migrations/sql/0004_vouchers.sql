-- SPDX-License-Identifier: EUPL-1.2
-- Vouchers: what a consumer must present, and what was seen once.

CREATE TABLE seen_token (
    token_hash BYTEA NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    use_hash BYTEA,
    CONSTRAINT seen_token_pkey PRIMARY KEY (token_hash),
    CONSTRAINT seen_token_token_hash_check CHECK (length(token_hash) = 32),
    CONSTRAINT seen_token_use_hash_check CHECK (length(use_hash) = 32)
);
CREATE INDEX seen_token_expires_at_idx ON seen_token (expires_at);

ALTER TABLE agency ADD COLUMN demands TEXT[] DEFAULT '{}' NOT NULL,
    ADD CONSTRAINT agency_demands_check
        CHECK (demands <@ ARRAY['EVIDENCE', 'SIGNATURE', 'DPOP', 'SINGLE_USE', 'SIGNED_ANSWERS']::text[]),
    -- Citizens show a token of their own: what is demanded of an organisation would shut all of them out.
    ADD CONSTRAINT agency_citizens_demands_check CHECK (kind <> 'CITIZENS' OR demands = '{}');
