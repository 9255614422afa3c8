-- SPDX-License-Identifier: EUPL-1.2
-- What is proposed to INPS because of an entry, in the entry's own bytes: version 2 of them (docs/reference/feed-format.md,
-- docs/adr/0042). What was written before stays what it is. The hub's role comes as the setting snodo.role.

CREATE TABLE feed_proposal (
    position BIGINT NOT NULL,
    breach VARCHAR(40),
    count INTEGER NOT NULL,
    effect VARCHAR(40),
    months INTEGER NOT NULL,
    monthly_cut NUMERIC(10, 2) NOT NULL,
    at_most_months INTEGER,
    retroactive BOOLEAN NOT NULL,
    article TEXT NOT NULL,
    sentence TEXT NOT NULL,
    unverified BOOLEAN NOT NULL,
    edition INTEGER NOT NULL,
    CONSTRAINT feed_proposal_pkey PRIMARY KEY (position),
    CONSTRAINT feed_proposal_position_fkey FOREIGN KEY(position) REFERENCES feed_entry (position),
    CONSTRAINT feed_proposal_breach_check CHECK (breach IN ('AVAILABILITY', 'CONVOCATION', 'FIRST_APPOINTMENT', 'POSITION',
        'PARTICIPATION', 'DIGITAL_PACT', 'PACT', 'ORIENTATION', 'ACTIVITY', 'SCHOOLING', 'PUC', 'INCLUSION_COMMITMENT', 'OFFER', 'WORK',
        'VARIATION', 'HOUSEHOLD_CHANGE', 'UNDECLARED_WORK')),
    CONSTRAINT feed_proposal_effect_check CHECK (effect IN ('SUSPENDED', 'REDUCED', 'FORFEITED', 'REVOKED', 'NONE')),
    CONSTRAINT feed_proposal_count_check CHECK (count > 0),
    CONSTRAINT feed_proposal_measure_check CHECK (months >= 0 AND monthly_cut >= 0 AND at_most_months > 0),
    CONSTRAINT feed_proposal_edition_check CHECK (edition > 0)
);

-- It goes with its event's content, whoever erases, and otherwise stays.
CREATE FUNCTION keep_proposal_to_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM feed_entry AS f JOIN conditionality_event AS e ON e.id = f.event_id
        WHERE f.position = OLD.position AND e.erased_at IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN OLD;
END
$$;
CREATE TRIGGER feed_proposal_append_only BEFORE UPDATE OR TRUNCATE ON feed_proposal
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER feed_proposal_row_append_only BEFORE DELETE ON feed_proposal
    FOR EACH ROW EXECUTE FUNCTION keep_proposal_to_erasure();
CREATE FUNCTION erase_proposal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM feed_proposal AS p USING feed_entry AS f WHERE f.event_id = NEW.id AND p.position = f.position;
    RETURN NULL;
END
$$;
CREATE TRIGGER conditionality_event_proposal_erased AFTER UPDATE ON conditionality_event
    FOR EACH ROW WHEN (OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL) EXECUTE FUNCTION erase_proposal();

DO $$
BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON feed_proposal FROM %I', current_setting('snodo.role'));
END
$$;

-- NOTE what these functions give is hashed and signed: version 2 never changes, nor does version 1.
-- Of no proposal (`count` NULL): null.
CREATE FUNCTION canonical_proposal(
    article text, at_most_months integer, breach text, count integer, edition integer, effect text, monthly_cut numeric, months integer,
    retroactive boolean, sentence text, unverified boolean
) RETURNS text LANGUAGE sql STABLE
    RETURN coalesce(
        '{"article":' || canonical_text(article) || ',"atMostMonths":' || coalesce(at_most_months::text, 'null')
        || ',"breach":' || canonical_text(breach) || ',"count":' || count::text || ',"edition":' || edition::text
        || ',"effect":' || canonical_text(effect) || ',"monthlyCut":"' || monthly_cut::numeric(10, 2)::text || '","months":' || months::text
        || ',"retroactive":' || retroactive::text || ',"sentence":' || canonical_text(sentence)
        || ',"unverified":' || unverified::text || '}',
        'null'
    );

CREATE FUNCTION canonical_content_2(
    fiscal_code text, inps_protocol text, municipality text, pact uuid, proposal text, record_hash text, region text, salt uuid
) RETURNS text LANGUAGE sql STABLE
    RETURN '{"fiscalCode":' || canonical_text(fiscal_code) || ',"inpsProtocol":' || canonical_text(inps_protocol)
        || ',"municipality":' || canonical_text(municipality) || ',"pact":'
        || canonical_id('pct_', pact) || ',"proposal":' || proposal || ',"recordHash":' || canonical_text(record_hash)
        || ',"region":' || canonical_text(region) || ',"salt":' || canonical_id('', salt) || '}';

