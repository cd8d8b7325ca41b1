-- Events by rule 变动事件 (docs/formats.md): what changes.tsv of a generation says, kept per business date.
--
--     crmx_store.event                          parent, LIST (unit): never holds rows itself
--       crmx_store.event_11                     a unit, RANGE (business_date)
--         crmx_store.event_11_202610            a month
--     crmx.event_day                            unit 11, 2026-10-31 → generation 2026-10-31.001.1, 17 events
--     crmx.crm_event                            the view people read
--
-- Other than a CRM table this one is history: a load adds its night and leaves the others alone. Nights are replaced whole, in the transaction
-- that sets applied_generation, by DELETE and COPY: a night has few rows, and partitions by night would be thousands. So a month is one table;
-- its end of life is a DROP.

CREATE TABLE crmx_store.event (
    number        bigint NOT NULL,
    position      bigint NOT NULL,
    business_date date   NOT NULL,
    unit          text   NOT NULL,
    rule          text   NOT NULL,
    old           text,
    new           text
) PARTITION BY LIST (unit);
CREATE UNIQUE INDEX event_place ON crmx_store.event (business_date, position, unit);
CREATE INDEX event_number ON crmx_store.event (number);
COMMENT ON TABLE crmx_store.event IS 'Events by rule of all units; read crmx.crm_event';
COMMENT ON COLUMN crmx_store.event.number IS 'integrated customer number 综合客户号';
COMMENT ON COLUMN crmx_store.event.position IS 'line of changes.tsv of the generation, from 1';
COMMENT ON COLUMN crmx_store.event.business_date IS 'the night that found the event';
COMMENT ON COLUMN crmx_store.event.unit IS 'unit 一级分行';
COMMENT ON COLUMN crmx_store.event.rule IS 'rule: [event NAME] of the unit file';
COMMENT ON COLUMN crmx_store.event.old IS 'value of the rule in the generation before';
COMMENT ON COLUMN crmx_store.event.new IS 'value of the rule in this generation';

CREATE TABLE crmx.event_day (
    unit          text        NOT NULL REFERENCES crmx.unit,
    business_date date        NOT NULL,
    generation    text        NOT NULL,
    events        bigint      NOT NULL CHECK (events >= 0),
    applied_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (unit, business_date)
);
COMMENT ON TABLE crmx.event_day IS 'Nights whose events are here: one row per unit and business date, also where nothing happened';
COMMENT ON COLUMN crmx.event_day.generation IS 'the generation whose changes.tsv this is';
COMMENT ON COLUMN crmx.event_day.events IS 'events of the night: the lines of changes.tsv below its first';
COMMENT ON COLUMN crmx.event_day.applied_at IS 'when they came';

CREATE VIEW crmx.crm_event AS
SELECT d.business_date, d.generation, e.unit, e.number, e.position, e.rule, e.old, e.new,
       CASE WHEN e.old ~ '^-?[0-9]+([.][0-9]+)?$' THEN e.old::numeric END AS old_number,
       CASE WHEN e.new ~ '^-?[0-9]+([.][0-9]+)?$' THEN e.new::numeric END AS new_number
FROM crmx.event_day d JOIN crmx_store.event e ON e.unit = d.unit AND e.business_date = d.business_date;
COMMENT ON VIEW crmx.crm_event IS 'Events by rule 变动事件 of CRM customers, night by night: what changed from the generation before to this one';
COMMENT ON COLUMN crmx.crm_event.number IS 'integrated customer number 综合客户号';
COMMENT ON COLUMN crmx.crm_event.position IS 'place of the event in its night, from 1';
COMMENT ON COLUMN crmx.crm_event.rule IS 'rule: [event NAME] of the unit file';
COMMENT ON COLUMN crmx.crm_event.old IS 'value of the rule the night before, as text';
COMMENT ON COLUMN crmx.crm_event.new IS 'value of the rule this night, as text';
COMMENT ON COLUMN crmx.crm_event.old_number IS 'old as a number, null where it is a code';
COMMENT ON COLUMN crmx.crm_event.new_number IS 'new as a number, null where it is a code';

-- A CRM table is what is loaded whole: from now on told by its column load_no.
CREATE OR REPLACE VIEW crmx.crm_table AS
SELECT c.relname::text AS relation, pg_catalog.obj_description(c.oid, 'pg_class') AS meaning
FROM pg_catalog.pg_class c
WHERE c.relnamespace = 'crmx_store'::pg_catalog.regnamespace AND c.relkind = 'p' AND NOT c.relispartition
  AND EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'load_no');

CREATE OR REPLACE FUNCTION crmx.add_column(relation text, name text, type text, meaning text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $body$
BEGIN
    IF NOT EXISTS (SELECT FROM crmx.crm_table t WHERE t.relation = add_column.relation) THEN
        RAISE EXCEPTION '"%" is no CRM table', relation USING HINT = 'see: SELECT relation FROM crmx.crm_table';
    END IF;
    PERFORM type::regtype; -- a type and nothing else; the cast itself would lose the precision of numeric(20,2)
    EXECUTE format('ALTER TABLE crmx_store.%I ADD COLUMN %I %s', relation, name, type);
    EXECUTE format('COMMENT ON COLUMN crmx_store.%I.%I IS %L', relation, name, meaning);
    PERFORM crmx_store.reader_view(relation);
END
$body$;
