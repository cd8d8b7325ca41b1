-- Output files: every output layout as a table of finished lines.
--
-- Out: oracle.out_NAME(number, priority, file_no, position, line). line has a character a byte (LATIN1), without the line end.

-- Text in a fixed number of bytes: cut between characters, blank-padded.
CREATE FUNCTION oracle.fit(t text, encoding text, width int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    bytes text;
BEGIN
    t := coalesce(t, '');
    IF t !~ '[^\x01-\x7f]' THEN RETURN rpad(left(t, width), width); END IF;
    t := left(t, width);
    LOOP
        bytes := convert_from(convert_to(t, encoding), 'LATIN1');
        IF length(bytes) <= width THEN RETURN rpad(bytes, width); END IF;
        t := left(t, -1);
    END LOOP;
END $$;

CREATE FUNCTION oracle.signed(v numeric, width int) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN v < 0 THEN '-' ELSE '+' END || lpad(trunc(abs(v))::text, width - 1, '0') $$;
CREATE FUNCTION oracle.unsigned(v numeric, width int) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lpad(trunc(v)::text, width, '0') $$;

-- The source of an output field in an input layout: raw bytes, and its value.
CREATE FUNCTION oracle.source_sql(o oracle.output_field, l oracle.layout, encoding text) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    f oracle.field;
    value text;
    scale int := 0;
    decoded text;
BEGIN
    SELECT * INTO f FROM oracle.field x WHERE x.layout = l.name AND x.name = o.source_name AND o.source = 'field';
    decoded := CASE o.source
        WHEN 'number' THEN 'q.integrated' WHEN 'unit' THEN quote_literal(oracle.parameter('unit'))
        WHEN 'business_date' THEN format('%L::date', oracle.parameter('date')) WHEN 'entry_date' THEN format('CASE WHEN EXISTS (SELECT FROM oracle.selected e WHERE e.number = q.integrated) THEN %L::date END', oracle.parameter('date'))
        WHEN 'system' THEN quote_literal((SELECT letter FROM oracle.system WHERE system = l.system))
        WHEN 'score' THEN 's.r_score' WHEN 'result' THEN 's.' || quote_ident('r_' || o.source_name) WHEN 'measure' THEN 's.' || quote_ident('m_' || o.source_name)
        WHEN 'reason' THEN format(CASE o.type WHEN 'text' THEN 'oracle.reason_name(%1$L, %2$s)' ELSE '%2$s' END, encoding,
            format('CASE WHEN EXISTS (SELECT FROM oracle.selected e WHERE e.number = q.integrated) THEN oracle.reason(s.terms, %s) ELSE 0 END', o.source_name))
        WHEN 'id_type' THEN 'q.id_type' WHEN 'id_key' THEN 'q.id_key' WHEN 'customer_type' THEN 'q.customer_type'
        WHEN 'layout' THEN quote_literal(l.name) WHEN 'file' THEN 'q.file' WHEN 'offset' THEN 'd.byte_offset' WHEN 'const' THEN quote_literal(o.source_name)
        WHEN 'record' THEN 'd.line' WHEN 'field' THEN 'd.' || quote_ident('f_' || f.name) END;
    -- What neither the layout nor the formula has is blank or zero.
    IF (o.source = 'field' AND f.name IS NULL) OR (o.source IN ('score', 'result', 'measure', 'reason') AND NOT oracle.formula_has(o, encoding)) THEN decoded := NULL; END IF;
    IF o.type = 'raw' THEN
        IF o.source = 'record' THEN RETURN format('rpad(left(d.line, %1$s), %1$s)', o.len); END IF;
        RETURN CASE WHEN f.name IS NULL THEN quote_literal(repeat(' ', o.len)) ELSE format('rpad(left(substr(d.line, %s, %s), %s), %s)', f.off + 1, f.len, o.len, o.len) END;
    ELSIF o.type = 'date' THEN
        RETURN CASE WHEN decoded IS NULL THEN quote_literal(repeat('0', o.len)) ELSE format('coalesce(to_char(%s, ''YYYYMMDD''), ''00000000'')', decoded) END;
    ELSIF o.type = 'text' THEN
        IF o.source = 'field' AND f.name IS NOT NULL THEN
            decoded := format('oracle.characters(btrim(substr(d.line, %s, %s), '' ''), %L)', f.off + 1, f.len, l.encoding);
        END IF;
        RETURN CASE WHEN decoded IS NULL THEN quote_literal(repeat(' ', o.len)) ELSE format('oracle.fit(%s::text, %L, %s)', decoded, (SELECT x.encoding FROM oracle.output x WHERE x.name = o.output), o.len) END;
    END IF;
    IF f.type = 'amount' THEN scale := f.scale; ELSIF o.source IN ('score', 'result', 'measure') THEN scale := oracle.minor_digits(o, encoding); END IF;
    value := coalesce(decoded, '0') || '::numeric';
    IF o.type = 'amount' AND scale <> o.scale THEN value := format('round((%s) * ''1e%s''::numeric)', value, o.scale - scale); END IF;
    RETURN format('oracle.%s(coalesce(%s, 0), %s)', CASE o.type WHEN 'amount' THEN 'signed' ELSE 'unsigned' END, value, o.len);
END $$;

-- Does the formula of a customer type have this measure or result, and how many decimals does its integer have?
CREATE FUNCTION oracle.formula_has(o oracle.output_field, a_type text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM oracle.formula WHERE customer_type = a_type) AND (o.source IN ('score', 'reason')
        OR (o.source = 'measure' AND EXISTS (SELECT FROM oracle.measure WHERE customer_type = a_type AND alias = o.source_name))
        OR (o.source = 'result' AND EXISTS (SELECT FROM oracle.definition WHERE customer_type = a_type AND name = o.source_name AND NOT is_let))) $$;
CREATE FUNCTION oracle.minor_digits(o oracle.output_field, a_type text) RETURNS int LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN o.source = 'score'
                  OR EXISTS (SELECT FROM oracle.measure WHERE customer_type = a_type AND alias = o.source_name AND o.source = 'measure' AND type = 'money')
                  OR EXISTS (SELECT FROM oracle.definition WHERE customer_type = a_type AND name = o.source_name AND o.source = 'result' AND type = 'money')
                THEN 2 ELSE 0 END $$;

CREATE PROCEDURE oracle.write_rows(o oracle.output, l oracle.layout, a_type text) LANGUAGE plpgsql AS $$
DECLARE
    line text;
    rows text;
BEGIN
    SELECT string_agg(oracle.source_sql(f, l, a_type), E'\n || ' ORDER BY f.ord) INTO line FROM oracle.output_field f WHERE f.output = o.name;
    rows := CASE WHEN o.kind IN ('customer', 'others')
        THEN format('(SELECT c.integrated, c.file_no, c.position, c.id_type, c.number AS id_key, c.customer_type FROM oracle.customer c WHERE c.layout = %L AND c.is_primary = %L)', l.name, o.kind = 'customer')
        ELSE format('(SELECT DISTINCT w.integrated, w.file_no, w.position, c.id_type, c.number AS id_key, c.customer_type FROM oracle.%I w JOIN oracle.integrated i ON i.number = w.integrated JOIN oracle.customer c ON c.id = i.primary_id WHERE NOT w.dropped)', 'owned_' || l.name) END;
    EXECUTE format('INSERT INTO oracle.%I SELECT q.integrated, %s, q.file_no, q.position, %s FROM (SELECT r.*, sf.name AS file FROM %s r JOIN oracle.source_file sf USING (file_no)) q '
                   'JOIN oracle.%I d USING (file_no, position) %s WHERE q.customer_type = %L %s',
                   'out_' || o.name, l.priority, line, rows, 'decoded_' || l.name,
                   CASE WHEN EXISTS (SELECT FROM oracle.formula WHERE customer_type = a_type) THEN format('JOIN oracle.%I s ON s.number = q.integrated', 'scored_' || a_type) ELSE '' END,
                   a_type, CASE o.scope WHEN 'selected' THEN 'AND EXISTS (SELECT FROM oracle.selected x WHERE x.number = q.integrated)' ELSE '' END);
END $$;

DO $$
DECLARE
    o oracle.output;
    l oracle.layout;
    t text;
BEGIN
    FOR o IN SELECT * FROM oracle.output x ORDER BY x.ord LOOP
        EXECUTE format('CREATE UNLOGGED TABLE oracle.%I (number bigint, priority int, file_no int, position bigint, line text)', 'out_' || o.name);
        FOR l IN SELECT * FROM oracle.layout x WHERE (o.kind IN ('customer', 'others') AND x.class = 'customer') OR x.name = ANY (o.layouts) LOOP
            FOREACH t IN ARRAY '{P,C}'::text[] LOOP
                CALL oracle.write_rows(o, l, t);
            END LOOP;
        END LOOP;
    END LOOP;
END $$;
