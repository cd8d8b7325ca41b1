-- 'crmx' as a number; the second number is 0 for migrations.
SELECT pg_catalog.pg_advisory_lock(1668443512, 0)
