-- Who may do what, and what was done: operators with roles, the audit trail.
--
-- Everything that people decide (operators, parameters, lists) is written in one way: INSERT into an action table. A trigger of
-- that table checks the rules and makes the change; the tables that hold the result refuse every other change. So a rule holds
-- for crmx, for psql and for whatever connects tomorrow; only the owner of the database could take the triggers away.
--
-- Refusals have SQLSTATE CX001 (not in this state), CX002 (not with this role, or not this person), CX003 (wrong content),
-- CX004 (not written directly), and a hint.

CREATE FUNCTION crmx_store.refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $body$
BEGIN
    -- Below another trigger it is the action's own work.
    IF TG_LEVEL = 'ROW' AND pg_trigger_depth() > 1 AND TG_ARGV[0] IS DISTINCT FROM 'append' THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    RAISE EXCEPTION '%.% is never changed directly (%)', TG_TABLE_SCHEMA, TG_TABLE_NAME, lower(TG_OP)
        USING ERRCODE = 'CX004', HINT = 'what people decide goes through the action tables: crmx help formula';
END
$body$;
COMMENT ON FUNCTION crmx_store.refuse_change() IS
    'Trigger: refuses changes outside an action; with the argument append also those inside, for tables that only grow';

CREATE FUNCTION crmx_store.guard(relation regclass, mode text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $body$
BEGIN
    EXECUTE format('CREATE TRIGGER guard BEFORE %s ON %s FOR EACH ROW EXECUTE FUNCTION crmx_store.refuse_change(%L)',
                   CASE mode WHEN 'append' THEN 'UPDATE OR DELETE' ELSE 'INSERT OR UPDATE OR DELETE' END, relation, mode);
    EXECUTE format('CREATE TRIGGER guard_all BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION crmx_store.refuse_change()',
                   relation);
END
$body$;
COMMENT ON FUNCTION crmx_store.guard(regclass, text) IS
    'Protects a table: append (rows are inserted, never changed) or result (only actions write it)';

-- --- the audit trail ---

CREATE TABLE crmx.audit (
    audit_no   bigint      PRIMARY KEY,
    at         timestamptz NOT NULL,
    actor      text        NOT NULL,
    os_user    text        NOT NULL,
    session    text        NOT NULL,
    object     text        NOT NULL,
    object_id  text        NOT NULL,
    action     text        NOT NULL,
    from_state text        NOT NULL DEFAULT '',
    to_state   text        NOT NULL DEFAULT '',
    reason     text        NOT NULL DEFAULT '',
    digest     text        NOT NULL DEFAULT '',
    chain      text        NOT NULL
);
COMMENT ON TABLE crmx.audit IS 'Audit trail: every action of every operator, in order; a hash chain (crmx audit verify)';
COMMENT ON COLUMN crmx.audit.audit_no IS 'from 1, without gaps';
COMMENT ON COLUMN crmx.audit.at IS 'when';
COMMENT ON COLUMN crmx.audit.actor IS 'the operator who acted';
COMMENT ON COLUMN crmx.audit.os_user IS 'the user of the operating system who ran the command';
COMMENT ON COLUMN crmx.audit.session IS 'the database role of the session';
COMMENT ON COLUMN crmx.audit.object IS 'formula | exclusion | override | operator | activation';
COMMENT ON COLUMN crmx.audit.object_id IS 'version, entry, name or number';
COMMENT ON COLUMN crmx.audit.action IS 'what was done';
COMMENT ON COLUMN crmx.audit.from_state IS 'state before';
COMMENT ON COLUMN crmx.audit.to_state IS 'state after';
COMMENT ON COLUMN crmx.audit.reason IS 'the reason given';
COMMENT ON COLUMN crmx.audit.digest IS 'SHA-256 of the content it was about';
COMMENT ON COLUMN crmx.audit.chain IS 'SHA-256 of the chain before and of this row';
SELECT crmx_store.guard('crmx.audit', 'result');
CREATE TRIGGER append BEFORE UPDATE OR DELETE ON crmx.audit FOR EACH ROW EXECUTE FUNCTION crmx_store.refuse_change('append');

CREATE FUNCTION crmx_store.audit_chain(before text, r crmx.audit) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $body$
    SELECT encode(sha256(convert_to(concat_ws(E'\x1f', before, r.audit_no::text, r.at::text, r.actor, r.os_user, r.session,
        r.object, r.object_id, r.action, r.from_state, r.to_state, r.reason, r.digest), 'UTF8')), 'hex')
$body$;
COMMENT ON FUNCTION crmx_store.audit_chain(text, crmx.audit) IS 'Hash of a row of the audit trail over the hash of the row before it';

CREATE FUNCTION crmx_store.note(actor text, os_user text, object text, object_id text, action text, from_state text,
                                to_state text, reason text, digest text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $body$
DECLARE
    last crmx.audit;
    r    crmx.audit;
BEGIN
    SELECT * INTO last FROM crmx.audit ORDER BY audit_no DESC LIMIT 1;
    r := ROW(coalesce(last.audit_no, 0) + 1, clock_timestamp(), actor, os_user, session_user::text, object, object_id, action,
             coalesce(from_state, ''), coalesce(to_state, ''), coalesce(reason, ''), coalesce(digest, ''), '');
    r.chain := crmx_store.audit_chain(coalesce(last.chain, ''), r);
    INSERT INTO crmx.audit SELECT r.*;
END
$body$;
COMMENT ON FUNCTION crmx_store.note(text, text, text, text, text, text, text, text, text) IS 'Appends to the audit trail';

CREATE FUNCTION crmx.audit_break() RETURNS bigint LANGUAGE sql STABLE SET search_path = pg_catalog AS $body$
    SELECT min(number) FROM (
        SELECT a.audit_no AS number, a.audit_no = row_number() OVER w
               AND a.chain = crmx_store.audit_chain(coalesce(lag(a.chain) OVER w, ''), a) AS good
        FROM crmx.audit a WINDOW w AS (ORDER BY a.audit_no)) checked
    WHERE NOT good
$body$;
COMMENT ON FUNCTION crmx.audit_break() IS 'The first row of the audit trail that does not fit the chain; null: none';

-- --- operators ---

CREATE TABLE crmx.operator (
    operator text    PRIMARY KEY CHECK (operator ~ '^[^[:space:][:cntrl:]"\\]{1,32}$'),
    name     text    NOT NULL DEFAULT '',
    os_user  text,
    active   boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE crmx.operator IS 'Operators: the people who act, and the systems that bring parameters';
COMMENT ON COLUMN crmx.operator.operator IS 'short name, as in --as';
COMMENT ON COLUMN crmx.operator.name IS 'full name';
COMMENT ON COLUMN crmx.operator.os_user IS 'the only user of the operating system who may act under this name; null: any';
COMMENT ON COLUMN crmx.operator.active IS 'false: may no longer act';

CREATE TABLE crmx.operator_role (
    operator text NOT NULL REFERENCES crmx.operator,
    role     text NOT NULL CHECK (role IN ('analyst', 'checker', 'operator', 'auditor', 'admin')),
    scope    text NOT NULL DEFAULT '*',
    PRIMARY KEY (operator, role, scope)
);
COMMENT ON TABLE crmx.operator_role IS 'What each operator may do, and where';
COMMENT ON COLUMN crmx.operator_role.operator IS 'who';
COMMENT ON COLUMN crmx.operator_role.role IS
    'analyst (drafts, tries, submits, activates what is approved) | checker (approves what others made) | operator (lists, imports) | auditor (reads) | admin (operators and roles)';
COMMENT ON COLUMN crmx.operator_role.scope IS 'a unit, or * for all units and the head office';

CREATE TABLE crmx.operator_action (
    action_no bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor     text        NOT NULL,
    os_user   text        NOT NULL,
    action    text        NOT NULL CHECK (action IN ('add', 'grant', 'revoke', 'disable', 'enable')),
    operator  text        NOT NULL,
    name      text,
    bound_to  text,
    role      text,
    scope     text        NOT NULL DEFAULT '*',
    reason    text        NOT NULL DEFAULT ''
);
COMMENT ON TABLE crmx.operator_action IS 'Actions on operators; inserting a row is acting';
COMMENT ON COLUMN crmx.operator_action.action_no IS 'in order';
COMMENT ON COLUMN crmx.operator_action.at IS 'when';
COMMENT ON COLUMN crmx.operator_action.actor IS 'who acts: an admin; the very first one adds himself';
COMMENT ON COLUMN crmx.operator_action.os_user IS 'the user of the operating system who acts';
COMMENT ON COLUMN crmx.operator_action.action IS 'add | grant | revoke | disable | enable';
COMMENT ON COLUMN crmx.operator_action.operator IS 'whom it is about';
COMMENT ON COLUMN crmx.operator_action.name IS 'add: full name';
COMMENT ON COLUMN crmx.operator_action.bound_to IS 'add: the only user of the operating system who may use the name';
COMMENT ON COLUMN crmx.operator_action.role IS 'the role granted or revoked; add: the first one';
COMMENT ON COLUMN crmx.operator_action.scope IS 'unit of the role, * all';
COMMENT ON COLUMN crmx.operator_action.reason IS 'reason given';

CREATE FUNCTION crmx_store.has_role(who text, roles text[], level text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog AS $body$
    SELECT EXISTS (SELECT FROM crmx.operator_role r JOIN crmx.operator o USING (operator)
                   WHERE r.operator = who AND o.active AND r.role = ANY (roles) AND r.scope IN ('*', level))
$body$;
COMMENT ON FUNCTION crmx_store.has_role(text, text[], text) IS 'Has the operator one of the roles for a level (a unit, head, or *)?';

-- Every action begins here: one at a time, by somebody known, under the right user, with a role for it.
CREATE FUNCTION crmx_store.must_have_role(who text, user_name text, roles text[], level text, what text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $body$
DECLARE
    o crmx.operator;
BEGIN
    PERFORM pg_advisory_xact_lock(1668443514, 0);
    SELECT * INTO o FROM crmx.operator WHERE operator = who;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no operator "%"', who USING ERRCODE = 'CX002',
            HINT = 'see crmx operator list; say who acts with --as NAME; an admin adds people: crmx operator add NAME --role ROLE';
    ELSIF NOT o.active THEN
        RAISE EXCEPTION 'operator % is disabled', who USING ERRCODE = 'CX002', HINT = 'see crmx operator list';
    ELSIF o.os_user <> user_name THEN
        RAISE EXCEPTION 'operator % may only act as the user "%" of the system; this is "%"', who, o.os_user, user_name
            USING ERRCODE = 'CX002', HINT = 'log in as that user, or act under your own name with --as NAME';
    ELSIF NOT crmx_store.has_role(who, roles, level) THEN
        RAISE EXCEPTION '% may not %: the role % is needed for %', who, what, array_to_string(roles, ' or '),
            CASE level WHEN 'head' THEN 'the head office' WHEN '*' THEN 'all units' ELSE 'unit ' || level END
            USING ERRCODE = 'CX002', HINT = format('see crmx operator list; an admin grants it: crmx operator grant %s %s', who, roles[1]);
    END IF;
END
$body$;
COMMENT ON FUNCTION crmx_store.must_have_role(text, text, text[], text, text) IS
    'Takes the lock of all actions; refuses unknown, disabled and wrong users, and who lacks every one of the roles';

CREATE FUNCTION crmx_store.operator_act() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $body$
DECLARE
    first boolean;
BEGIN
    PERFORM pg_advisory_xact_lock(1668443514, 0);
    NEW.at := clock_timestamp();
    first := NOT EXISTS (SELECT FROM crmx.operator_role WHERE role = 'admin');
    IF first AND NEW.action = 'add' AND NEW.actor = NEW.operator AND NEW.role = 'admin' AND NEW.scope = '*' THEN
        NULL; -- somebody has to be the first; the audit trail begins with it
    ELSIF first THEN
        RAISE EXCEPTION 'there is no admin yet' USING ERRCODE = 'CX002',
            HINT = 'the first operator is an admin who adds himself: crmx operator add NAME --role admin --as NAME';
    ELSE
        PERFORM crmx_store.must_have_role(NEW.actor, NEW.os_user, ARRAY['admin'], '*', NEW.action || ' operators or roles');
        IF NEW.actor = NEW.operator THEN
            RAISE EXCEPTION '% may not change his own rights', NEW.actor USING ERRCODE = 'CX002',
                HINT = 'another admin does that: crmx operator list';
        END IF;
    END IF;
    IF NEW.action <> 'add' AND NOT EXISTS (SELECT FROM crmx.operator WHERE operator = NEW.operator) THEN
        RAISE EXCEPTION 'there is no operator "%"', NEW.operator USING ERRCODE = 'CX003', HINT = 'see crmx operator list';
    ELSIF NEW.action = 'add' AND EXISTS (SELECT FROM crmx.operator WHERE operator = NEW.operator) THEN
        RAISE EXCEPTION 'there is an operator "%" already', NEW.operator USING ERRCODE = 'CX003',
            HINT = format('give another role: crmx operator grant %s ROLE', NEW.operator);
    ELSIF NEW.action IN ('grant', 'revoke') AND NEW.role IS NULL THEN
        RAISE EXCEPTION 'which role?' USING ERRCODE = 'CX003', HINT = 'roles: analyst, checker, operator, auditor, admin';
    ELSIF NEW.role = 'admin' AND NEW.scope <> '*' THEN
        RAISE EXCEPTION 'an admin is one for all units' USING ERRCODE = 'CX003', HINT = 'leave --unit out';
    END IF;
    IF NEW.action = 'add' THEN
        INSERT INTO crmx.operator (operator, name, os_user) VALUES (NEW.operator, coalesce(NEW.name, ''), NEW.bound_to);
    ELSIF NEW.action IN ('disable', 'enable') THEN
        UPDATE crmx.operator SET active = NEW.action = 'enable' WHERE operator = NEW.operator;
    ELSIF NEW.action = 'revoke' THEN
        DELETE FROM crmx.operator_role WHERE operator = NEW.operator AND role = NEW.role AND scope = NEW.scope;
        IF NOT FOUND THEN
            RAISE EXCEPTION '% does not have the role % for %', NEW.operator, NEW.role, NEW.scope USING ERRCODE = 'CX003',
                HINT = 'see crmx operator list';
        END IF;
    END IF;
    IF NEW.action IN ('add', 'grant') AND NEW.role IS NOT NULL THEN
        INSERT INTO crmx.operator_role (operator, role, scope) VALUES (NEW.operator, NEW.role, NEW.scope) ON CONFLICT DO NOTHING;
    END IF;
    PERFORM crmx_store.note(NEW.actor, NEW.os_user, 'operator', NEW.operator, NEW.action, '', concat_ws(' for ', NEW.role,
                            CASE WHEN NEW.role IS NOT NULL THEN NEW.scope END), NEW.reason, '');
    RETURN NEW;
END
$body$;
COMMENT ON FUNCTION crmx_store.operator_act() IS 'Trigger of crmx.operator_action: the rules and the change';
CREATE TRIGGER act BEFORE INSERT ON crmx.operator_action FOR EACH ROW EXECUTE FUNCTION crmx_store.operator_act();
SELECT crmx_store.guard('crmx.operator', 'result');
SELECT crmx_store.guard('crmx.operator_role', 'result');
SELECT crmx_store.guard('crmx.operator_action', 'append');

CREATE VIEW crmx.operator_list AS
SELECT o.operator, o.name, o.os_user, o.active,
       coalesce(pg_catalog.string_agg(r.role || CASE r.scope WHEN '*' THEN '' ELSE ':' || r.scope END, ' ' ORDER BY r.role, r.scope), '') AS roles
FROM crmx.operator o LEFT JOIN crmx.operator_role r USING (operator)
GROUP BY o.operator;
COMMENT ON VIEW crmx.operator_list IS 'Operators with their roles: role, or role:unit';
