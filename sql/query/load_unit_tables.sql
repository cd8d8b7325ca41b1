-- Writes what gives unit $1 its tables, one statement for each CRM table it lacks. ATTACH instead of PARTITION OF: it does not
-- lock readers out.
SELECT pg_catalog.format(
    'CREATE TABLE crmx_store.%1$I (LIKE crmx_store.%2$I INCLUDING ALL) PARTITION BY LIST (load_no);'
    ' ALTER TABLE crmx_store.%2$I ATTACH PARTITION crmx_store.%1$I FOR VALUES IN (%3$L)',
    relation || '_' || $1::text, relation, $1::text)
FROM crmx.crm_table
WHERE pg_catalog.to_regclass(pg_catalog.format('crmx_store.%I', relation || '_' || $1::text)) IS NULL
ORDER BY relation
