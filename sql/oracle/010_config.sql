-- Configuration: the INI files of a working folder (docs/formats.md) as rows.
--
-- In : oracle.text_file(kind, name, content), oracle.parameter(key, value); filled by tests/differential/oracle.
-- Out: oracle.ini, oracle.system, oracle.layout, oracle.field, oracle.mark, oracle.output, oracle.output_field, oracle.id_type.

CREATE TABLE oracle.ini AS
WITH line AS (
    SELECT f.kind, f.name, l.ord, btrim(regexp_replace(l.line, '[;#].*$', ''), E' \t\r') AS line
    FROM oracle.text_file f, string_to_table(f.content, E'\n') WITH ORDINALITY AS l(line, ord)
    WHERE f.kind <> 'formula'
), sectioned AS (
    SELECT kind, name, ord, line, count(*) FILTER (WHERE line LIKE '[%]') OVER (PARTITION BY kind, name ORDER BY ord) AS section_no
    FROM line
), section AS (
    SELECT kind, name, section_no, lower(btrim(line, '[]')) AS section FROM sectioned WHERE line LIKE '[%]'
)
SELECT kind, name, section, ord, lower(btrim(split_part(line, '=', 1), E' \t')) AS key,
       btrim(substr(line, strpos(line, '=') + 1), E' \t') AS value
FROM sectioned JOIN section USING (kind, name, section_no)
WHERE strpos(line, '=') > 0 AND line NOT LIKE '[%]';

-- What the test changes without touching the files: kind, name, section, key, value.
UPDATE oracle.ini i SET value = o.value FROM oracle.override o
WHERE (i.kind, i.name, i.section, i.key) = (o.kind, o.name, o.section, o.key);
INSERT INTO oracle.ini
SELECT o.kind, o.name, o.section, 1000000, o.key, o.value FROM oracle.override o
WHERE NOT EXISTS (SELECT FROM oracle.ini i WHERE (i.kind, i.name, i.section, i.key) = (o.kind, o.name, o.section, o.key));

CREATE FUNCTION oracle.setting(a_kind text, a_name text, a_section text, a_key text, fallback text) RETURNS text LANGUAGE sql STABLE AS
$$ SELECT coalesce((SELECT nullif(value, '') FROM oracle.ini WHERE (kind, name, section, key) = (a_kind, a_name, a_section, a_key)), fallback) $$;

CREATE FUNCTION oracle.unit_setting(key text, fallback text) RETURNS text LANGUAGE sql STABLE AS
$$ SELECT oracle.setting('unit', oracle.parameter('unit'), 'unit', key, fallback) $$;

-- Words of a list value.
CREATE FUNCTION oracle.words(value text) RETURNS SETOF text LANGUAGE sql IMMUTABLE AS
$$ SELECT w FROM regexp_split_to_table(value, '\s+') w WHERE w <> '' $$;

-- OPTION=VALUE among the words of a field line; NULL when it is not there, '' for a bare word.
CREATE FUNCTION oracle.option(words text[], name text) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN w = name THEN '' ELSE substr(w, length(name) + 2) END
   FROM unnest(words) w WHERE w = name OR starts_with(w, name || '=') LIMIT 1 $$;

CREATE TABLE oracle.system AS
SELECT key AS system, value AS letter, row_number() OVER (ORDER BY ord)::int AS priority
FROM oracle.ini WHERE kind = 'unit' AND section = 'systems';

CREATE TABLE oracle.layout AS
SELECT l.name, oracle.setting('layout', l.name, 'layout', 'class', NULL) AS class,
       oracle.setting('layout', l.name, 'layout', 'system', NULL) AS system,
       oracle.setting('layout', l.name, 'layout', 'record_length', NULL)::int AS record_length,
       oracle.setting('layout', l.name, 'layout', 'line_end', 'lf') AS line_end,
       CASE oracle.setting('layout', l.name, 'layout', 'encoding', 'utf-8') WHEN 'gb18030' THEN 'GB18030' ELSE 'UTF8' END AS encoding,
       oracle.setting('layout', l.name, 'layout', 'length_reason', 'LEN') AS length_reason,
       replace(replace(oracle.setting('layout', l.name, 'layout', 'files', NULL), '{unit}', oracle.parameter('unit')),
               '{date}', replace(oracle.parameter('date'), '-', '')) AS files,
       l.ord::int AS ord
FROM regexp_split_to_table(btrim(oracle.unit_setting('layouts', NULL) || ' ' || oracle.unit_setting('changes', '')), '\s+') WITH ORDINALITY AS l(name, ord);

ALTER TABLE oracle.layout ADD COLUMN priority int;
UPDATE oracle.layout l SET priority = coalesce((SELECT s.priority FROM oracle.system s WHERE s.system = l.system), 1000);

