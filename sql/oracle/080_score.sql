-- Measures, score, results, selection.
--
-- Out: oracle.measured_P, oracle.measured_C (number, one column m_ALIAS a measure, in minor units or whole numbers),
--      oracle.scored_P, oracle.scored_C (besides: r_score, r_RESULT as delivered, terms: what each term adds to the score), oracle.selected(number).

-- The SQL of one measure: a value a customer. Sums are exact (numeric); a conversion is divided and rounded once, half away from zero.
CREATE FUNCTION oracle.measure_sql(m oracle.measure) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    parts text;
    value text := CASE m.aggregate WHEN 'count' THEN 'count(*)' ELSE m.aggregate || '(v)' END;
BEGIN
    SELECT string_agg(format('SELECT integrated, %s AS v FROM oracle.%I WHERE integrated IS NOT NULL AND NOT dropped AND (%s)',
               CASE m.aggregate WHEN 'count' THEN '1' ELSE oracle.expression_sql(m.customer_type, m.expression, true) END, 'holding_' || l.name,
               coalesce(nullif(oracle.expression_sql(m.customer_type, m.predicate, true), ''), 'true')), ' UNION ALL ')
    INTO STRICT parts
    FROM oracle.layout l WHERE l.class = 'account' AND ('accounts' = ANY (m.tables) OR l.name = ANY (m.tables) OR l.system = ANY (m.tables));
    RETURN format('SELECT integrated AS number, round(%s * %s) AS v FROM (%s) z GROUP BY integrated', value, CASE m.type WHEN 'money' THEN 100 ELSE 1 END, parts);
END $$;

CREATE PROCEDURE oracle.make_measured(a_type text) LANGUAGE plpgsql AS $$
DECLARE
    m oracle.measure;
    columns text := '';
    joins text := '';
BEGIN
    FOR m IN SELECT * FROM oracle.measure x WHERE x.customer_type = a_type ORDER BY x.no LOOP
        columns := columns || format(', coalesce(j%s.v, 0) AS %I', m.no, 'm_' || m.alias);
        joins := joins || format(E'\nLEFT JOIN (%s) j%s USING (number)', oracle.measure_sql(m), m.no);
    END LOOP;
    EXECUTE format('CREATE UNLOGGED TABLE oracle.%I AS SELECT i.number%s FROM oracle.integrated i%s WHERE i.customer_type = %L', 'measured_' || a_type, columns, joins, a_type);
END $$;

-- Definitions in the order of the file; each level sees the values (v_) of those above. Results are rounded, and seen rounded.
CREATE PROCEDURE oracle.make_scored(a_type text) LANGUAGE plpgsql AS $$
DECLARE
    yuan boolean := oracle.formula_setting(a_type, 'unit', 'yuan') = 'yuan';
    mode text := oracle.formula_setting(a_type, 'rounding', 'half_up');
    scale text;
    source text;
    d oracle.definition;
BEGIN
    SELECT format('SELECT *%s FROM oracle.%I', string_agg(format(', %I::float8%s AS %I', 'm_' || alias,
               CASE WHEN yuan AND type = 'money' THEN ' / 100::float8' ELSE '' END, 'v_' || alias), '' ORDER BY no), 'measured_' || a_type)
    INTO source FROM oracle.measure WHERE customer_type = a_type;
    FOR d IN SELECT * FROM oracle.definition x WHERE x.customer_type = a_type ORDER BY x.no LOOP
        IF d.is_let OR d.type IN ('code', 'boolean') THEN
            source := format('SELECT *, %s AS %I FROM (%s) z%s', oracle.expression_sql(a_type, d.words, false), 'v_' || d.name, source, d.no);
            IF NOT d.is_let THEN source := format('SELECT *, %I AS %I FROM (%s) y%s', 'v_' || d.name, 'r_' || d.name, source, d.no); END IF;
        ELSE
            scale := CASE WHEN yuan AND d.type = 'money' THEN '100::float8' ELSE '1::float8' END;
            IF d.name = 'score' THEN
                SELECT format('SELECT *, ARRAY[%s]::float8[] AS terms FROM (%s) x%s',
                           string_agg(format('oracle.rounded((%s(%s))::float8 * %s, %L)', CASE WHEN t.negative THEN '-' ELSE '' END,
                                             oracle.expression_sql(a_type, t.words, false), scale, mode), ', ' ORDER BY t.no), source, d.no)
                INTO source FROM oracle.term t WHERE t.customer_type = a_type;
            END IF;
            source := format('SELECT *, oracle.rounded((%s)::float8 * %s, %L) AS %I FROM (%s) z%s', oracle.expression_sql(a_type, d.words, false), scale, mode, 'r_' || d.name, source, d.no);
            source := format('SELECT *, %I / %s AS %I FROM (%s) y%s', 'r_' || d.name, scale, 'v_' || d.name, source, d.no);
        END IF;
    END LOOP;
    EXECUTE format('CREATE UNLOGGED TABLE oracle.%I AS %s', 'scored_' || a_type, source);
    EXECUTE format('CREATE UNIQUE INDEX ON oracle.%I (number)', 'scored_' || a_type);
