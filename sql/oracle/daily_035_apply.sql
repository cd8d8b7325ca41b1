-- The change lists of a day, record by record (docs/decisions/007): what was accepted of them changes the images in kept.record; the last
-- record of a key counts. Then the layouts of the unloads are decoded again from the images, as if a full unload had come today.
--
-- In : decoded_LAYOUT of today's files. Out: kept.record, kept.former; record_LAYOUT, decoded_LAYOUT of the unloads' layouts.

CREATE TABLE oracle.base AS
SELECT l.name, l.class, l.system, l.priority, l.ord, l.record_length,
       CASE l.class WHEN 'account' THEN '{account,sub_account,currency,cash_flag}' WHEN 'relation' THEN '{account,sub_account,source_no}' ELSE '{source_no}' END::text[] AS key_roles
FROM oracle.layout l WHERE l.class IN ('customer', 'account', 'relation', 'contact', 'address');

CREATE TABLE oracle.change AS
SELECT l.name, b.name AS base, b.class, b.key_roles, b.record_length AS base_length
FROM oracle.layout l JOIN oracle.base b ON b.name = oracle.setting('layout', l.name, 'layout', 'of', NULL)
WHERE l.class = b.class || '_change';

-- SQL text of a record's key, over the column line.
CREATE FUNCTION oracle.key_sql(a_layout text, roles text[]) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT string_agg(format('btrim(substr(line, %s, %s), '' '')', f.off + 1, f.len), ' || '' | '' || ' ORDER BY r.ord)
    FROM unnest(roles) WITH ORDINALITY AS r(role, ord) JOIN oracle.field f ON f.layout = a_layout AND f.role = r.role $$;

-- SQL text of the line as the unload would have it: each field in its own place.
CREATE FUNCTION oracle.base_line_sql(a_change text, a_base text, base_length int) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    f record;
    line text := format('repeat('' '', %s)', base_length);
BEGIN
    FOR f IN SELECT b.off, b.len, c.off AS from_off, c.len AS from_len FROM oracle.field b JOIN oracle.field c ON c.layout = a_change AND c.name = b.name WHERE b.layout = a_base LOOP
        line := format('overlay(%s placing substr(line, %s, %s) from %s for %s)', line, f.from_off + 1, f.from_len, f.off + 1, f.len);
    END LOOP;
    RETURN line;
END $$;

CREATE TABLE oracle.today (base text, class text, key text, no int, action text, line text, at bigint);
DO $$
DECLARE
    c record;
    b record;
BEGIN
    -- A full unload: every image is new, what is absent is gone.
    FOR b IN SELECT * FROM oracle.base LOOP
        EXECUTE format('INSERT INTO oracle.today SELECT %1$L, %2$L, key, CASE WHEN %3$L THEN n ELSE 1 END, ''N'', line, at FROM (SELECT %4$s AS key, line, '
                       'row_number() OVER (ORDER BY file_no, position) AS at, row_number() OVER (PARTITION BY %4$s ORDER BY file_no, position) AS n FROM oracle.%5$I WHERE reason IS NULL) z',
                       b.name, b.class, b.class IN ('contact', 'address'), oracle.key_sql(b.name, b.key_roles), 'decoded_' || b.name);
    END LOOP;
    FOR c IN SELECT * FROM oracle.change LOOP
        EXECUTE format('INSERT INTO oracle.today SELECT %1$L, %2$L, key, CASE WHEN %3$L THEN n ELSE 1 END, f_action, %4$s, at FROM (SELECT %5$s AS key, line, f_action, '
                       'row_number() OVER (ORDER BY file_no, position) AS at, row_number() OVER (PARTITION BY %5$s ORDER BY file_no, position) AS n FROM oracle.%6$I WHERE reason IS NULL) z',
                       c.base, c.class, c.class IN ('contact', 'address'), oracle.base_line_sql(c.name, c.base, c.base_length),
                       oracle.key_sql(c.name, c.key_roles), 'decoded_' || c.name);
    END LOOP;
END $$;
-- Several records of one key: the last counts. Contacts come as a set: if the last one says they are ended, they are.
DELETE FROM oracle.today t USING (SELECT base, key, no, at, row_number() OVER (PARTITION BY base, key, no ORDER BY at DESC) AS n FROM oracle.today) z
WHERE (t.base, t.key, t.no, t.at) = (z.base, z.key, z.no, z.at) AND z.n > 1;

INSERT INTO kept.former SELECT r.layout, r.key, r.line FROM kept.record r JOIN oracle.today t ON (t.base, t.key) = (r.layout, r.key) WHERE t.class = 'customer' AND t.action = 'R';
DELETE FROM kept.record r USING oracle.today t WHERE (t.base, t.key) = (r.layout, r.key) AND t.class IN ('contact', 'address');
DELETE FROM kept.record r USING oracle.today t WHERE (t.base, t.key) = (r.layout, r.key)
    AND ((t.class = 'account' AND t.action = 'X') OR (t.class = 'relation' AND t.action = 'D'));
INSERT INTO kept.record (layout, key, no, line, closed)
SELECT base, key, no, line, class = 'customer' AND action = 'D' FROM oracle.today
WHERE NOT (class = 'account' AND action = 'X') AND NOT (class IN ('relation', 'contact', 'address') AND action = 'D')
ON CONFLICT (layout, key, no) DO UPDATE SET line = excluded.line, closed = excluded.closed;

-- As if these were today's files: one of the living records of each layout, one of the closed, one of former identities.
CREATE TABLE oracle.ghost_file (file_no int PRIMARY KEY, ghost text NOT NULL);
TRUNCATE oracle.source_file;
INSERT INTO oracle.source_file (layout, class, priority, ord, name, path, file_no)
SELECT name, class, priority, ord, name || kind, '', (row_number() OVER (ORDER BY class <> 'customer', kind <> '', priority, ord, kind))::int
FROM oracle.base, unnest('{"",.closed,.former}'::text[]) kind WHERE kind = '' OR class = 'customer';
INSERT INTO oracle.ghost_file SELECT file_no, split_part(name, '.', 2) FROM oracle.source_file WHERE name LIKE '%.%';
TRUNCATE oracle.marks;

DO $$
DECLARE
    b record;
    l oracle.layout;
BEGIN
    FOR b IN SELECT * FROM oracle.base LOOP
        EXECUTE format('TRUNCATE oracle.%I', 'record_' || b.name);
        EXECUTE format('INSERT INTO oracle.%1$I SELECT f.file_no, row_number() OVER (PARTITION BY f.file_no ORDER BY z.key COLLATE "C", z.no), 0, z.line FROM '
                       '(SELECT key, no, line, CASE WHEN closed THEN ''.closed'' ELSE '''' END AS kind FROM kept.record WHERE layout = %2$L '
                       'UNION ALL SELECT key, 1, line, ''.former'' FROM kept.former WHERE layout = %2$L) z JOIN oracle.source_file f ON f.name = %2$L || z.kind',
                       'record_' || b.name, b.name);
        EXECUTE format('DROP TABLE oracle.%I', 'decoded_' || b.name);
        SELECT * INTO l FROM oracle.layout x WHERE x.name = b.name;
        CALL oracle.decode_layout(l);
    END LOOP;
END $$;
