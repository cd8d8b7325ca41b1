-- Exclusion list 剔除名单 and override list 特批, and the step from a decision to a file that runs read.
--
--     add ──► entered ──approve──► approved ──publish──► active ──remove──► removing ──approve──► removed ──publish──► ended
--                │ reject                                  ▲                   │ reject
--                ▼                                         └───────────────────┘
--             rejected
--
-- Who entered an entry, or asked for its removal, never approves it. A list is published as a whole, per level: one file with
-- every entry that is approved, active or still to be removed.

CREATE TABLE crmx.list_entry (
    entry         bigint      PRIMARY KEY,
    list          text        NOT NULL CHECK (list IN ('exclusion', 'override')),
    level         text        NOT NULL CHECK (level ~ '^[A-Za-z0-9_]{1,16}$'),
    state         text        NOT NULL CHECK (state IN ('entered', 'approved', 'active', 'removing', 'removed', 'rejected', 'ended')),
    id_type       text,
    id_no         text,
    number        bigint      CHECK (number > 0),
    reason        text        NOT NULL,
    note          text        NOT NULL DEFAULT '',
    expires       date,
    entered_by    text        NOT NULL,
    entered_at    timestamptz NOT NULL,
    removal_by    text,
    approved_by   text,
    published     bigint      REFERENCES crmx.parameter_activation,
    CHECK ((id_type IS NULL) = (id_no IS NULL) AND (id_type IS NULL) <> (number IS NULL)),
    CHECK (id_type ~ '^[^[:cntrl:]]{1,16}$' AND id_no ~ '^[^[:cntrl:]]{1,64}$'),
    CHECK (note !~ '[[:cntrl:]]' AND length(note) <= 200),
    CHECK (list <> 'exclusion' OR reason IN ('deceased', 'written_off', 'black_list', 'staff', 'internal', 'refuses_marketing')),
    CHECK (reason ~ '^[^[:cntrl:]]{1,60}$'),
    CHECK (list <> 'override' OR expires IS NOT NULL),
    CHECK (approved_by <> entered_by)
);
CREATE UNIQUE INDEX list_entry_once ON crmx.list_entry (list, level, coalesce(id_type, ''), coalesce(id_no, ''), coalesce(number, 0))
    WHERE state NOT IN ('rejected', 'ended');
COMMENT ON TABLE crmx.list_entry IS 'Exclusion list 剔除名单 (never selected) and override list 特批 (selected whatever the score)';
COMMENT ON COLUMN crmx.list_entry.entry IS 'from 1, over all lists';
COMMENT ON COLUMN crmx.list_entry.list IS 'exclusion | override';
COMMENT ON COLUMN crmx.list_entry.level IS 'a unit, or head: counts in every unit';
COMMENT ON COLUMN crmx.list_entry.state IS 'entered | approved | active | removing | removed | rejected | ended';
COMMENT ON COLUMN crmx.list_entry.id_type IS 'with id_no: the customer''s ID as a source writes it; all customers with that ID';
COMMENT ON COLUMN crmx.list_entry.id_no IS 'ID number, class C2';
COMMENT ON COLUMN crmx.list_entry.number IS 'instead of an ID: the integrated number 综合客户号';
COMMENT ON COLUMN crmx.list_entry.reason IS 'exclusion: deceased | written_off | black_list | staff | internal | refuses_marketing; override: in words';
COMMENT ON COLUMN crmx.list_entry.note IS 'remark';
COMMENT ON COLUMN crmx.list_entry.expires IS 'the last business date it counts for; null: for ever (exclusions only)';
COMMENT ON COLUMN crmx.list_entry.entered_by IS 'who entered it';
COMMENT ON COLUMN crmx.list_entry.entered_at IS 'when it was entered';
COMMENT ON COLUMN crmx.list_entry.removal_by IS 'who asked for its removal';
COMMENT ON COLUMN crmx.list_entry.approved_by IS 'who approved the entry';
COMMENT ON COLUMN crmx.list_entry.published IS 'the last activation that took it in or out';

