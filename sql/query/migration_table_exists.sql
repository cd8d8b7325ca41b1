SELECT pg_catalog.to_regclass('crmx.schema_migration') IS NOT NULL
