-- SPDX-License-Identifier: EUPL-1.2
-- What no code may do, whatever its role: change or remove a line of the ledger, the feed or the access log.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER conditionality_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON conditionality_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER feed_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON feed_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER access_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON access_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- A statement that names a partition does not fire its parent's statement triggers; row triggers are cloned to each.
CREATE TRIGGER access_log_row_append_only BEFORE UPDATE OR DELETE ON access_log
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER access_log_default_append_only BEFORE TRUNCATE ON access_log_default
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER access_document_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON access_document
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Positions are dense: what is added continues from the last one, without a gap, whoever adds it.
CREATE FUNCTION keep_feed_dense() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    added bigint;
    lowest bigint;
    highest bigint;
    earlier bigint;
BEGIN
    SELECT count(*), min(position), max(position) INTO added, lowest, highest FROM new_entries;
    IF added = 0 THEN
        RETURN NULL;
    END IF;
    SELECT coalesce(max(position), 0) INTO earlier FROM feed_entry WHERE position < lowest;
    IF lowest <> earlier + 1 OR highest <> earlier + added THEN
        RAISE EXCEPTION 'feed positions must continue from % without a gap', earlier
            USING ERRCODE = 'check_violation', CONSTRAINT = 'feed_entry_dense';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER feed_entry_dense AFTER INSERT ON feed_entry
    REFERENCING NEW TABLE AS new_entries FOR EACH STATEMENT EXECUTE FUNCTION keep_feed_dense();
