-- Writes the attachment of the tables of load $2 to those of unit $1.
SELECT pg_catalog.format('ALTER TABLE crmx_store.%I ATTACH PARTITION crmx_store.%I FOR VALUES IN (%s)',
                         t.relation || '_' || $1::text, c.relname, $2::text)
FROM crmx.crm_table t
JOIN pg_catalog.pg_class c ON c.relname = t.relation || '_' || $1::text || '_' || $2::text
WHERE c.relnamespace = 'crmx_store'::pg_catalog.regnamespace AND c.relkind = 'r' AND NOT c.relispartition
ORDER BY t.relation
