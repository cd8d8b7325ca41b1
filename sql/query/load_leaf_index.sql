-- Writes the indexes of CRM table $1 for the filled table $2, in the order of their definition, then its statistics. Equal
-- indexes are taken over by ATTACH.
SELECT pg_catalog.format('CREATE %sINDEX ON crmx_store.%I %s', CASE WHEN i.indisunique THEN 'UNIQUE ' END, $2::text,
                         pg_catalog.substring(pg_catalog.pg_get_indexdef(i.indexrelid), ' (USING .*)$'))
FROM (SELECT * FROM pg_catalog.pg_index
      WHERE indrelid = pg_catalog.to_regclass(pg_catalog.format('crmx_store.%I', $1::text)) ORDER BY indexrelid) i
UNION ALL
SELECT pg_catalog.format('ANALYZE crmx_store.%I', $2::text)
