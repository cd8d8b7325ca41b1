-- Parameters 参数: formula, threshold 筛选阈值 and challenger of a unit, or of the head office for all units, and customer type.
--
--     draft ──trial──► trialled ──submit──► submitted ──approve──► approved ──activate──► activating ──export──► active
--       ▲ ▲  edit        │                     │ reject                                   (file is written)        │ retire, rollback
--       │ └──────────────┘                     │                                                                   ▼
--       └──────────────────────────────────────┘                       the active version before it is retired   retired
--
-- A part that is null is inherited: the unit's formula may be the head office's while its threshold is its own.
-- The digest covers all parts. A trial, an approval and an activation each name the digest they are about; text can change in
-- draft and trialled only, and every change makes the digest another one: what was approved is what was tried is what runs.
-- Who made a version (drafted, edited, imported or submitted it) never approves it.
--
-- Activation in two steps, because runs read files only (state/parameters/NNNNNN.parameter):
--     1. the action inserts a row into parameter_activation: pending, at most one
--     2. crmx writes the file, durably, then inserts an 'export' action: now it is in force
-- A crash in between is completed, or abandoned when a run has used the date meanwhile, by the next command.

CREATE FUNCTION crmx_store.parameter_digest(customer_type text, threshold numeric, formula text, challenger text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $body$
    SELECT encode(sha256(convert_to(
        customer_type || E'\n' || coalesce(round(threshold, 2)::text, '-')
        || E'\n' || coalesce(octet_length(formula)::text, '-') || E'\n' || coalesce(formula, '')
        || E'\n' || coalesce(octet_length(challenger)::text, '-') || E'\n' || coalesce(challenger, ''), 'UTF8')), 'hex')
$body$;
COMMENT ON FUNCTION crmx_store.parameter_digest(text, numeric, text, text) IS
    'SHA-256 of the content of a version: type, threshold, formula, challenger, each with its length, - when inherited';

CREATE TABLE crmx.parameter_version (
    version       bigint        PRIMARY KEY,
    level         text          NOT NULL CHECK (level ~ '^[A-Za-z0-9_]{1,16}$'),
    customer_type text          NOT NULL CHECK (customer_type IN ('personal', 'corporate')),
    state         text          NOT NULL,
    formula       text          CHECK (octet_length(formula) BETWEEN 1 AND 65536),
    threshold     numeric(18,2) CHECK (threshold >= 0),
    challenger    text          CHECK (octet_length(challenger) BETWEEN 1 AND 65536),
    digest        text          NOT NULL,
    author        text          NOT NULL,
    note          text          NOT NULL DEFAULT '',
    reference     text          UNIQUE,
    created_at    timestamptz   NOT NULL,
    trial_no      bigint,
    approved_by   text,
    approved_at   timestamptz,
    CHECK (formula IS NOT NULL OR threshold IS NOT NULL OR challenger IS NOT NULL),
    CHECK (approved_by <> author),
    CHECK (state NOT IN ('approved', 'activating', 'active') OR approved_by IS NOT NULL)
);
COMMENT ON TABLE crmx.parameter_version IS 'Versions of parameters; content is fixed from the submission on';
COMMENT ON COLUMN crmx.parameter_version.version IS 'from 1, over all levels and types';
COMMENT ON COLUMN crmx.parameter_version.level IS 'a unit, or head for the head office: what units inherit';
COMMENT ON COLUMN crmx.parameter_version.customer_type IS 'personal | corporate';
COMMENT ON COLUMN crmx.parameter_version.state IS
    'draft | trialled | submitted | approved | activating | active | retiring | rolling back | retired';
COMMENT ON COLUMN crmx.parameter_version.formula IS 'text of the formula file, with its coefficients 系数; null: inherited';
COMMENT ON COLUMN crmx.parameter_version.threshold IS 'threshold 筛选阈值 in yuan; null: that of the formula text, or inherited with it';
COMMENT ON COLUMN crmx.parameter_version.challenger IS 'a second formula scored beside it, selecting nobody; null: inherited';
COMMENT ON COLUMN crmx.parameter_version.digest IS 'SHA-256 of the content (crmx_store.parameter_digest)';
COMMENT ON COLUMN crmx.parameter_version.author IS 'who drafted it; CRM for an import';
COMMENT ON COLUMN crmx.parameter_version.note IS 'what it is for';
COMMENT ON COLUMN crmx.parameter_version.reference IS 'the CRM''s own number of an import: each is imported once';
COMMENT ON COLUMN crmx.parameter_version.created_at IS 'when it was drafted';
COMMENT ON COLUMN crmx.parameter_version.trial_no IS 'the action that recorded the trial of this content; null: not tried';
COMMENT ON COLUMN crmx.parameter_version.approved_by IS 'who approved this content';
COMMENT ON COLUMN crmx.parameter_version.approved_at IS 'when it was approved';

CREATE TABLE crmx.parameter_transition (
    action     text NOT NULL,
    from_state text NOT NULL,
    to_state   text NOT NULL,
    roles      text[] NOT NULL,
    what       text NOT NULL,
    PRIMARY KEY (action, from_state)
);
COMMENT ON TABLE crmx.parameter_transition IS 'Which action leads from which state to which, and the roles that may do it';
COMMENT ON COLUMN crmx.parameter_transition.action IS 'the action';
COMMENT ON COLUMN crmx.parameter_transition.from_state IS 'state before; empty: none yet';
COMMENT ON COLUMN crmx.parameter_transition.to_state IS 'state after';
COMMENT ON COLUMN crmx.parameter_transition.roles IS 'one of these is needed';
COMMENT ON COLUMN crmx.parameter_transition.what IS 'the action in words, for messages';
INSERT INTO crmx.parameter_transition VALUES
    ('draft',    '',          'draft',        '{analyst}',          'draft parameters'),
    ('import',   '',          'draft',        '{analyst,operator}', 'import parameters'),
    ('edit',     'draft',     'draft',        '{analyst}',          'change a draft'),
    ('edit',     'trialled',  'draft',        '{analyst}',          'change a draft'),
    ('trial',    'draft',     'trialled',     '{analyst}',          'try parameters'),
    ('trial',    'trialled',  'trialled',     '{analyst}',          'try parameters'),
    ('submit',   'trialled',  'submitted',    '{analyst}',          'submit parameters'),
    ('withdraw', 'submitted', 'draft',        '{analyst}',          'withdraw parameters'),
    ('approve',  'submitted', 'approved',     '{checker}',          'approve parameters'),
    ('reject',   'submitted', 'draft',        '{checker}',          'reject parameters'),
    ('reject',   'approved',  'draft',        '{checker}',          'reject parameters'),
    ('activate', 'approved',  'activating',   '{analyst,checker}',  'activate parameters'),
    ('discard',  'draft',     'retired',      '{analyst}',          'discard a draft'),
    ('discard',  'trialled',  'retired',      '{analyst}',          'discard a draft'),
    ('retire',   'active',    'retiring',     '{checker}',          'retire parameters'),
    ('rollback', 'active',    'rolling back', '{checker}',          'roll parameters back');
SELECT crmx_store.guard('crmx.parameter_transition', 'result');

CREATE TABLE crmx.parameter_action (
    action_no      bigint        GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at             timestamptz   NOT NULL DEFAULT clock_timestamp(),
    version        bigint,
    action         text          NOT NULL,
    actor          text          NOT NULL,
    os_user        text          NOT NULL,
    reason         text          NOT NULL DEFAULT '',
    digest         text,
    from_state     text,
    to_state       text,
    level          text,
    customer_type  text,
    formula        text,
    threshold      numeric(18,2),
    challenger     text,
    reference      text,
    effective_from date,
    trial          jsonb
);
CREATE INDEX parameter_action_by_version ON crmx.parameter_action (version, action_no);
COMMENT ON TABLE crmx.parameter_action IS 'Actions on versions; inserting a row is acting (trigger crmx_store.parameter_act)';
COMMENT ON COLUMN crmx.parameter_action.action_no IS 'in order';
COMMENT ON COLUMN crmx.parameter_action.at IS 'when';
COMMENT ON COLUMN crmx.parameter_action.version IS 'the version; given back by draft and import';
COMMENT ON COLUMN crmx.parameter_action.action IS
    'draft | import | edit | trial | submit | withdraw | approve | reject | activate | discard | retire | rollback';
COMMENT ON COLUMN crmx.parameter_action.actor IS 'the operator who acts';
COMMENT ON COLUMN crmx.parameter_action.os_user IS 'the user of the operating system who acts';
COMMENT ON COLUMN crmx.parameter_action.reason IS 'reason given; draft: what the version is for';
COMMENT ON COLUMN crmx.parameter_action.digest IS 'the content it is about: refused when the version holds another; set for drafts';
COMMENT ON COLUMN crmx.parameter_action.from_state IS 'set by the trigger';
COMMENT ON COLUMN crmx.parameter_action.to_state IS 'set by the trigger';
COMMENT ON COLUMN crmx.parameter_action.level IS 'draft, import: unit or head';
COMMENT ON COLUMN crmx.parameter_action.customer_type IS 'draft, import: personal | corporate';
COMMENT ON COLUMN crmx.parameter_action.formula IS 'draft, import, edit: the text';
COMMENT ON COLUMN crmx.parameter_action.threshold IS 'draft, import, edit: the threshold';
COMMENT ON COLUMN crmx.parameter_action.challenger IS 'draft, import, edit: the challenger''s text';
COMMENT ON COLUMN crmx.parameter_action.reference IS 'import: the CRM''s own number';
COMMENT ON COLUMN crmx.parameter_action.effective_from IS 'activate, retire, rollback: the first business date it counts for';
COMMENT ON COLUMN crmx.parameter_action.trial IS 'trial: unit, generation, customers, passing, errors, resolved (digest with what is inherited)';

CREATE TABLE crmx.parameter_activation (
    number         bigint      PRIMARY KEY CHECK (number BETWEEN 1 AND 999999),
    kind           text        NOT NULL CHECK (kind IN ('activate', 'rollback', 'retire', 'list')),
    level          text        NOT NULL,
    customer_type  text        NOT NULL CHECK (customer_type IN ('personal', 'corporate', 'both')),
    effective_from date        NOT NULL,
    version        bigint      REFERENCES crmx.parameter_version,
    subject        bigint      REFERENCES crmx.parameter_version,
    list           text,
    actor          text        NOT NULL,
    os_user        text        NOT NULL,
    reason         text        NOT NULL,
    requested_at   timestamptz NOT NULL,
    exported_at    timestamptz,
    file_hash      text,
    restored       boolean     NOT NULL DEFAULT false,
    CHECK ((exported_at IS NULL) = (file_hash IS NULL)),
    CHECK ((kind = 'list') = (list IS NOT NULL) AND (kind <> 'activate' OR version IS NOT NULL))
);
CREATE UNIQUE INDEX parameter_activation_pending ON crmx.parameter_activation ((true)) WHERE exported_at IS NULL;
CREATE INDEX parameter_activation_by_slot ON crmx.parameter_activation (level, customer_type, number);
COMMENT ON TABLE crmx.parameter_activation IS 'What came into force when, in the order of the files state/parameters/NNNNNN.parameter. For a business date counts the row of the level and type with the greatest number whose effective_from is not later';
COMMENT ON COLUMN crmx.parameter_activation.number IS 'number of the file; without gaps';
COMMENT ON COLUMN crmx.parameter_activation.kind IS 'activate | rollback | retire | list';
COMMENT ON COLUMN crmx.parameter_activation.level IS 'unit or head';
COMMENT ON COLUMN crmx.parameter_activation.customer_type IS 'personal | corporate; both for lists';
COMMENT ON COLUMN crmx.parameter_activation.effective_from IS 'the first business date it counts for';
COMMENT ON COLUMN crmx.parameter_activation.version IS 'in force from then on; null: nothing of this level';
COMMENT ON COLUMN crmx.parameter_activation.subject IS 'rollback, retire: the version that goes';
COMMENT ON COLUMN crmx.parameter_activation.list IS 'list: its lines as exported';
COMMENT ON COLUMN crmx.parameter_activation.actor IS 'the operator who acted';
COMMENT ON COLUMN crmx.parameter_activation.os_user IS 'the user of the operating system who acted';
COMMENT ON COLUMN crmx.parameter_activation.reason IS 'reason given';
COMMENT ON COLUMN crmx.parameter_activation.requested_at IS 'when it was asked for';
COMMENT ON COLUMN crmx.parameter_activation.exported_at IS 'when the file was found on the disk; null: pending';
COMMENT ON COLUMN crmx.parameter_activation.file_hash IS 'SHA-256 of the file';
COMMENT ON COLUMN crmx.parameter_activation.restored IS 'taken back from the file after this database had been restored';

-- What a version means together with what it inherits from the head office: what a trial has really computed.
CREATE FUNCTION crmx_store.parameter_resolved(v crmx.parameter_version) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $body$
    SELECT CASE WHEN coalesce(v.formula, h.formula) IS NOT NULL THEN
        crmx_store.parameter_digest(v.customer_type, coalesce(v.threshold, CASE WHEN v.formula IS NULL THEN h.threshold END),
                                    coalesce(v.formula, h.formula), NULL) END
    FROM (SELECT) AS one
    LEFT JOIN LATERAL (
        SELECT a.version FROM crmx.parameter_activation a
        WHERE a.level = 'head' AND a.customer_type = v.customer_type AND a.kind <> 'list' AND v.level <> 'head'
        ORDER BY a.number DESC LIMIT 1) latest ON true
    LEFT JOIN crmx.parameter_version h ON h.version = latest.version
$body$;
COMMENT ON FUNCTION crmx_store.parameter_resolved(crmx.parameter_version) IS
    'Digest of formula and threshold with what is inherited from the head office; null: there is no formula at all';

-- The next command to type, for hints.
CREATE FUNCTION crmx_store.parameter_next(v crmx.parameter_version) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $body$
    SELECT CASE v.state
        WHEN 'draft' THEN format('try it: crmx formula trial %s', v.version)
        WHEN 'trialled' THEN format('submit it: crmx formula submit %s', v.version)
        WHEN 'submitted' THEN format('a second person decides: crmx formula approve %s, or reject', v.version)
        WHEN 'approved' THEN format('bring it into force: crmx formula activate %s --from DATE', v.version)
        WHEN 'active' THEN format('make a new version: crmx formula draft; undo this one: crmx formula rollback %s', v.version)
        WHEN 'retired' THEN 'make a new version: crmx formula draft'
        ELSE 'an activation was cut short; this completes it: crmx parameter verify' END
$body$;
COMMENT ON FUNCTION crmx_store.parameter_next(crmx.parameter_version) IS 'What can be done next with a version';

CREATE FUNCTION crmx_store.parameter_last_used(of_level text) RETURNS date
LANGUAGE sql STABLE SET search_path = pg_catalog AS $body$
    SELECT max(business_date) FROM crmx.applied_generation WHERE of_level IN ('head', unit)
$body$;
COMMENT ON FUNCTION crmx_store.parameter_last_used(text) IS
    'The last business date a level''s parameters were used for, as far as this database knows; crmx asks the generations, too';

CREATE FUNCTION crmx_store.must_be_future(of_level text, effective_from date) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $body$
DECLARE
    used date := crmx_store.parameter_last_used(of_level);
BEGIN
    IF effective_from IS NULL THEN
        RAISE EXCEPTION 'from which business date on?' USING ERRCODE = 'CX003', HINT = 'add --from DATE';
    ELSIF effective_from <= used THEN
        RAISE EXCEPTION '% has been run already: a date keeps the parameters it was run with', effective_from
            USING ERRCODE = 'CX003', HINT = format('choose a later date: --from %s', used + 1);
    END IF;
    IF EXISTS (SELECT FROM crmx.parameter_activation WHERE exported_at IS NULL) THEN
        RAISE EXCEPTION 'another activation is not completed' USING ERRCODE = 'CX001',
            HINT = 'this completes it: crmx parameter verify; then the same command again';
    END IF;
END
$body$;
COMMENT ON FUNCTION crmx_store.must_be_future(text, date) IS 'Refuses dates that were run, and a second activation beside a pending one';

-- Activate, roll back, retire: the row that becomes a file.
CREATE FUNCTION crmx_store.parameter_request(v crmx.parameter_version, a crmx.parameter_action) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $body$
DECLARE
    mine   crmx.parameter_activation;
    before bigint;
BEGIN
    PERFORM crmx_store.must_be_future(v.level, a.effective_from);
    IF a.action = 'rollback' THEN
        SELECT * INTO STRICT mine FROM crmx.parameter_activation WHERE version = v.version ORDER BY number DESC LIMIT 1;
        -- What was in force before it was first activated; after a rollback onto it, what came before that time.
        SELECT p.version INTO before FROM crmx.parameter_activation p
        WHERE p.level = v.level AND p.customer_type = v.customer_type AND p.kind <> 'list'
          AND p.number < (SELECT min(number) FROM crmx.parameter_activation WHERE version = v.version AND kind = 'activate')
        ORDER BY p.number DESC LIMIT 1;
        IF a.effective_from < mine.effective_from THEN
            RAISE EXCEPTION 'version % counts from % on; it cannot be rolled back from % on', v.version, mine.effective_from,
                a.effective_from USING ERRCODE = 'CX003', HINT = format('use --from %s or later', mine.effective_from);
        END IF;
    END IF;
    INSERT INTO crmx.parameter_activation (number, kind, level, customer_type, effective_from, version, subject, actor, os_user,
                                           reason, requested_at)
    SELECT coalesce(max(number), 0) + 1, a.action, v.level, v.customer_type, a.effective_from,
           CASE a.action WHEN 'activate' THEN v.version WHEN 'rollback' THEN before END,
           CASE WHEN a.action <> 'activate' THEN v.version END, a.actor, a.os_user, a.reason, a.at
    FROM crmx.parameter_activation;
END
$body$;
COMMENT ON FUNCTION crmx_store.parameter_request(crmx.parameter_version, crmx.parameter_action) IS 'Makes the pending row of an activation';

CREATE FUNCTION crmx_store.parameter_act() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $body$
DECLARE
    v        crmx.parameter_version;
    t        crmx.parameter_transition;
    tried    jsonb;
    resolved text;
BEGIN
    PERFORM pg_advisory_xact_lock(1668443514, 0);
    NEW.at := clock_timestamp();
    IF NEW.action IN ('draft', 'import') THEN
        SELECT coalesce(max(version), 0) + 1 INTO v.version FROM crmx.parameter_version;
        v.level := NEW.level;
        v.state := '';
    ELSE
        SELECT * INTO v FROM crmx.parameter_version WHERE version = NEW.version FOR UPDATE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'there is no version %', NEW.version USING ERRCODE = 'CX003', HINT = 'see crmx formula list';
        END IF;
    END IF;
    SELECT * INTO t FROM crmx.parameter_transition WHERE action = NEW.action AND from_state = v.state;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'version % is %: "%" is not possible', v.version, v.state, NEW.action
            USING ERRCODE = 'CX001', HINT = crmx_store.parameter_next(v);
    END IF;
    PERFORM crmx_store.must_have_role(NEW.actor, NEW.os_user, t.roles, coalesce(v.level, ''), t.what);
    IF NEW.digest IS NOT NULL AND v.digest IS NOT NULL AND NEW.digest <> v.digest THEN
        RAISE EXCEPTION 'version % is not what it was: its digest is % now, not %', v.version, left(v.digest, 12), left(NEW.digest, 12)
            USING ERRCODE = 'CX003', HINT = format('look at it again: crmx formula show %s', v.version);
    END IF;
    IF NEW.action IN ('reject', 'retire', 'rollback', 'withdraw', 'discard') AND NEW.reason !~ '[^[:space:]]' THEN
        RAISE EXCEPTION 'a reason is needed to % version %', NEW.action, v.version USING ERRCODE = 'CX003', HINT = 'add --reason TEXT';
    END IF;
    NEW.version := v.version;
    NEW.from_state := v.state;
    NEW.to_state := t.to_state;

    IF NEW.action IN ('draft', 'import') THEN
        v := ROW(v.version, NEW.level, NEW.customer_type, NEW.to_state, NEW.formula, NEW.threshold, NEW.challenger, '',
                 CASE NEW.action WHEN 'import' THEN 'CRM' ELSE NEW.actor END, NEW.reason, NEW.reference, NEW.at, NULL, NULL, NULL);
    ELSIF NEW.action = 'edit' THEN
        v.formula := NEW.formula;
        v.threshold := NEW.threshold;
        v.challenger := NEW.challenger;
    END IF;
    IF NEW.action IN ('draft', 'import', 'edit', 'reject', 'withdraw') THEN
        v.digest := crmx_store.parameter_digest(v.customer_type, v.threshold, v.formula, v.challenger);
        v.trial_no := NULL;
        v.approved_by := NULL;
        v.approved_at := NULL;
    END IF;
    NEW.digest := v.digest;
    resolved := crmx_store.parameter_resolved(v);

    IF NEW.action = 'trial' THEN
        IF NEW.trial->>'errors' IS NULL OR NEW.trial->>'customers' IS NULL OR NEW.trial->>'passing' IS NULL
           OR NEW.trial->>'generation' IS NULL THEN
            RAISE EXCEPTION 'a trial says unit, generation, customers, passing and errors' USING ERRCODE = 'CX003',
                HINT = format('run it: crmx formula trial %s', v.version);
        ELSIF v.formula IS NULL AND resolved IS NULL THEN
            RAISE EXCEPTION 'version % has no formula, and neither has the head office for % customers', v.version, v.customer_type
                USING ERRCODE = 'CX003', HINT = format('give it one: crmx formula edit %s --file FILE', v.version);
        END IF;
        IF (NEW.trial->>'errors')::bigint <> 0 OR (NEW.trial->>'customers')::bigint = 0 THEN NEW.to_state := 'draft'; END IF;
        NEW.trial := NEW.trial || jsonb_build_object('resolved', resolved);
        v.trial_no := CASE NEW.to_state WHEN 'trialled' THEN NEW.action_no END;
    ELSIF NEW.action IN ('submit', 'approve', 'activate') THEN
        SELECT trial INTO tried FROM crmx.parameter_action
        WHERE action_no = v.trial_no AND version = v.version AND action = 'trial' AND digest = v.digest;
        IF tried IS NULL OR (tried->>'errors')::bigint <> 0 THEN
            RAISE EXCEPTION 'version % was not tried as it is now', v.version USING ERRCODE = 'CX001',
                HINT = format('try it: crmx formula trial %s', v.version);
        ELSIF tried->>'resolved' IS DISTINCT FROM resolved THEN
            RAISE EXCEPTION 'what version % inherits from the head office has changed since its trial', v.version
                USING ERRCODE = 'CX001', HINT = CASE NEW.action WHEN 'submit' THEN 'try it again: crmx formula trial '
                    ELSE 'send it back and try it again: crmx formula reject ' END || v.version;
        END IF;
    END IF;
    IF NEW.action = 'approve' THEN
        IF NEW.actor = v.author OR EXISTS (SELECT FROM crmx.parameter_action WHERE version = v.version AND actor = NEW.actor
                                           AND action IN ('draft', 'import', 'edit', 'submit')) THEN
            RAISE EXCEPTION '% has made version % and may not approve it', NEW.actor, v.version USING ERRCODE = 'CX002',
                HINT = 'a second person approves: crmx operator list shows the checkers';
        END IF;
        v.approved_by := NEW.actor;
        v.approved_at := NEW.at;
    END IF;

    v.state := NEW.to_state;
    IF NEW.action IN ('draft', 'import') THEN
        INSERT INTO crmx.parameter_version SELECT v.*;
    ELSE
        UPDATE crmx.parameter_version SET state = v.state, formula = v.formula, threshold = v.threshold,
            challenger = v.challenger, digest = v.digest, trial_no = v.trial_no, approved_by = v.approved_by, approved_at = v.approved_at
        WHERE version = v.version;
    END IF;
    IF NEW.action IN ('activate', 'rollback', 'retire') THEN PERFORM crmx_store.parameter_request(v, NEW); END IF;
    PERFORM crmx_store.note(NEW.actor, NEW.os_user, 'formula', v.version::text, NEW.action, NEW.from_state, NEW.to_state,
                            NEW.reason, v.digest);
    RETURN NEW;
END
$body$;
COMMENT ON FUNCTION crmx_store.parameter_act() IS 'Trigger of crmx.parameter_action: the rules and the change';
CREATE TRIGGER act BEFORE INSERT ON crmx.parameter_action FOR EACH ROW EXECUTE FUNCTION crmx_store.parameter_act();
SELECT crmx_store.guard('crmx.parameter_version', 'result');
SELECT crmx_store.guard('crmx.parameter_action', 'append');
SELECT crmx_store.guard('crmx.parameter_activation', 'result');
