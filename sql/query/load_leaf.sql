-- Writes the table for the rows of load $3 of unit $2 in CRM table $1: detached, without indexes. The check spares ATTACH its
-- scan; the defaults spare the network two columns. Its rows never change: nothing for autovacuum to do.
SELECT pg_catalog.format(
    'CREATE TABLE crmx_store.%1$I (LIKE crmx_store.%2$I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE'
    ' INCLUDING COMPRESSION INCLUDING GENERATED, CHECK (unit = %3$L AND load_no = %4$s)) WITH (autovacuum_enabled = off);'
    ' ALTER TABLE crmx_store.%1$I ALTER COLUMN unit SET DEFAULT %3$L, ALTER COLUMN load_no SET DEFAULT %4$s',
    $1::text || '_' || $2::text || '_' || $3::text, $1::text, $2::text, $3::text)