CREATE TABLE crmx.list_action (
    action_no      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at             timestamptz NOT NULL DEFAULT clock_timestamp(),
    entry          bigint,
    action         text        NOT NULL CHECK (action IN ('add', 'approve', 'reject', 'remove', 'publish')),
    actor          text        NOT NULL,
    os_user        text        NOT NULL,
    reason         text        NOT NULL DEFAULT '',
    list           text,
    level          text,
    id_type        text,
    id_no          text,
    number         bigint,
    note           text,
    expires        date,
    effective_from date
);
COMMENT ON TABLE crmx.list_action IS 'Actions on list entries; inserting a row is acting (trigger crmx_store.list_act)';
COMMENT ON COLUMN crmx.list_action.action_no IS 'in order';
COMMENT ON COLUMN crmx.list_action.at IS 'when';
COMMENT ON COLUMN crmx.list_action.entry IS 'the entry; given back by add';
COMMENT ON COLUMN crmx.list_action.action IS 'add | approve | reject | remove | publish';
COMMENT ON COLUMN crmx.list_action.actor IS 'the operator who acts';
COMMENT ON COLUMN crmx.list_action.os_user IS 'the user of the operating system who acts';
COMMENT ON COLUMN crmx.list_action.reason IS 'add: the reason of the entry; else of the action';
COMMENT ON COLUMN crmx.list_action.list IS 'add: exclusion | override';
COMMENT ON COLUMN crmx.list_action.level IS 'add, publish: unit or head';
COMMENT ON COLUMN crmx.list_action.id_type IS 'add: with id_no';
COMMENT ON COLUMN crmx.list_action.id_no IS 'add: ID number';
COMMENT ON COLUMN crmx.list_action.number IS 'add: integrated number instead';
COMMENT ON COLUMN crmx.list_action.note IS 'add: remark';
COMMENT ON COLUMN crmx.list_action.expires IS 'add: last business date it counts for';
COMMENT ON COLUMN crmx.list_action.effective_from IS 'publish: the first business date it counts for';

-- The lines of a level's lists as they go into the file: tab-separated, in the order of the entries.
CREATE FUNCTION crmx_store.list_lines(of_level text) RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog AS $body$
    SELECT coalesce(string_agg(concat_ws(E'\t', entry::text, list, coalesce(id_type, ''), coalesce(id_no, ''),
                                         coalesce(number::text, ''), coalesce(expires::text, ''), reason) || E'\n', '' ORDER BY entry), '')
    FROM crmx.list_entry WHERE level = of_level AND state IN ('approved', 'active', 'removing')
$body$;
COMMENT ON FUNCTION crmx_store.list_lines(text) IS 'entry, list, ID type, ID number, integrated number, last date, reason';

CREATE FUNCTION crmx_store.list_publish(a crmx.list_action) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $body$
DECLARE
    next bigint;
BEGIN
    PERFORM crmx_store.must_be_future(a.level, a.effective_from);
    IF NOT EXISTS (SELECT FROM crmx.list_entry WHERE level = a.level AND state IN ('approved', 'removed')) THEN
        RAISE EXCEPTION 'the lists of % have not changed since they were last published', a.level USING ERRCODE = 'CX001',
            HINT = 'approve entries first: crmx exclusion list, crmx override list';
    END IF;
    INSERT INTO crmx.parameter_activation (number, kind, level, customer_type, effective_from, list, actor, os_user, reason, requested_at)
    SELECT coalesce(max(number), 0) + 1, 'list', a.level, 'both', a.effective_from, crmx_store.list_lines(a.level), a.actor, a.os_user,
           a.reason, a.at
    FROM crmx.parameter_activation RETURNING number INTO next;
    UPDATE crmx.list_entry SET published = next WHERE level = a.level AND state IN ('approved', 'removed');
END
$body$;
COMMENT ON FUNCTION crmx_store.list_publish(crmx.list_action) IS 'Makes the pending row of a list';

CREATE FUNCTION crmx_store.list_act() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $body$
DECLARE
    e      crmx.list_entry;
    before text;
    after  text;
