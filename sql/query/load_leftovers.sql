-- Writes the removal of the unit's loads except the applied one ($2; null: none): tables of killed loads (detached) and of loads
-- that were replaced. One statement for a load: all of its tables or, when a reader still uses one of them, none.
SELECT 'DROP TABLE ' || pg_catalog.string_agg(pg_catalog.format('crmx_store.%I', c.relname), ', ' ORDER BY c.relname)
FROM pg_catalog.pg_class c
JOIN crmx.crm_table t ON pg_catalog.starts_with(c.relname, t.relation || '_' || $1::text || '_')
CROSS JOIN LATERAL pg_catalog.substr(c.relname, pg_catalog.length(t.relation || '_' || $1::text || '_') + 1) AS load(no)
WHERE c.relnamespace = 'crmx_store'::pg_catalog.regnamespace AND c.relkind = 'r'
  AND load.no ~ '^[0-9]+$' AND load.no IS DISTINCT FROM $2::text
GROUP BY load.no
ORDER BY load.no::bigint
