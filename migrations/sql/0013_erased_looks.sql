-- SPDX-License-Identifier: EUPL-1.2
-- Lines of the access log that were about somebody by a place of the feed: which line it was is kept when the place is erased, since
-- nothing says any more whose it was (docs/adr/0028). The hub's role comes as the setting snodo.role.

CREATE TABLE erased_look (
    beneficiary_id UUID NOT NULL,
    line_at TIMESTAMP WITH TIME ZONE NOT NULL,
    line_id UUID NOT NULL,
    CONSTRAINT erased_look_pkey PRIMARY KEY (beneficiary_id, line_at, line_id),
    CONSTRAINT erased_look_beneficiary_id_fkey FOREIGN KEY(beneficiary_id) REFERENCES beneficiary (id)
);

-- Beside the erasure itself, whoever does it: the event's row says for the last time whom it was about.
CREATE FUNCTION keep_erased_looks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO erased_look (beneficiary_id, line_at, line_id)
        SELECT OLD.beneficiary_id, line.at, line.id
        FROM feed_entry AS f JOIN access_log AS line ON line.positions @> f.position
        WHERE f.event_id = OLD.id
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER conditionality_event_looks_kept AFTER UPDATE ON conditionality_event
    FOR EACH ROW WHEN (OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL) EXECUTE FUNCTION keep_erased_looks();

-- A row stays as long as the line it names.
CREATE FUNCTION keep_while_logged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM access_log WHERE at = OLD.line_at AND id = OLD.line_id) THEN
        RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN OLD;
END
$$;
CREATE TRIGGER erased_look_append_only BEFORE UPDATE OR TRUNCATE ON erased_look
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER erased_look_row_append_only BEFORE DELETE ON erased_look
    FOR EACH ROW EXECUTE FUNCTION keep_while_logged();

DO $$
DECLARE
    hub text := current_setting('snodo.role');
BEGIN
    EXECUTE format('REVOKE ALL ON erased_look FROM %I', hub);
    EXECUTE format('GRANT SELECT, DELETE ON erased_look TO %I', hub);
END
$$;
