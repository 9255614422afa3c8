-- SPDX-License-Identifier: EUPL-1.2
-- The hub's role: it reads and writes, and cannot change what is append-only. Its name comes as the setting snodo.role.
DO $$
DECLARE
    hub text := current_setting('snodo.role');
BEGIN
    BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = hub) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', hub);
        END IF;
    EXCEPTION
        WHEN duplicate_object OR unique_violation THEN NULL;  -- another database of this server was faster
        WHEN insufficient_privilege THEN
            RAISE EXCEPTION 'role % does not exist and this user may not create it', hub
                USING HINT = format('As an administrator: CREATE ROLE %I NOLOGIN; GRANT %I TO %I;', hub, hub, current_user);
    END;
    -- Membership is not enough: who made a role may administer it without being able to take it.
    IF NOT pg_has_role(current_user, hub, 'SET') THEN
        EXECUTE format('GRANT %I TO %I WITH SET TRUE', hub, current_user);
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', hub);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO %I', hub);
    EXECUTE format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO %I', hub);
    -- Tables of later migrations too, or the hub could not read them; one that is append-only, or a partition of such a
    -- table, has UPDATE and DELETE revoked by its own migration, as below.
    EXECUTE format(
        'ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I', hub
    );
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO %I', hub);
    EXECUTE format(
        'REVOKE UPDATE, DELETE, TRUNCATE ON conditionality_event, feed_entry, access_log, access_log_default, access_document FROM %I',
        hub
    );
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON alembic_version FROM %I', hub);
END
$$;
