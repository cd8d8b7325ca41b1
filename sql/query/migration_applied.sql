SELECT number, name, sha256 FROM crmx.schema_migration ORDER BY number
