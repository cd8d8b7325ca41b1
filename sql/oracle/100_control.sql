-- Control totals and rejects, named as the engine names its own (totals.tsv, rejects.tsv), so that a comparison is a diff.
--
-- Out: oracle.control(line): NAME, currency, records, amount with tabs between; oracle.reject_line(no, line): FILE, line, reason.

CREATE TABLE oracle.control (name text, currency text DEFAULT '', records bigint, amount numeric);

-- FILE.read, .accepted, .rejected, .header_trailer
CREATE PROCEDURE oracle.control_file(f oracle.source_file) LANGUAGE plpgsql AS $$
DECLARE
    marks bigint := (SELECT count(*) FROM oracle.marks m WHERE m.file_no = f.file_no);
BEGIN
    EXECUTE format('INSERT INTO oracle.control SELECT %L || k, '''', v FROM (SELECT count(*) AS n, count(*) FILTER (WHERE reason IS NULL) AS a FROM oracle.%I WHERE file_no = %s) z, '
                   'LATERAL (VALUES (''.read'', n + %s), (''.accepted'', a), (''.rejected'', n - a)) t(k, v)', f.name, 'decoded_' || f.layout, f.file_no, marks);
    IF marks > 0 THEN INSERT INTO oracle.control VALUES (f.name || '.header_trailer', '', marks); END IF;
END $$;

-- LAYOUT.revalued, LAYOUT.AMOUNT.revalued: how many rows, and how much, are worth something else than their share of the account's value.
CREATE PROCEDURE oracle.control_revalued(l oracle.layout) LANGUAGE plpgsql AS $$
DECLARE
    f oracle.field;
BEGIN
    FOR f IN SELECT * FROM oracle.field x WHERE l.class = 'account' AND x.layout = l.name AND x.computed LIKE '%*%' LOOP
        EXECUTE format('INSERT INTO oracle.control SELECT %1$L, '''', n, NULL FROM (SELECT count(*) AS n FROM oracle.%2$I WHERE integrated IS NOT NULL AND NOT dropped AND %3$I <> %4$I) z WHERE n > 0',
                       l.name || '.revalued', 'holding_' || l.name, 'f_' || f.name, 'shared_' || f.name);
        EXECUTE format('INSERT INTO oracle.control SELECT %1$L, the_currency, NULL, sum(%3$I - %4$I) FROM oracle.%2$I WHERE integrated IS NOT NULL AND NOT dropped GROUP BY 2',
                       l.name || '.' || f.name || '.revalued', 'holding_' || l.name, 'f_' || f.name, 'shared_' || f.name);
    END LOOP;
END $$;

-- LAYOUT.accepted, .orphans, .rows in records; LAYOUT.AMOUNT.accepted, .counted, .orphans in money for the fields kept hot. An orphan is an
-- account without an owner, or the part of an owner who is no customer.
CREATE PROCEDURE oracle.control_table(l oracle.layout) LANGUAGE plpgsql AS $$
DECLARE
    f record;
BEGIN
    EXECUTE format('INSERT INTO oracle.control SELECT %L || ''.accepted'', '''', count(*) FROM oracle.%I WHERE reason IS NULL', l.name, 'decoded_' || l.name);
    EXECUTE format('INSERT INTO oracle.control SELECT %L || k, '''', v FROM (SELECT count(*) FILTER (WHERE integrated IS NULL) AS orphans, count(DISTINCT (file_no, position, integrated)) FILTER (WHERE integrated IS NOT NULL AND NOT dropped) AS rows FROM oracle.%I) z, '
                   'LATERAL (VALUES (''.orphans'', orphans), (''.rows'', rows)) t(k, v)', l.name, 'owned_' || l.name);
    FOR f IN SELECT x.name, x.scale FROM oracle.field x JOIN oracle.ini i ON (i.kind, i.name, i.section, i.key) = ('layout', l.name, 'fields', x.name)
             WHERE l.class = 'account' AND x.layout = l.name AND x.type = 'amount' AND i.value ~ '\mkeep=hot\M' ORDER BY x.ord LOOP
        EXECUTE format('INSERT INTO oracle.control SELECT %L || ''.accepted'', %s, NULL, sum(%I) * ''1e-%s''::numeric FROM oracle.%I WHERE reason IS NULL GROUP BY 2',
                       l.name || '.' || f.name, oracle.role_sql(l.name, 'currency', quote_literal(oracle.unit_setting('base_currency', NULL))), 'f_' || f.name, f.scale, 'decoded_' || l.name);
        EXECUTE format('INSERT INTO oracle.control SELECT %1$L || CASE WHEN integrated IS NULL THEN ''.orphans'' ELSE ''.counted'' END, the_currency, NULL, sum(%2$I) FROM oracle.%3$I WHERE NOT dropped GROUP BY 1, 2',
                       l.name || '.' || f.name, 'f_' || f.name, 'holding_' || l.name);
    END LOOP;