BEGIN
    PERFORM pg_advisory_xact_lock(1668443514, 0);
    NEW.at := clock_timestamp();
    IF NEW.action IN ('approve', 'reject', 'remove') THEN
        SELECT * INTO e FROM crmx.list_entry WHERE entry = NEW.entry FOR UPDATE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'there is no entry %', NEW.entry USING ERRCODE = 'CX003', HINT = 'see crmx exclusion list, crmx override list';
        END IF;
        NEW.list := e.list;
        NEW.level := e.level;
    END IF;
    PERFORM crmx_store.must_have_role(NEW.actor, NEW.os_user, CASE WHEN NEW.action IN ('approve', 'reject') THEN ARRAY['checker']
        WHEN NEW.action = 'publish' THEN ARRAY['analyst', 'operator', 'checker'] ELSE ARRAY['analyst', 'operator'] END,
        NEW.level, CASE NEW.action WHEN 'add' THEN 'enter customers into a list' WHEN 'publish' THEN 'publish lists'
        WHEN 'remove' THEN 'remove customers from a list' ELSE 'approve or reject list entries' END);
    IF NEW.action = 'publish' THEN
        PERFORM crmx_store.list_publish(NEW);
        PERFORM crmx_store.note(NEW.actor, NEW.os_user, 'list', NEW.level, 'publish', '', '', NEW.reason, '');
        RETURN NEW;
    END IF;
    before := coalesce(e.state, '');
    after := CASE NEW.action || ' ' || before
        WHEN 'add ' THEN 'entered'
        WHEN 'approve entered' THEN 'approved' WHEN 'approve removing' THEN 'removed'
        WHEN 'reject entered' THEN 'rejected' WHEN 'reject removing' THEN 'active'
        WHEN 'remove entered' THEN 'rejected' WHEN 'remove active' THEN 'removing' WHEN 'remove approved' THEN 'removing' END;
    IF after IS NULL THEN
        RAISE EXCEPTION 'entry % is %: "%" is not possible', e.entry, e.state, NEW.action USING ERRCODE = 'CX001',
            HINT = format('see crmx %s list', e.list);
    ELSIF NEW.action IN ('reject', 'remove') AND NEW.reason !~ '[^[:space:]]' THEN
        RAISE EXCEPTION 'a reason is needed to % entry %', NEW.action, e.entry USING ERRCODE = 'CX003', HINT = 'add --reason TEXT';
    ELSIF NEW.action = 'approve' AND NEW.actor = (CASE before WHEN 'entered' THEN e.entered_by ELSE e.removal_by END) THEN
        RAISE EXCEPTION '% has entered this and may not approve it', NEW.actor USING ERRCODE = 'CX002',
            HINT = 'a second person approves: crmx operator list shows the checkers';
    END IF;
    IF NEW.action = 'add' THEN
        IF NEW.list = 'override' AND NEW.expires IS NULL THEN
            RAISE EXCEPTION 'an override has a last date' USING ERRCODE = 'CX003', HINT = 'add --expires DATE';
        END IF;
        SELECT entry INTO e.entry FROM crmx.list_entry
        WHERE list = NEW.list AND level = NEW.level AND state NOT IN ('rejected', 'ended')
          AND (id_type = NEW.id_type AND id_no = NEW.id_no OR number = NEW.number);
        IF FOUND THEN
            RAISE EXCEPTION 'this customer is on the list already: entry %', e.entry USING ERRCODE = 'CX003',
                HINT = format('see crmx %s list', NEW.list);
        END IF;
        INSERT INTO crmx.list_entry (entry, list, level, state, id_type, id_no, number, reason, note, expires, entered_by, entered_at)
        SELECT coalesce(max(entry), 0) + 1, NEW.list, NEW.level, after, NEW.id_type, NEW.id_no, NEW.number, NEW.reason,
               coalesce(NEW.note, ''), NEW.expires, NEW.actor, NEW.at
        FROM crmx.list_entry RETURNING entry INTO NEW.entry;
    ELSE
        UPDATE crmx.list_entry SET state = CASE WHEN after = 'active' AND published IS NULL THEN 'approved' ELSE after END,
            approved_by = CASE WHEN before = 'entered' AND NEW.action = 'approve' THEN NEW.actor ELSE approved_by END,
            removal_by = CASE WHEN NEW.action = 'remove' THEN NEW.actor WHEN after = 'active' THEN NULL ELSE removal_by END
        WHERE entry = e.entry;
    END IF;
    PERFORM crmx_store.note(NEW.actor, NEW.os_user, NEW.list, NEW.entry::text, NEW.action, before, after, NEW.reason, '');
    RETURN NEW;
