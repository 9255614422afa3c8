-- SPDX-License-Identifier: EUPL-1.2
-- The canonical bytes of an entry of the feed, version 1: RFC 8785 (docs/reference/feed-format.md, docs/adr/0028).
-- NOTE what these functions give is hashed and signed: version 1 never changes. Another format is another function, and another
-- number in `version`.
DO $$
BEGIN
    IF current_setting('server_encoding') <> 'UTF8' THEN
        RAISE EXCEPTION 'the database is encoded in %, not UTF8: what is signed are the bytes of UTF-8', current_setting('server_encoding')
            USING HINT = 'Restore it into a database made with ENCODING ''UTF8''.';
    END IF;
END
$$;

-- PostgreSQL escapes the text of JSON as RFC 8785 does (section 3.2.2.2): the quote, the backslash, and what lies below U+0020.
CREATE FUNCTION canonical_text(said text) RETURNS text LANGUAGE sql STABLE
    RETURN coalesce(to_json(said)::text, 'null');
CREATE FUNCTION canonical_id(prefix text, key uuid) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN coalesce('"' || prefix || encode(uuid_send(key), 'hex') || '"', 'null');
CREATE FUNCTION canonical_moment(moment timestamptz) RETURNS text LANGUAGE sql STABLE
    RETURN '"' || to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"';
CREATE FUNCTION canonical_hash(canonical text) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN encode(sha256(convert_to(canonical, 'UTF8')), 'hex');

-- What the hub keeps of a recording and tells no reader of the feed, its note among it, which may speak of somebody's health: the content commits to it by this hash, salted with a salt of its own.
CREATE FUNCTION canonical_record_hash(
    beneficiary uuid, household uuid, client uuid, purpose uuid, operator text, note text, salt uuid
) RETURNS text LANGUAGE sql STABLE
    RETURN canonical_hash(
        '{"beneficiary":' || canonical_id('ben_', beneficiary) || ',"client":' || canonical_id('', client)
        || ',"household":' || canonical_id('hsh_', household) || ',"note":' || canonical_text(note) || ',"operator":' || canonical_text(operator)
        || ',"purpose":' || canonical_id('', purpose) || ',"salt":' || canonical_id('', salt) || '}'
    );

-- NOTE members in the order of their names: what RFC 8785 asks for (section 3.2.3), here and in the entry.
CREATE FUNCTION canonical_content(
    fiscal_code text, inps_protocol text, municipality text, pact uuid, record_hash text, region text, salt uuid
) RETURNS text LANGUAGE sql STABLE
    RETURN '{"fiscalCode":' || canonical_text(fiscal_code) || ',"inpsProtocol":' || canonical_text(inps_protocol)
        || ',"municipality":' || canonical_text(municipality) || ',"pact":'
        || canonical_id('pct_', pact) || ',"recordHash":' || canonical_text(record_hash)
        || ',"region":' || canonical_text(region) || ',"salt":' || canonical_id('', salt) || '}';

CREATE FUNCTION canonical_entry(
    content_hash text, erases bigint, event uuid, measure text, occurred_at timestamptz, place bigint, recorded_at timestamptz,
    sequenced_at timestamptz, source text, type text, withdraws uuid
) RETURNS text LANGUAGE sql STABLE
    RETURN '{"contentHash":' || canonical_text(content_hash) || ',"erases":' || coalesce(erases::text, 'null')
        || ',"event":' || canonical_id('evt_', event) || ',"measure":' || canonical_text(measure)
        || ',"occurredAt":' || canonical_moment(occurred_at) || ',"position":' || place::text
        || ',"recordedAt":' || canonical_moment(recorded_at) || ',"sequencedAt":' || canonical_moment(sequenced_at)
        || ',"source":' || canonical_text(source) || ',"type":' || canonical_text(type)
        || ',"version":1,"withdraws":' || canonical_id('evt_', withdraws) || '}';

-- The hash of an entry as a leaf of the tree (RFC 6962, section 2.1).
CREATE FUNCTION feed_leaf(entry text) RETURNS bytea LANGUAGE sql IMMUTABLE
    RETURN sha256('\x00'::bytea || convert_to(entry, 'UTF8'));

-- An erasure is an event about nobody that names the place it empties; an event that was erased is about nobody any more.
ALTER TABLE conditionality_event
    ALTER COLUMN beneficiary_id DROP NOT NULL, ALTER COLUMN household_id DROP NOT NULL,
    ALTER COLUMN fiscal_code DROP NOT NULL, ALTER COLUMN inps_protocol DROP NOT NULL,
    ADD COLUMN erases_position BIGINT, ADD COLUMN erased_at TIMESTAMP WITH TIME ZONE,
    ADD CONSTRAINT conditionality_event_erases_position_key UNIQUE (erases_position),
    ADD CONSTRAINT conditionality_event_erases_position_fkey FOREIGN KEY(erases_position) REFERENCES feed_entry (position),
    ADD CONSTRAINT conditionality_event_erases_check CHECK ((type = 'CONTENT_ERASED') = (erases_position IS NOT NULL)),
    ADD CONSTRAINT conditionality_event_person_check CHECK (
        num_nulls(beneficiary_id, household_id, fiscal_code, inps_protocol)
            = CASE WHEN erased_at IS NULL AND erases_position IS NULL THEN 0 ELSE 4 END
    ),
    ADD CONSTRAINT conditionality_event_erased_check CHECK (
        erased_at IS NULL OR num_nonnulls(note, pact_id, operator, client_id, purpose_id) = 0
    );

-- What stands at a place of the feed: the sequencer writes it, verification compares it. Whose feed it is in, the household's
-- region and municipality, is said by who asks, since a household moves.
CREATE FUNCTION canonical_line(
    place bigint, event uuid, sequenced_at timestamptz, region text, municipality text, salt uuid, record_salt uuid
) RETURNS TABLE (entry text, content text, measure text, type text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT
        canonical_entry(
            canonical_hash(drawn.content), e.erases_position, e.id, e.measure, e.occurred_at, place, e.recorded_at,
            canonical_line.sequenced_at, agency.code, e.type, e.withdraws_event_id
        ),
        drawn.content, e.measure, e.type
    FROM conditionality_event AS e
    JOIN agency ON agency.id = e.agency_id
    CROSS JOIN LATERAL (
        SELECT canonical_content(
            e.fiscal_code, e.inps_protocol, municipality, e.pact_id,
            canonical_record_hash(e.beneficiary_id, e.household_id, e.client_id, e.purpose_id, e.operator, e.note, record_salt),
            region, salt
        ) AS content
        OFFSET 0  -- drawn once, for its hash and for itself
    ) AS drawn
    WHERE e.id = event;
END;
