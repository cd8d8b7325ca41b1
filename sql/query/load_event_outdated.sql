-- Writes the removal of the events of unit $1 before $2, the first of a month: whole months, and the nights with them.
SELECT pg_catalog.format('DELETE FROM crmx.event_day WHERE unit = %L AND business_date < %L', $1::text, $2::date)
       || coalesce('; DROP TABLE ' || (
           SELECT pg_catalog.string_agg(i.inhrelid::pg_catalog.regclass::text, ', ')
           FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
           WHERE i.inhparent = pg_catalog.to_regclass(pg_catalog.format('crmx_store.%I', 'event_' || $1::text))
             AND pg_catalog.right(c.relname, 6) < pg_catalog.to_char($2::date, 'YYYYMM')), '')
WHERE EXISTS (SELECT FROM crmx.event_day WHERE unit = $1 AND business_date < $2::date)
