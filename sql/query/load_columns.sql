-- Columns of a CRM table a file may feed: all but those the loader sets itself.
SELECT a.attname, a.atttypid::pg_catalog.int8, a.atttypmod, a.attnotnull, a.atthasdef, pg_catalog.format_type(a.atttypid, a.atttypmod)
FROM pg_catalog.pg_attribute a
WHERE EXISTS (SELECT FROM crmx.crm_table WHERE relation = $1)
  AND a.attrelid = pg_catalog.to_regclass(pg_catalog.format('crmx_store.%I', $1::text))
  AND a.attnum > 0 AND NOT a.attisdropped AND a.attname NOT IN ('unit', 'load_no')
ORDER BY a.attnum