END
$body$;
COMMENT ON FUNCTION crmx_store.list_act() IS 'Trigger of crmx.list_action: the rules and the change';
CREATE TRIGGER act BEFORE INSERT ON crmx.list_action FOR EACH ROW EXECUTE FUNCTION crmx_store.list_act();
SELECT crmx_store.guard('crmx.list_entry', 'result');
SELECT crmx_store.guard('crmx.list_action', 'append');

-- --- from a decision to a file, and back ---

CREATE TABLE crmx.export_action (
    action_no bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    number    bigint      NOT NULL,
    action    text        NOT NULL CHECK (action IN ('export', 'abandon', 'restore')),
    actor     text        NOT NULL,
    os_user   text        NOT NULL,
    file_hash text,
    reason    text        NOT NULL DEFAULT '',
    content   jsonb
);
COMMENT ON TABLE crmx.export_action IS 'What crmx reports about the files state/parameters/NNNNNN.parameter; inserting a row is acting';
COMMENT ON COLUMN crmx.export_action.action_no IS 'in order';
COMMENT ON COLUMN crmx.export_action.at IS 'when';
COMMENT ON COLUMN crmx.export_action.number IS 'number of the activation and its file';
COMMENT ON COLUMN crmx.export_action.action IS 'export (the file is on the disk) | abandon (it will not be written) | restore (the file is there, this database has forgotten it)';
COMMENT ON COLUMN crmx.export_action.actor IS 'the operator whose command it was, or crmx';
COMMENT ON COLUMN crmx.export_action.os_user IS 'the user of the operating system';
COMMENT ON COLUMN crmx.export_action.file_hash IS 'SHA-256 of the file';
COMMENT ON COLUMN crmx.export_action.reason IS 'abandon: why';
COMMENT ON COLUMN crmx.export_action.content IS 'restore: what the file says';

-- The states after activation a; going: the version that stops being the active one.
CREATE FUNCTION crmx_store.parameter_in_force(a crmx.parameter_activation) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $body$
BEGIN
    IF a.kind = 'list' THEN
        UPDATE crmx.list_entry SET state = CASE state WHEN 'removed' THEN 'ended' ELSE 'active' END
        WHERE published = a.number AND state IN ('approved', 'removed');
        RETURN;
    END IF;
    UPDATE crmx.parameter_version SET state = 'retired'
    WHERE level = a.level AND customer_type = a.customer_type AND state IN ('active', 'retiring', 'rolling back')
      AND version IS DISTINCT FROM a.version;
    UPDATE crmx.parameter_version SET state = 'active' WHERE version = a.version;
END
$body$;
COMMENT ON FUNCTION crmx_store.parameter_in_force(crmx.parameter_activation) IS 'Sets the states an activation leads to';

-- The database was restored to an earlier day, the file has stayed: it is taken back as it says, in its order.
CREATE FUNCTION crmx_store.parameter_restore(x crmx.export_action) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $body$
DECLARE
    c jsonb := x.content;
    a crmx.parameter_activation;
