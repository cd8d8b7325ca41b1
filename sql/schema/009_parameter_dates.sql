-- Parameters that were decided for a later date. The version before stays in force until then: it is active, and so is the one that
-- comes. Whether a version counts is a matter of dates, which go by without an action: the states follow with the next one.
--
--     number  version  effective_from       on 2026-11-01 … 11-30   from 2026-12-01 on
--     1       1        2026-11-01           counts                  -
--     2       2        2026-12-01           -                       counts
--
-- active: counts on some date that may still be run. retired: on none any more. A version whose date had not come when another one was
-- decided for an earlier one (or was rolled back before it) never counted: it is approved again.

ALTER TABLE crmx.parameter_action ADD COLUMN last_used date;
COMMENT ON COLUMN crmx.parameter_action.last_used IS
    'activate, retire, rollback: the last business date that was run or begun, as the generations have it; null: none';

-- A row counts somewhere when it does on its first day that may still be run: later ones have more rows before it, not fewer.
CREATE FUNCTION crmx_store.parameter_first(of_version bigint, used date) RETURNS date
LANGUAGE sql STABLE SET search_path = pg_catalog AS $body$
    SELECT min(greatest(r.effective_from, used + 1)) FROM crmx.parameter_activation r
    WHERE r.version = of_version AND r.exported_at IS NOT NULL AND NOT EXISTS (
        SELECT FROM crmx.parameter_activation n
        WHERE n.level = r.level AND n.customer_type = r.customer_type AND n.kind <> 'list' AND n.exported_at IS NOT NULL
          AND n.number > r.number AND n.effective_from <= greatest(r.effective_from, used + 1))
$body$;
COMMENT ON FUNCTION crmx_store.parameter_first(bigint, date) IS
    'The first date after the last one that was run (null: any) on which a version counts; null: on none';

-- The states after activation a, which has been exported.
CREATE OR REPLACE FUNCTION crmx_store.parameter_in_force(a crmx.parameter_activation) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $body$
DECLARE
    used date := greatest(crmx_store.parameter_last_used(a.level), (
        SELECT last_used FROM crmx.parameter_action WHERE version = coalesce(a.subject, a.version) AND at = a.requested_at));
BEGIN
    IF a.kind = 'list' THEN
        UPDATE crmx.list_entry SET state = CASE state WHEN 'removed' THEN 'ended' ELSE 'active' END
        WHERE published = a.number AND state IN ('approved', 'removed');
        RETURN;
    END IF;
    UPDATE crmx.parameter_version v SET state = CASE
        WHEN crmx_store.parameter_first(v.version, used) IS NOT NULL THEN 'active'
        WHEN v.version IS DISTINCT FROM a.subject AND v.state = 'active' AND NOT EXISTS (
            SELECT FROM crmx.parameter_activation r WHERE r.version = v.version AND r.effective_from <= a.effective_from) THEN 'approved'
        ELSE 'retired' END
    WHERE v.level = a.level AND v.customer_type = a.customer_type
      AND (v.state IN ('activating', 'active', 'retiring', 'rolling back', 'retired') OR v.version = a.version);
END
$body$;

-- Before an action that needs the dates: what those that were run since have made of the states.
CREATE FUNCTION crmx_store.parameter_settle() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $body$
DECLARE
    of_version crmx.parameter_version;
    used       date;
BEGIN
    PERFORM pg_advisory_xact_lock(1668443514, 0);
    SELECT * INTO of_version FROM crmx.parameter_version WHERE version = NEW.version;
    IF FOUND AND NEW.action IN ('activate', 'retire', 'rollback') THEN
        used := greatest(crmx_store.parameter_last_used(of_version.level), NEW.last_used);
        UPDATE crmx.parameter_version v SET state = CASE v.state WHEN 'active' THEN 'retired' ELSE 'active' END
        WHERE v.level = of_version.level AND v.customer_type = of_version.customer_type
          AND v.state = CASE WHEN crmx_store.parameter_first(v.version, used) IS NULL THEN 'active' ELSE 'retired' END;
    END IF;
    RETURN NEW;