END $$;

SET search_path = oracle, pg_catalog;
DO $$
DECLARE
    f record;
BEGIN
    FOR f IN SELECT customer_type FROM oracle.formula LOOP
        CALL oracle.make_measured(f.customer_type);
        IF to_regproc('oracle.add_averages') IS NOT NULL THEN CALL oracle.add_averages(f.customer_type); END IF; -- day by day only
        CALL oracle.make_scored(f.customer_type);
    END LOOP;
END $$;
RESET search_path;

-- The exclusion list: numbers in one form; an entry counts to its last day. A placeholder number is nobody.
CREATE TABLE oracle.excluded (class text, number text);
DO $$
DECLARE
    l record;
BEGIN
    FOR l IN SELECT * FROM oracle.layout WHERE class = 'exclusion' LOOP
        EXECUTE format('INSERT INTO oracle.excluded SELECT i.class, i.number FROM oracle.%I d, oracle.identity(%s, %s, %L, %L, %L) i '
                       'WHERE reason IS NULL AND NOT i.never AND (%s IS NULL OR %s >= %L::date)',
                       'decoded_' || l.name, oracle.role_sql(l.name, 'id_type', NULL), oracle.role_sql(l.name, 'id_no', NULL), l.encoding,
                       oracle.profile('fold', 'full'), oracle.profile('separators', 'yes') = 'yes',
                       oracle.role_sql(l.name, 'expires', 'NULL::date'), oracle.role_sql(l.name, 'expires', 'NULL::date'), oracle.parameter('date'));
    END LOOP;
END $$;

CREATE UNLOGGED TABLE oracle.excluded_customer AS
SELECT DISTINCT c.integrated AS number FROM oracle.excluded e JOIN oracle.customer c ON (c.class, c.number) = (e.class, e.number) AND NOT c.never;

CREATE UNLOGGED TABLE oracle.selected (number bigint PRIMARY KEY);
DO $$
DECLARE
    f record;
BEGIN
    FOR f IN SELECT customer_type FROM oracle.formula LOOP
        EXECUTE format('INSERT INTO oracle.selected SELECT number FROM oracle.%I WHERE r_score >= %s AND number NOT IN (SELECT number FROM oracle.excluded_customer)',
                       'scored_' || f.customer_type, oracle.threshold_minor(f.customer_type));
    END LOOP;
END $$;
ANALYZE oracle.selected;

-- Reason codes: the terms that add most to the score, the earlier one first where two add the same; what adds nothing is no reason. 0: none.
CREATE FUNCTION oracle.reason(terms float8[], place int) RETURNS int LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce((SELECT no::int FROM unnest(terms) WITH ORDINALITY AS t(adds, no) WHERE adds > 0 ORDER BY adds DESC, no LIMIT 1 OFFSET place - 1), 0) $$;
CREATE FUNCTION oracle.reason_name(a_type text, reason int) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT name FROM oracle.term WHERE customer_type = a_type AND no = reason $$;