BEGIN
    IF x.number <> (SELECT coalesce(max(number), 0) + 1 FROM crmx.parameter_activation) THEN
        RAISE EXCEPTION 'activation % cannot be restored: it is not the next one', x.number USING ERRCODE = 'CX001',
            HINT = 'see crmx parameter verify';
    END IF;
    IF c->>'formula' IS NOT NULL OR c->>'threshold' IS NOT NULL OR c->>'challenger' IS NOT NULL THEN
        IF crmx_store.parameter_digest(c->>'customer_type', (c->>'threshold')::numeric, c->>'formula', c->>'challenger')
           IS DISTINCT FROM c->>'digest' THEN
            RAISE EXCEPTION 'activation % cannot be restored: its digest does not fit its content', x.number USING ERRCODE = 'CX003';
        END IF;
        -- A version of the same number that was drafted later gives way: it never came into force.
        INSERT INTO crmx.parameter_version (version, level, customer_type, state, formula, threshold, challenger, digest, author,
                                            note, created_at, approved_by, approved_at)
        VALUES ((c->>'version')::bigint, c->>'level', c->>'customer_type', 'approved', c->>'formula', (c->>'threshold')::numeric,
                c->>'challenger', c->>'digest', c->>'author', coalesce(c->>'note', ''), (c->>'created_at')::timestamptz,
                c->>'approved_by', (c->>'approved_at')::timestamptz)
        ON CONFLICT (version) DO UPDATE SET level = EXCLUDED.level, customer_type = EXCLUDED.customer_type, state = 'approved',
            formula = EXCLUDED.formula, threshold = EXCLUDED.threshold, challenger = EXCLUDED.challenger, digest = EXCLUDED.digest,
            author = EXCLUDED.author, note = EXCLUDED.note, created_at = EXCLUDED.created_at,
            approved_by = EXCLUDED.approved_by, approved_at = EXCLUDED.approved_at
        WHERE crmx.parameter_version.digest <> EXCLUDED.digest OR crmx.parameter_version.approved_by IS NULL;
    END IF;
    INSERT INTO crmx.parameter_activation
    VALUES (x.number, c->>'kind', c->>'level', c->>'customer_type', (c->>'effective_from')::date, (c->>'version')::bigint,
            (c->>'subject')::bigint, c->>'list', c->>'actor', c->>'os_user', coalesce(c->>'reason', ''),
            (c->>'requested_at')::timestamptz, x.at, x.file_hash, true) RETURNING * INTO a;
    IF a.kind = 'list' THEN
        DELETE FROM crmx.list_entry WHERE level = a.level AND state IN ('approved', 'active', 'removing', 'removed');
        INSERT INTO crmx.list_entry (entry, list, level, state, id_type, id_no, number, reason, expires, entered_by, entered_at, published)
        SELECT f[1]::bigint, f[2], a.level, 'approved', nullif(f[3], ''), nullif(f[4], ''), nullif(f[5], '')::bigint, f[7],
               nullif(f[6], '')::date, a.actor, a.requested_at, a.number
        FROM unnest(string_to_array(rtrim(a.list, E'\n'), E'\n')) line, string_to_array(line, E'\t') f
        WHERE a.list <> ''
        ON CONFLICT (entry) DO UPDATE SET list = EXCLUDED.list, level = EXCLUDED.level, state = 'approved',
            id_type = EXCLUDED.id_type, id_no = EXCLUDED.id_no, number = EXCLUDED.number, reason = EXCLUDED.reason,
            expires = EXCLUDED.expires, published = EXCLUDED.published;
    END IF;
    PERFORM crmx_store.parameter_in_force(a);
END
$body$;
COMMENT ON FUNCTION crmx_store.parameter_restore(crmx.export_action) IS 'Takes an activation back from its file';

CREATE FUNCTION crmx_store.export_act() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $body$
DECLARE
    a crmx.parameter_activation;