END $$;

-- without_rate.TYPE.MEASURE: the accounts of a measure that count 0 for want of an interest rate, once for each of their owners.
CREATE PROCEDURE oracle.control_without_rate(m oracle.measure, word text) LANGUAGE plpgsql AS $$
DECLARE
    missing text := oracle.without_rate_sql(m.expression);
    l text;
BEGIN
    IF missing IS NULL THEN RETURN; END IF;
    INSERT INTO oracle.control VALUES ('without_rate.' || word || '.' || m.alias, '', 0);
    FOR l IN SELECT name FROM oracle.layout x WHERE x.class = 'account' AND ('accounts' = ANY (m.tables) OR x.name = ANY (m.tables) OR x.system = ANY (m.tables)) LOOP
        EXECUTE format('UPDATE oracle.control SET records = records + (SELECT count(*) FROM oracle.%I h JOIN oracle.integrated i ON i.number = h.integrated '
                       'WHERE NOT dropped AND i.customer_type = %L AND (%s) AND (%s)) WHERE name = %L',
                       'holding_' || l, m.customer_type, coalesce(nullif(oracle.expression_sql(m.customer_type, m.predicate, true), ''), 'true'), missing,
                       'without_rate.' || word || '.' || m.alias);
    END LOOP;
END $$;

-- scored.TYPE, score.all.TYPE, score.selected.TYPE, selected.TYPE, excluded.TYPE, measure.TYPE.NAME
CREATE PROCEDURE oracle.control_type(a_type text, word text) LANGUAGE plpgsql AS $$
DECLARE
    m oracle.measure;
BEGIN
    EXECUTE format('INSERT INTO oracle.control SELECT k || ''.%s'', '''', r, a FROM (SELECT count(*) AS n, coalesce(sum(r_score::numeric), 0) * 0.01 AS v, count(x.number) AS m, '
                   'coalesce(sum(r_score::numeric) FILTER (WHERE x.number IS NOT NULL), 0) * 0.01 AS w, '
                   'count(*) FILTER (WHERE s.number IN (SELECT number FROM oracle.excluded_customer)) AS e FROM oracle.%I s LEFT JOIN oracle.selected x USING (number)) z, '
                   'LATERAL (VALUES (''scored'', n, NULL), (''score.all'', NULL, v), (''score.selected'', NULL, w), (''selected'', m, NULL), (''excluded'', e, NULL)) t(k, r, a)',
                   word, 'scored_' || a_type);
    FOR m IN SELECT * FROM oracle.measure WHERE customer_type = a_type LOOP
        CALL oracle.control_without_rate(m, word);
        EXECUTE format('INSERT INTO oracle.control SELECT %L, '''', NULL, coalesce(sum(%I), 0) * %s FROM oracle.%I', 'measure.' || word || '.' || m.alias, 'm_' || m.alias,
                       CASE m.type WHEN 'money' THEN '0.01' ELSE '1' END, 'measured_' || a_type);
    END LOOP;
END $$;

DO $$
DECLARE
    f oracle.source_file;
    l oracle.layout;
    t record;
    o record;
BEGIN
    FOR f IN SELECT * FROM oracle.source_file LOOP
        CALL oracle.control_file(f);
    END LOOP;
    FOR l IN SELECT * FROM oracle.layout x WHERE x.class IN ('account', 'contact', 'address') LOOP
        CALL oracle.control_table(l);
        CALL oracle.control_revalued(l);
    END LOOP;
    FOR t IN SELECT customer_type, CASE customer_type WHEN 'P' THEN 'personal' ELSE 'corporate' END AS word FROM oracle.formula LOOP
        CALL oracle.control_type(t.customer_type, t.word);
    END LOOP;
    FOR o IN SELECT * FROM oracle.output LOOP
        EXECUTE format('INSERT INTO oracle.control SELECT %L, '''', count(*) FROM oracle.%I', 'rows.' || o.file, 'out_' || o.name);
    END LOOP;
END $$;
INSERT INTO oracle.control SELECT 'customer_records.accepted', '', (SELECT count(*) FROM oracle.customer) + (SELECT count(*) FROM oracle.superseded);
INSERT INTO oracle.control SELECT 'customer_records.superseded', '', count(*) FROM oracle.superseded;
INSERT INTO oracle.control SELECT 'integrated', '', count(*) FROM oracle.integrated;
INSERT INTO oracle.control SELECT 'selected', '', count(*) FROM oracle.selected;

CREATE TABLE oracle.reject_line AS
SELECT row_number() OVER (ORDER BY file_no, position) AS no, s.name || E'\t' || position || E'\t' || reason AS line
FROM oracle.reject JOIN oracle.source_file s USING (file_no);