END
$body$;
COMMENT ON FUNCTION crmx_store.parameter_settle() IS 'Trigger of crmx.parameter_action, before the rules: whether a version is active or retired follows from the dates';
CREATE TRIGGER a_settle BEFORE INSERT ON crmx.parameter_action FOR EACH ROW EXECUTE FUNCTION crmx_store.parameter_settle();

-- Activate, roll back, retire: the row that becomes a file.
CREATE OR REPLACE FUNCTION crmx_store.parameter_request(v crmx.parameter_version, a crmx.parameter_action) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $body$
DECLARE
    mine   date;
    first  bigint;
    before bigint;
BEGIN
    PERFORM crmx_store.must_be_future(v.level, a.effective_from);
    IF a.action <> 'activate' THEN
        mine := crmx_store.parameter_first(v.version, greatest(crmx_store.parameter_last_used(v.level), a.last_used));
        IF a.effective_from < mine THEN
            RAISE EXCEPTION 'version % counts from % on; it cannot be % from % on', v.version, mine,
                CASE a.action WHEN 'retire' THEN 'retired' ELSE 'rolled back' END, a.effective_from
                USING ERRCODE = 'CX003', HINT = format('use --from %s or later', mine);
        END IF;
    END IF;
    IF a.action = 'rollback' THEN
        -- What was in force before it was first activated; after a rollback onto it, what came before that time. An activation that was
        -- called off before its date does not count as one, unless there is no other.
        SELECT coalesce(min(r.number) FILTER (WHERE NOT EXISTS (
                   SELECT FROM crmx.parameter_activation n
                   WHERE n.level = r.level AND n.customer_type = r.customer_type AND n.kind <> 'list' AND n.number > r.number
                     AND n.effective_from <= r.effective_from)), min(r.number)) INTO first
        FROM crmx.parameter_activation r WHERE r.version = v.version AND r.kind = 'activate';
        SELECT p.version INTO before FROM crmx.parameter_activation p
        WHERE p.level = v.level AND p.customer_type = v.customer_type AND p.kind <> 'list' AND p.number < first
        ORDER BY p.number DESC LIMIT 1;
    END IF;
    INSERT INTO crmx.parameter_activation (number, kind, level, customer_type, effective_from, version, subject, actor, os_user,
                                           reason, requested_at)
    SELECT coalesce(max(number), 0) + 1, a.action, v.level, v.customer_type, a.effective_from,
           CASE a.action WHEN 'activate' THEN v.version WHEN 'rollback' THEN before END,
           CASE WHEN a.action <> 'activate' THEN v.version END, a.actor, a.os_user, a.reason, a.at
    FROM crmx.parameter_activation;
END
$body$;

-- A version without a formula, where the head office has none either: it counts with the formula of the unit's files, which this database
-- does not have. What was tried, crmx compares by its hash.
CREATE OR REPLACE FUNCTION crmx_store.parameter_resolved(v crmx.parameter_version) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $body$
    SELECT crmx_store.parameter_digest(v.customer_type, coalesce(v.threshold, CASE WHEN v.formula IS NULL THEN h.threshold END),
                                       coalesce(v.formula, h.formula), NULL)
    FROM (SELECT) AS one
    LEFT JOIN LATERAL (
        SELECT a.version FROM crmx.parameter_activation a
        WHERE a.level = 'head' AND a.customer_type = v.customer_type AND a.kind <> 'list' AND v.level <> 'head'
        ORDER BY a.number DESC LIMIT 1) latest ON true
    LEFT JOIN crmx.parameter_version h ON h.version = latest.version
$body$;
COMMENT ON FUNCTION crmx_store.parameter_resolved(crmx.parameter_version) IS
    'Digest of formula and threshold with what is inherited from the head office; without a formula there: of the threshold, which counts with that of the unit''s files';

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA crmx_store FROM PUBLIC;
