-- Records: every file cut into lines. A byte is a character: the bytes are read as LATIN1, so that offsets in layouts are
-- positions in the text; fields that are looked at as text are decoded later.
--
-- Out: oracle.source_file, oracle.record_LAYOUT(file_no, position, byte_offset, line), oracle.marks. position counts all records of the file
-- from 1, header and trailer too, as an operator counts lines; byte_offset counts the bytes before the record.

CREATE FUNCTION oracle.glob_matches(name text, pattern text) RETURNS boolean LANGUAGE sql IMMUTABLE AS
$$ SELECT name ~ ('^' || replace(replace(regexp_replace(pattern, '([.+^$(){}|\\])', '\\\1', 'g'), '*', '.*'), '?', '.') || '$') $$;

CREATE TABLE oracle.source_file AS
SELECT l.name AS layout, l.class, l.priority, l.ord, a.name, a.path,
       row_number() OVER (ORDER BY l.class <> 'customer', l.priority, l.ord, a.name COLLATE "C")::int AS file_no
FROM oracle.layout l JOIN oracle.arrived a
     ON EXISTS (SELECT FROM oracle.words(l.files) p WHERE oracle.glob_matches(a.name, p));

-- The records of one file as its line ends say.
CREATE FUNCTION oracle.lines(content text, line_end text, record_length int) RETURNS TABLE (line text, place bigint, bytes_before bigint) LANGUAGE plpgsql AS $$
BEGIN
    IF line_end = 'none' THEN
        RETURN QUERY SELECT substr(content, n * record_length + 1, record_length), n::bigint + 1, n::bigint * record_length
                     FROM generate_series(0, (length(content) - 1) / record_length) n WHERE content <> '';
    ELSE
        IF content = '' THEN RETURN; END IF;
        IF right(content, 1) <> E'\n' THEN content := content || E'\n'; END IF; -- the last record may lack its line end
        RETURN QUERY SELECT CASE WHEN line_end = 'lf' OR right(l, 1) <> E'\r' THEN l ELSE left(l, -1) END, n, sum(length(l) + 1) OVER (ORDER BY n) - length(l) - 1
                     FROM string_to_table(content, E'\n') WITH ORDINALITY AS t(l, n)
                     WHERE n < (SELECT count(*) FROM string_to_table(content, E'\n')); -- nothing stands behind the last line end
    END IF;
END $$;

CREATE TABLE oracle.marks (file_no int, position bigint);

DO $$
DECLARE
    l record;
    f record;
BEGIN
    FOR l IN SELECT * FROM oracle.layout LOOP
        EXECUTE format('CREATE UNLOGGED TABLE oracle.%I (file_no int, position bigint, byte_offset bigint, line text)', 'record_' || l.name);
        FOR f IN SELECT * FROM oracle.source_file WHERE layout = l.name LOOP
            EXECUTE format('INSERT INTO oracle.%I SELECT $1, place, bytes_before, line FROM oracle.lines(convert_from(pg_read_binary_file($2), ''LATIN1''), $3, $4)',
                           'record_' || l.name) USING f.file_no, f.path, l.line_end, l.record_length;
        END LOOP;
        -- The header is the first record, the trailer the last one, if they carry their mark.
        EXECUTE format('WITH d AS (DELETE FROM oracle.%1$I r USING oracle.mark m, (SELECT file_no, max(position) AS last FROM oracle.%1$I GROUP BY file_no) z '
                       'WHERE m.layout = %2$L AND z.file_no = r.file_no AND substr(r.line, m.off + 1, length(m.match)) = m.match '
                       'AND r.position = CASE m.section WHEN ''header'' THEN 1 ELSE z.last END RETURNING r.file_no, r.position) INSERT INTO oracle.marks SELECT * FROM d',
                       'record_' || l.name, l.name);
    END LOOP;
END $$;
