-- Writes the removal of the unit's tables of every load but the applied one ($2; null: none): those of killed loads (detached)
-- and those that were replaced.
SELECT pg_catalog.format('DROP TABLE crmx_store.%I', c.relname)
FROM pg_catalog.pg_class c
JOIN crmx.crm_table t ON pg_catalog.starts_with(c.relname, t.relation || '_' || $1::text || '_')
CROSS JOIN LATERAL pg_catalog.substr(c.relname, pg_catalog.length(t.relation || '_' || $1::text || '_') + 1) AS load(no)
WHERE c.relnamespace = 'crmx_store'::pg_catalog.regnamespace AND c.relkind = 'r'
  AND load.no ~ '^[0-9]+$' AND load.no IS DISTINCT FROM $2::text
ORDER BY c.relname
