-- Writes the tables unit $1 lacks for events of the nights $2: its own, then one for each month.
SELECT statement FROM (
    SELECT 1 AS no, pg_catalog.format(
        'CREATE TABLE crmx_store.%1$I (LIKE crmx_store.event INCLUDING ALL) PARTITION BY RANGE (business_date);'
        ' ALTER TABLE crmx_store.event ATTACH PARTITION crmx_store.%1$I FOR VALUES IN (%2$L)', 'event_' || $1::text, $1::text) AS statement,
        'event_' || $1::text AS name
    UNION ALL
    SELECT DISTINCT 2, pg_catalog.format(
        'CREATE TABLE crmx_store.%1$I (LIKE crmx_store.event INCLUDING ALL);'
        ' ALTER TABLE crmx_store.%2$I ATTACH PARTITION crmx_store.%1$I FOR VALUES FROM (%3$L) TO (%4$L)',
        'event_' || $1::text || pg_catalog.to_char(month, '_YYYYMM'), 'event_' || $1::text, month::date, (month + interval '1 month')::date),
        'event_' || $1::text || pg_catalog.to_char(month, '_YYYYMM')
    FROM pg_catalog.unnest($2::date[]) AS night, pg_catalog.date_trunc('month', night::timestamp) AS month) AS wanted
WHERE pg_catalog.to_regclass(pg_catalog.format('crmx_store.%I', name)) IS NULL
ORDER BY no, name
