-- Validation and values: for every layout a statement is written from its fields.
--
-- Out: oracle.decoded_LAYOUT(file_no, position, byte_offset, line, reason, one column f_NAME a field); reason is NULL for accepted records, and only they have
-- values: text trimmed, digits and amounts as integers at the field's scale, dates (NULL: none), codes and currencies as text.

-- Rates are decoded first: whether a currency is right depends on them. The base currency is always 1 for 1.
CREATE TABLE oracle.rate (currency text PRIMARY KEY, rate numeric NOT NULL, per_unit numeric NOT NULL);
INSERT INTO oracle.rate VALUES (oracle.unit_setting('base_currency', NULL), 1, 1);

CREATE FUNCTION oracle.is_digits(s text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT s <> '' AND translate(s, '0123456789', '') = '' $$;
CREATE FUNCTION oracle.is_blank(s text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT btrim(s, ' ') = '' $$;
CREATE FUNCTION oracle.is_zeros(s text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT translate(s, '0', '') = '' $$;

-- All days there are, as each date format writes them (a century of its own for each pivot in use).
CREATE UNLOGGED TABLE oracle.calendar AS
SELECT f.format, f.pivot, d::date AS day,
       CASE f.format WHEN 'yyyymmdd' THEN to_char(d, 'YYYYMMDD') WHEN 'yyyy-mm-dd' THEN to_char(d, 'YYYY-MM-DD')
                     WHEN 'yyyyddd' THEN to_char(d, 'YYYYDDD') WHEN 'yymmdd' THEN to_char(d, 'YYMMDD') END AS written
FROM (SELECT DISTINCT format, CASE format WHEN 'yymmdd' THEN pivot ELSE 0 END AS pivot FROM oracle.field WHERE type = 'date') f,
     generate_series('1900-01-01'::timestamp, '2099-12-31', '1 day') d
WHERE f.format <> 'yymmdd' OR d BETWEEN make_date(1900 + f.pivot, 1, 1) AND make_date(1999 + f.pivot, 12, 31);
CREATE UNIQUE INDEX ON oracle.calendar (format, pivot, written);
ANALYZE oracle.calendar;

-- Net asset values: shares × nav, rounded once, half away from zero (which is what round does).
CREATE TABLE oracle.nav (fund text PRIMARY KEY, nav numeric NOT NULL, currency text NOT NULL, day date NOT NULL);
CREATE FUNCTION oracle.nav_of(a_fund text) RETURNS numeric LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT nav FROM oracle.nav WHERE fund = a_fund $$;

-- An amount as integer, or NULL.
CREATE FUNCTION oracle.amount(s text, sign text) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE sign
        WHEN 'leading' THEN CASE WHEN left(s, 1) IN ('+', '-') AND oracle.is_digits(substr(s, 2)) THEN s::numeric END
        WHEN 'trailing' THEN CASE WHEN right(s, 1) IN ('+', '-') AND oracle.is_digits(left(s, -1)) THEN (right(s, 1) || left(s, -1))::numeric END
        WHEN 'none' THEN CASE WHEN oracle.is_digits(s) THEN s::numeric END
        WHEN 'overpunch' THEN
             CASE WHEN strpos('{ABCDEFGHI}JKLMNOPQR0123456789', right(s, 1)) > 0 AND (length(s) = 1 OR oracle.is_digits(left(s, -1)))
                  THEN (CASE WHEN strpos('}JKLMNOPQR', right(s, 1)) > 0 THEN '-' ELSE '' END || left(s, -1)
                        || ((strpos('{ABCDEFGHI}JKLMNOPQR0123456789', right(s, 1)) - 1) % 10)::text)::numeric END
        END $$;

-- Interest rates by product and currency ('': every currency), percent a year: those in force.
CREATE TABLE oracle.interest (product text, currency text, rate numeric NOT NULL, PRIMARY KEY (product, currency));

-- SQL text of the value of a field, NULL where it is wrong (a date: an error); s is the SQL text of its bytes.
CREATE FUNCTION oracle.value_sql(f oracle.field, s text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE f.type
        WHEN 'text' THEN format('btrim(%s, '' '')', s)
        WHEN 'digits' THEN format('CASE WHEN oracle.is_digits(%1$s) THEN %1$s::numeric END', s)
        WHEN 'amount' THEN format('oracle.amount(%s, %L)', s, f.sign)
        WHEN 'date' THEN CASE WHEN f.format IN ('yyyymmdd', 'yyyy-mm-dd') THEN s || '::date'
                              ELSE format('(SELECT day FROM oracle.calendar k WHERE k.format = %L AND k.pivot = %s AND k.written = %s)',
                                          f.format, CASE f.format WHEN 'yymmdd' THEN f.pivot ELSE 0 END, s) END
        WHEN 'code' THEN format('CASE WHEN rtrim(%1$s, '' '') = ANY (%2$L::text[]) THEN rtrim(%1$s, '' '') END', s, f.codes)
        WHEN 'fund' THEN format('(SELECT fund FROM oracle.nav n WHERE n.fund = btrim(%s, '' '') AND n.currency IN ('''', %s))', s,
                                (SELECT coalesce((SELECT format('substr(line, %s, 3)', c.off + 1) FROM oracle.field c WHERE c.layout = f.layout AND c.type = 'currency'),
                                                 quote_literal(oracle.unit_setting('base_currency', NULL)))))
        WHEN 'currency' THEN format('CASE WHEN %1$s = ANY (%2$L::text[]) THEN %1$s END', s, (SELECT array_agg(currency) FROM oracle.rate))
        END $$;

-- SQL text of a field without bytes: shares*fund, nav(fund), nav_date(fund).
CREATE FUNCTION oracle.computed_sql(f oracle.field) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    fund text;
    shares oracle.field;
BEGIN
    SELECT oracle.value_sql(x, format('substr(line, %s, %s)', x.off + 1, x.len)) INTO STRICT fund FROM oracle.field x
    WHERE x.layout = f.layout AND x.name = rtrim(regexp_replace(f.computed, '^.*[*(]', ''), ')');
    IF f.computed LIKE 'nav\_date(%' THEN RETURN format('(SELECT day FROM oracle.nav WHERE fund = %s)', fund); END IF;
    IF f.computed LIKE 'nav(%' THEN RETURN format('round(oracle.nav_of(%s) * ''1e%s''::numeric)', fund, f.scale); END IF;
    SELECT * INTO STRICT shares FROM oracle.field x WHERE x.layout = f.layout AND x.name = split_part(f.computed, '*', 1);
    RETURN format('round(%s * ''1e%s''::numeric * oracle.nav_of(%s))', oracle.value_sql(shares, format('substr(line, %s, %s)', shares.off + 1, shares.len)),
                  f.scale - shares.scale, fund);
END $$;

-- SQL texts: is the field right, and its value in an accepted record.
CREATE FUNCTION oracle.field_sql(f oracle.field, OUT good text, OUT value text) LANGUAGE plpgsql STABLE AS $$
DECLARE
    s text := format('substr(line, %s, %s)', f.off + 1, f.len);
    none text := CASE WHEN f.type = 'date' THEN 'NULL::date' WHEN f.type IN ('digits', 'amount') THEN '0::numeric' ELSE '''''' END;
    other text := 'false';
    condition text;
BEGIN
    IF f.computed IS NOT NULL THEN
        good := 'true';
        value := oracle.computed_sql(f);
        RETURN;
    END IF;
    value := oracle.value_sql(f, s);
    good := CASE f.type
        WHEN 'text' THEN CASE WHEN f.required THEN format('NOT oracle.is_blank(%s)', s) ELSE 'true' END
        WHEN 'date' THEN format('%s IN (SELECT written FROM oracle.calendar WHERE format = %L AND pivot = %s AND day BETWEEN %L AND %L)', s, f.format,
                                CASE f.format WHEN 'yymmdd' THEN f.pivot ELSE 0 END, coalesce(f.from_day, '1900-01-01'), coalesce(f.to_day, '2099-12-31'))
        ELSE format('(%s) IS NOT NULL', value) END;
    IF f.optional THEN other := format('oracle.is_blank(%s)', s); END IF;
    IF f.zero_none THEN other := format('%s OR oracle.is_zeros(%s) OR oracle.is_blank(%s)', other, s, s); END IF;
    good := format('(%s OR %s)', other, good);
    value := CASE WHEN f.type IN ('text', 'code', 'currency', 'fund') THEN value ELSE format('CASE WHEN %s THEN %s ELSE %s END', other, none, value) END;
    IF f.when_field IS NOT NULL AND f.when_field <> '' THEN
        SELECT format('rtrim(substr(line, %s, %s), '' '') = ANY (%L::text[])', w.off + 1, w.len, f.when_codes) INTO STRICT condition
        FROM oracle.field w WHERE w.layout = f.layout AND w.name = f.when_field;
        good := format('CASE WHEN %s THEN %s ELSE %s END', condition, good,
                       CASE WHEN f.else_any THEN 'true' ELSE format('(oracle.is_zeros(%1$s) OR oracle.is_blank(%1$s))', s) END);
        value := format('CASE WHEN %s THEN %s ELSE %s END', condition, value, none);
    END IF;
END $$;

CREATE PROCEDURE oracle.decode_layout(l oracle.layout) LANGUAGE plpgsql AS $$
DECLARE
    checks text := '';
    columns text := '';
    f oracle.field;
    good text;
    value text;
BEGIN
    FOR f IN SELECT * FROM oracle.field x WHERE x.layout = l.name ORDER BY x.ord LOOP
        SELECT * INTO good, value FROM oracle.field_sql(f);
        checks := checks || format(E'\n  WHEN NOT (%s) THEN %L', good, f.reason);
        columns := columns || format(E',\n  CASE WHEN reason IS NULL THEN %s END AS %I', value, 'f_' || f.name);
    END LOOP;
    EXECUTE format('CREATE UNLOGGED TABLE oracle.%I AS SELECT file_no, position, byte_offset, line, reason%s FROM (SELECT *, CASE WHEN length(line) <> %s THEN %L%s END AS reason FROM oracle.%I OFFSET 0) z',
                   'decoded_' || l.name, columns, l.record_length, l.length_reason, checks, 'record_' || l.name);
    EXECUTE format('ANALYZE oracle.%I', 'decoded_' || l.name);
END $$;


-- Column of the field that plays a role, NULL: none. Columns of fields begin with f_, so that a field may be called line or reason.
CREATE FUNCTION oracle.role(a_layout text, a_role text) RETURNS text LANGUAGE sql STABLE AS
$$ SELECT 'f_' || name FROM oracle.field WHERE layout = a_layout AND role = a_role $$;
-- SQL text of the column with a role, or of a constant.
CREATE FUNCTION oracle.role_sql(layout text, role text, fallback text) RETURNS text LANGUAGE sql STABLE AS
$$ SELECT coalesce(quote_ident(oracle.role(layout, role)), fallback) $$;

DO $$
DECLARE
    l oracle.layout;
BEGIN
    FOR l IN SELECT * FROM oracle.layout x ORDER BY x.class NOT IN ('rate', 'nav', 'interest'), x.priority, x.ord LOOP
        CALL oracle.decode_layout(l);
        IF l.class = 'nav' THEN -- of several days the latest at or before the date
            EXECUTE format('INSERT INTO oracle.nav SELECT DISTINCT ON (1) %1$I, %2$I * ''1e-%3$s''::numeric, %4$s, %5$s FROM oracle.%6$I WHERE reason IS NULL AND %5$s <= %7$L ORDER BY 1, %5$s DESC',
                           oracle.role(l.name, 'fund'), oracle.role(l.name, 'nav'), (SELECT scale FROM oracle.field WHERE layout = l.name AND role = 'nav'),
                           oracle.role_sql(l.name, 'currency', ''''''), oracle.role_sql(l.name, 'date', quote_literal(oracle.parameter('date')) || '::date'),
                           'decoded_' || l.name, oracle.parameter('date'));
        END IF;
        IF l.class = 'interest' THEN
            EXECUTE format('INSERT INTO oracle.interest SELECT DISTINCT ON (1, 2) %1$I, %2$s, %3$I * ''1e-%4$s''::numeric FROM oracle.%5$I WHERE reason IS NULL AND %6$s <= %7$L ORDER BY 1, 2, %6$s DESC',
                           oracle.role(l.name, 'product'), oracle.role_sql(l.name, 'currency', ''''''), oracle.role(l.name, 'rate'),
                           (SELECT scale FROM oracle.field WHERE layout = l.name AND role = 'rate'), 'decoded_' || l.name,
                           oracle.role_sql(l.name, 'date', quote_literal(oracle.parameter('date')) || '::date'), oracle.parameter('date'));
        END IF;
        IF l.class <> 'rate' THEN CONTINUE; END IF;
        EXECUTE format('INSERT INTO oracle.rate SELECT %1$I, %2$I * ''1e-%3$s''::numeric, %4$s FROM oracle.%5$I WHERE reason IS NULL ON CONFLICT DO NOTHING',
                       oracle.role(l.name, 'currency'), oracle.role(l.name, 'rate'),
                       (SELECT scale FROM oracle.field WHERE layout = l.name AND role = 'rate'),
                       oracle.role_sql(l.name, 'per_unit', '1'), 'decoded_' || l.name);
    END LOOP;
END $$;

-- Every rejected record.
CREATE TABLE oracle.reject (file_no int, position bigint, reason text);
DO $$
DECLARE
    l record;
BEGIN
    FOR l IN SELECT name FROM oracle.layout LOOP
        EXECUTE format('INSERT INTO oracle.reject SELECT file_no, position, reason FROM oracle.%I WHERE reason IS NOT NULL', 'decoded_' || l.name);
    END LOOP;
END $$;
