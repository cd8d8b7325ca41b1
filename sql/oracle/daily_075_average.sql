-- Average daily balances (docs/formats.md, [averages]): NAME = month|year MEASURE. What the measure comes to each day is added up by number; the
-- sum begins anew with the period; a merged number hands its sum over. The average divides by the days of the period since the first
-- day that was added up at all.
--
-- In : oracle.event; kept.average, kept.average_since. Out: oracle.average, and the procedure by which 080 adds a day and the columns v_NAME.

CREATE TABLE oracle.average AS
SELECT key AS name, split_part(value, ' ', 1) AS period, btrim(substr(value, strpos(value, ' '))) AS measure,
       date_trunc(split_part(value, ' ', 1), oracle.parameter('date')::timestamp)::date AS start
FROM oracle.ini WHERE kind = 'unit' AND name = oracle.parameter('unit') AND section = 'averages';

INSERT INTO kept.average_since SELECT name, oracle.parameter('date')::date FROM oracle.average ON CONFLICT DO NOTHING;
DELETE FROM kept.average k USING oracle.average a WHERE a.name = k.name AND a.start = oracle.parameter('date')::date;
INSERT INTO kept.average SELECT k.name, e.other, sum(k.days) FROM kept.average k JOIN oracle.event e ON e.kind = 'merged' AND e.number = k.number GROUP BY k.name, e.other
ON CONFLICT (name, number) DO UPDATE SET days = kept.average.days + excluded.days;
DELETE FROM kept.average k USING oracle.event e WHERE e.kind = 'merged' AND e.number = k.number;

CREATE PROCEDURE oracle.add_averages(a_type text) LANGUAGE plpgsql AS $$
DECLARE
    a record;
    column_name text;
    prefix bigint := oracle.unit_setting('number_prefix', '0')::bigint * 100000000;
BEGIN
    FOR a IN SELECT x.*, s.since FROM oracle.average x JOIN kept.average_since s USING (name) LOOP
        SELECT 'm_' || alias INTO column_name FROM oracle.measure m WHERE m.customer_type = a_type AND a.measure IN (m.name, m.alias);
        IF column_name IS NOT NULL THEN
            EXECUTE format('INSERT INTO kept.average SELECT %L, number - %s, %I FROM oracle.%I ON CONFLICT (name, number) DO UPDATE SET days = kept.average.days + excluded.days',
                           a.name, prefix, column_name, 'measured_' || a_type);
        END IF;
        EXECUTE format('ALTER TABLE oracle.%I ADD COLUMN %I float8', 'measured_' || a_type, 'v_' || a.name);
        EXECUTE format('UPDATE oracle.%I m SET %I = round(coalesce((SELECT days FROM kept.average k WHERE k.name = %L AND k.number = m.number - %s), 0) / %s)::float8 / %s',
                       'measured_' || a_type, 'v_' || a.name, a.name, prefix,
                       oracle.parameter('date')::date - greatest(a.since, a.start) + 1,
                       CASE oracle.formula_setting(a_type, 'unit', 'yuan') WHEN 'yuan' THEN '100::float8' ELSE '1::float8' END);
    END LOOP;
END $$;
