-- Made by the program before the first migration (etl/database_migration.c).
CREATE SCHEMA IF NOT EXISTS crmx;
COMMENT ON SCHEMA crmx IS 'crmx: what people and programs query. CRM records are shown by views, always one whole generation of a unit';
CREATE TABLE IF NOT EXISTS crmx.schema_migration (
    number     integer     PRIMARY KEY,
    name       text        NOT NULL,
    sha256     text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE crmx.schema_migration IS 'The migrations sql/schema/NNN_*.sql that were applied to this database';
COMMENT ON COLUMN crmx.schema_migration.number IS 'NNN';
COMMENT ON COLUMN crmx.schema_migration.name IS 'file name without .sql';
COMMENT ON COLUMN crmx.schema_migration.sha256 IS 'SHA-256 of the file; a changed migration is refused';
COMMENT ON COLUMN crmx.schema_migration.applied_at IS 'when';