CREATE TABLE oracle.field AS
SELECT i.name AS layout, row_number() OVER (PARTITION BY i.name ORDER BY i.ord)::int AS ord, i.key AS name,
       w[1]::int AS off, w[2]::int AS len, w[3] AS type,
       oracle.option(w, 'required') IS NOT NULL AS required,
       oracle.option(w, 'optional') IS NOT NULL AS optional,
       coalesce(oracle.option(w, 'zero') = 'none', false) AS zero_none,
       coalesce(oracle.option(w, 'scale'), '2')::int AS scale,
       coalesce(oracle.option(w, 'sign'), 'leading') AS sign,
       coalesce(oracle.option(w, 'format'), 'yyyymmdd') AS format,
       coalesce(oracle.option(w, 'pivot'), '50')::int AS pivot,
       (SELECT array_agg(CASE v WHEN '_' THEN '' ELSE v END) FROM string_to_table(oracle.option(w, 'values'), ',') v) AS codes,
       split_part(oracle.option(w, 'when'), ':', 1) AS when_field,
       (SELECT array_agg(CASE v WHEN '_' THEN '' ELSE v END)
        FROM string_to_table(split_part(oracle.option(w, 'when'), ':', 2), ',') v) AS when_codes,
       coalesce(oracle.option(w, 'else') = 'any', false) AS else_any,
       coalesce(oracle.option(w, 'reason'), left(upper(i.key), 8)) AS reason,
       coalesce(oracle.option(w, 'role'), i.key) AS role,
       oracle.option(w, 'value') AS computed, -- shares*fund, nav(fund), nav_date(fund): a field without bytes
       oracle.option(w, 'from') AS from_day,
       CASE oracle.option(w, 'to') WHEN 'business_date' THEN oracle.parameter('date') ELSE oracle.option(w, 'to') END AS to_day
FROM oracle.ini i, LATERAL (SELECT array_agg(x) AS w FROM oracle.words(i.value) x) z
WHERE i.kind = 'layout' AND i.section = 'fields' AND i.name IN (SELECT name FROM oracle.layout);

-- Header and trailer marks.
CREATE TABLE oracle.mark AS
SELECT i.name AS layout, i.section, split_part(i.value, ' ', 1)::int AS off, btrim(substr(i.value, strpos(i.value, ' '))) AS match
FROM oracle.ini i
WHERE i.kind = 'layout' AND i.section IN ('header', 'trailer') AND i.key = 'match' AND i.name IN (SELECT name FROM oracle.layout);

CREATE TABLE oracle.output AS
SELECT o.name, o.ord::int AS ord, oracle.setting('output', o.name, 'output', 'file', NULL) AS file,
       oracle.setting('output', o.name, 'output', 'rows', NULL) AS kind,
       string_to_array(oracle.setting('output', o.name, 'output', 'layouts', ''), ' ') AS layouts,
       CASE oracle.setting('output', o.name, 'output', 'encoding', 'utf-8') WHEN 'gb18030' THEN 'GB18030' ELSE 'UTF8' END AS encoding,
       oracle.setting('output', o.name, 'output', 'line_end', 'lf') AS line_end,
       oracle.setting('output', o.name, 'output', 'scope', 'selected') AS scope
FROM regexp_split_to_table(oracle.unit_setting('outputs', NULL), '\s+') WITH ORDINALITY AS o(name, ord);

CREATE TABLE oracle.output_field AS
SELECT i.name AS output, i.ord, i.key AS name, w[1]::int AS len, w[2] AS type, split_part(w[3], '.', 1) AS source,
       substr(w[3], strpos(w[3] || '.', '.') + 1) AS source_name, coalesce(oracle.option(w, 'scale'), '2')::int AS scale
FROM oracle.ini i, LATERAL (SELECT array_agg(x) AS w FROM oracle.words(i.value) x) z
WHERE i.kind = 'output' AND i.section = 'fields' AND i.name IN (SELECT name FROM oracle.output);

CREATE TABLE oracle.id_type AS
SELECT substr(section, 9) AS type, coalesce(max(value) FILTER (WHERE key = 'class'), substr(section, 9)) AS class,
       coalesce(max(value) FILTER (WHERE key = 'rule'), 'plain') AS rule,
       coalesce(max(value) FILTER (WHERE key = 'century'), 'sequence') AS century
FROM oracle.ini
WHERE kind = 'identity' AND name = oracle.unit_setting('identity', NULL) AND section LIKE 'id\_type %'
GROUP BY section;

CREATE FUNCTION oracle.profile(key text, fallback text) RETURNS text LANGUAGE sql STABLE AS
$$ SELECT oracle.setting('identity', oracle.unit_setting('identity', NULL), 'profile', key, fallback) $$;
