-- Control totals and rejects, as lines.
--
-- Out: oracle.control(line): FILE.read, .accepted, .rejected, .orphans, FILE.sum.FIELD.CURRENCY (accepted records, orphans included, at the
--      field's scale); integrated, selected, excluded, score.all, score.selected, rows.FILE.
--      oracle.reject_line(no, line): FILE, position in ten digits, reason in eight, a blank between.

CREATE TABLE oracle.control (line text);

DO $$
DECLARE
    f record;
    a record;
    o record;
BEGIN
    FOR f IN SELECT s.*, l.system FROM oracle.source_file s JOIN oracle.layout l ON l.name = s.layout LOOP
        EXECUTE format('INSERT INTO oracle.control SELECT %L || k || v FROM (SELECT count(*) AS n, count(*) FILTER (WHERE reason IS NULL) AS a FROM oracle.%I WHERE file_no = %s) z, '
                       'LATERAL (VALUES (''.read '', n), (''.accepted '', a), (''.rejected '', n - a)) t(k, v)', f.name, 'decoded_' || f.layout, f.file_no);
        CONTINUE WHEN f.class NOT IN ('account', 'contact', 'address');
        EXECUTE format('INSERT INTO oracle.control SELECT %L || ''.orphans '' || count(*) FROM oracle.%I d WHERE file_no = %s AND reason IS NULL '
                       'AND NOT EXISTS (SELECT FROM oracle.%I w WHERE (w.file_no, w.position) = (d.file_no, d.position))',
                       f.name, 'decoded_' || f.layout, f.file_no, 'owned_' || f.layout);
        CONTINUE WHEN f.class <> 'account';
        FOR a IN SELECT name FROM oracle.field WHERE layout = f.layout AND type = 'amount' ORDER BY ord LOOP
            EXECUTE format('INSERT INTO oracle.control SELECT %1$L || ''.sum.%2$s.'' || currency || '' '' || sum(v) FROM (SELECT %3$s AS currency, %4$I AS v FROM oracle.%5$I WHERE file_no = %6$s AND reason IS NULL) z GROUP BY currency',
                           f.name, a.name, oracle.role_sql(f.layout, 'currency', quote_literal(oracle.unit_setting('base_currency', NULL))), 'f_' || a.name, 'decoded_' || f.layout, f.file_no);
        END LOOP;
    END LOOP;
    INSERT INTO oracle.control SELECT 'integrated ' || count(*) FROM oracle.integrated;
    INSERT INTO oracle.control SELECT 'selected ' || count(*) FROM oracle.selected;
    EXECUTE (SELECT 'INSERT INTO oracle.control SELECT ''score.all '' || coalesce(sum(r_score::numeric), 0) FROM (' || coalesce(string_agg(format('SELECT r_score FROM oracle.%I', 'scored_' || customer_type), ' UNION ALL '), 'SELECT 0 AS r_score') || ') z' FROM oracle.formula);
    EXECUTE (SELECT 'INSERT INTO oracle.control SELECT ''score.selected '' || coalesce(sum(r_score::numeric), 0) FROM (' || coalesce(string_agg(format('SELECT number, r_score FROM oracle.%I', 'scored_' || customer_type), ' UNION ALL '), 'SELECT 0 AS number, 0 AS r_score') || ') z JOIN oracle.selected USING (number)' FROM oracle.formula);
    FOR o IN SELECT * FROM oracle.output LOOP
        EXECUTE format('INSERT INTO oracle.control SELECT %L || count(*) FROM oracle.%I', 'rows.' || o.file || ' ', 'out_' || o.name);
    END LOOP;
    INSERT INTO oracle.control SELECT 'rows.REJECT ' || count(*) FROM oracle.reject;
END $$;

CREATE TABLE oracle.reject_line AS
SELECT row_number() OVER (ORDER BY file_no, position) AS no, s.name || ' ' || lpad(position::text, 10, '0') || ' ' || rpad(reason, 8) AS line
FROM oracle.reject JOIN oracle.source_file s USING (file_no);