BEGIN
    PERFORM pg_advisory_xact_lock(1668443514, 0);
    NEW.at := clock_timestamp();
    IF NEW.action = 'restore' THEN
        PERFORM crmx_store.parameter_restore(NEW);
    ELSE
        SELECT * INTO a FROM crmx.parameter_activation WHERE number = NEW.number FOR UPDATE;
        IF NOT FOUND OR a.exported_at IS NOT NULL THEN
            RAISE EXCEPTION 'activation % is not pending', NEW.number USING ERRCODE = 'CX001', HINT = 'see crmx parameter verify';
        END IF;
    END IF;
    IF NEW.action = 'export' THEN
        UPDATE crmx.parameter_activation SET exported_at = NEW.at, file_hash = NEW.file_hash WHERE number = a.number;
        PERFORM crmx_store.parameter_in_force(a);
    ELSIF NEW.action = 'abandon' THEN
        UPDATE crmx.parameter_version SET state = CASE state WHEN 'activating' THEN 'approved' ELSE 'active' END
        WHERE version IN (a.version, a.subject) AND state IN ('activating', 'retiring', 'rolling back');
        UPDATE crmx.list_entry SET published = NULL WHERE published = a.number;
        DELETE FROM crmx.parameter_activation WHERE number = a.number;
    END IF;
    PERFORM crmx_store.note(NEW.actor, NEW.os_user, 'activation', to_char(NEW.number, 'FM000000'), NEW.action, '', '', NEW.reason,
                            coalesce(NEW.file_hash, ''));
    RETURN NEW;
END
$body$;
COMMENT ON FUNCTION crmx_store.export_act() IS 'Trigger of crmx.export_action: the rules and the change';
CREATE TRIGGER act BEFORE INSERT ON crmx.export_action FOR EACH ROW EXECUTE FUNCTION crmx_store.export_act();
SELECT crmx_store.guard('crmx.export_action', 'append');

-- --- what the CRM reads ---

CREATE VIEW crmx.active_parameter AS
SELECT a.level, a.customer_type, a.effective_from, a.number, v.version, v.formula, v.threshold, v.challenger, v.digest, v.author,
       v.approved_by, v.approved_at, a.actor AS activated_by, a.exported_at AS activated_at, a.kind, a.reason, v.note, v.reference
FROM (SELECT DISTINCT ON (level, customer_type) * FROM crmx.parameter_activation
      WHERE kind <> 'list' AND exported_at IS NOT NULL ORDER BY level, customer_type, number DESC) a
JOIN crmx.parameter_version v ON v.version = a.version;
COMMENT ON VIEW crmx.active_parameter IS
    'The parameters decided last for each level (unit or head) and customer type; effective_from may lie ahead. A null part is inherited from head';

CREATE VIEW crmx.parameter_history AS
SELECT a.number, a.kind, a.level, a.customer_type, a.effective_from, a.version, a.subject, v.digest, v.author, v.approved_by,
       a.actor, a.reason, a.exported_at
FROM crmx.parameter_activation a LEFT JOIN crmx.parameter_version v ON v.version = a.version
WHERE a.exported_at IS NOT NULL;
COMMENT ON VIEW crmx.parameter_history IS
    'Everything that came into force. On a business date counts, for each level and type, the row with the greatest number whose effective_from is not later';

CREATE VIEW crmx.active_list AS
SELECT entry, list, level, id_type, id_no, number, reason, note, expires, entered_by, approved_by
FROM crmx.list_entry WHERE state IN ('active', 'removing', 'removed');
COMMENT ON VIEW crmx.active_list IS 'The published entries of the exclusion and override lists; id_no is of class C2';

CREATE VIEW crmx.parameter_list AS
SELECT v.version, v.level, v.customer_type, v.state, v.formula IS NOT NULL AS has_formula, v.threshold, v.challenger IS NOT NULL AS has_challenger,
       v.digest, v.author, v.approved_by, v.note, v.reference, v.created_at, t.trial, f.effective_from, f.number
FROM crmx.parameter_version v
LEFT JOIN crmx.parameter_action t ON t.action_no = v.trial_no
LEFT JOIN LATERAL (SELECT effective_from, number FROM crmx.parameter_activation WHERE version = v.version ORDER BY number DESC LIMIT 1) f ON true;
COMMENT ON VIEW crmx.parameter_list IS 'Versions with their trial and their last activation, without the texts';

-- Nobody but the owner calls what belongs to the triggers.
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA crmx, crmx_store FROM PUBLIC;