CREATE FUNCTION canonical_entry_2(
    content_hash text, erases bigint, event uuid, measure text, occurred_at timestamptz, place bigint, recorded_at timestamptz,
    sequenced_at timestamptz, source text, type text, withdraws uuid
) RETURNS text LANGUAGE sql STABLE
    RETURN '{"contentHash":' || canonical_text(content_hash) || ',"erases":' || coalesce(erases::text, 'null')
        || ',"event":' || canonical_id('evt_', event) || ',"measure":' || canonical_text(measure)
        || ',"occurredAt":' || canonical_moment(occurred_at) || ',"position":' || place::text
        || ',"recordedAt":' || canonical_moment(recorded_at) || ',"sequencedAt":' || canonical_moment(sequenced_at)
        || ',"source":' || canonical_text(source) || ',"type":' || canonical_text(type)
        || ',"version":2,"withdraws":' || canonical_id('evt_', withdraws) || '}';

-- As `canonical_line`, of version 2; `proposal` is canonical itself.
CREATE FUNCTION canonical_line_2(
    place bigint, event uuid, sequenced_at timestamptz, region text, municipality text, salt uuid, record_salt uuid, proposal text
) RETURNS TABLE (entry text, content text, measure text, type text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT
        canonical_entry_2(
            canonical_hash(drawn.content), e.erases_position, e.id, e.measure, e.occurred_at, place, e.recorded_at,
            canonical_line_2.sequenced_at, agency.code, e.type, e.withdraws_event_id
        ),
        drawn.content, e.measure, e.type
    FROM conditionality_event AS e
    JOIN agency ON agency.id = e.agency_id
    CROSS JOIN LATERAL (
        SELECT canonical_content_2(
            e.fiscal_code, e.inps_protocol, municipality, e.pact_id, proposal,
            canonical_record_hash(
                e.beneficiary_id, e.household_id, e.client_id, e.purpose_id, e.operator, e.note, record_salt, e.justified_reason,
                canonical_evidence(e.id)
            ),
            region, salt
        ) AS content
        OFFSET 0  -- drawn once, for its hash and for itself
    ) AS drawn
    WHERE e.id = event;
END;

-- As it was, of both versions: each entry is drawn anew in its own.
CREATE OR REPLACE FUNCTION first_changed_entry(low bigint, high bigint) RETURNS bigint LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT min(f.position)
    FROM feed_entry AS f
    CROSS JOIN LATERAL (SELECT f.entry::json ->> 'version' AS version OFFSET 0) AS written
    LEFT JOIN feed_content AS c ON c.position = f.position
    LEFT JOIN feed_proposal AS p ON p.position = f.position
    LEFT JOIN conditionality_event AS e ON e.id = f.event_id
    LEFT JOIN conditionality_event AS erasing ON erasing.erases_position = f.position
    LEFT JOIN feed_entry AS told ON told.event_id = erasing.id
    LEFT JOIN agency ON agency.id = e.agency_id
    LEFT JOIN LATERAL (
        SELECT first.* FROM canonical_line(
            f.position, f.event_id, f.sequenced_at, f.region_code, f.municipality_code, (c.content::json ->> 'salt')::uuid, c.record_salt
        ) AS first
        WHERE c.content IS NOT NULL AND written.version = '1' AND p.position IS NULL
        UNION ALL
        SELECT second.* FROM canonical_line_2(
            f.position, f.event_id, f.sequenced_at, f.region_code, f.municipality_code, (c.content::json ->> 'salt')::uuid, c.record_salt,
            canonical_proposal(
                p.article, p.at_most_months, p.breach, p.count, p.edition, p.effect, p.monthly_cut, p.months, p.retroactive, p.sentence,
                p.unverified
            )
        ) AS second
        WHERE c.content IS NOT NULL AND written.version = '2'
    ) AS line ON true
    WHERE f.position BETWEEN low AND high AND CASE
        WHEN c.content IS NOT NULL THEN
            (line.entry, line.content, line.measure, line.type) IS DISTINCT FROM (f.entry, c.content, f.measure, f.type)
            OR e.erased_at IS NOT NULL
        ELSE
            (f.measure, f.type, f.region_code, f.municipality_code, e.erased_at, f.entry) IS DISTINCT FROM (
                e.measure, e.type, told.region_code, told.municipality_code, erasing.occurred_at,
                CASE written.version
                    WHEN '1' THEN canonical_entry(
                        f.entry::json ->> 'contentHash', e.erases_position, e.id, e.measure, e.occurred_at, f.position, e.recorded_at,
                        f.sequenced_at, agency.code, e.type, e.withdraws_event_id
                    )
                    ELSE canonical_entry_2(
                        f.entry::json ->> 'contentHash', e.erases_position, e.id, e.measure, e.occurred_at, f.position, e.recorded_at,
                        f.sequenced_at, agency.code, e.type, e.withdraws_event_id
                    )
                END
            )
            OR p.position IS NOT NULL
        END;
END;

-- For whoever reads whole entries; and for regions, which are told where people stand.
UPDATE field_set SET fields = fields || '{FeedProposal.*}' WHERE fields @> '{FeedEntry.*}';
UPDATE field_set SET fields = fields || '{FeedEntry.proposal,FeedProposal.*}' WHERE name = 'region';

-- Whether an offer suits somebody tells of that person: for the desk that makes it, and for the person itself.
UPDATE field_set SET fields = fields || '{JobOffer.suitability,OfferSuitability.*,OfferCriterion.*}'
    WHERE name IN ('employment-centre', 'citizen');
