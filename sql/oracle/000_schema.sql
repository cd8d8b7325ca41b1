-- The whole initial load in plain SQL: an independent answer to compare the engine with (sql/oracle/README.md).
-- tests/differential/oracle fills text_file, arrived, parameter and override, then runs the numbered files in order.

SET client_min_messages = warning;
DROP SCHEMA IF EXISTS oracle CASCADE;
CREATE SCHEMA oracle;

CREATE TABLE oracle.parameter (key text PRIMARY KEY, value text NOT NULL); -- unit, date
CREATE FUNCTION oracle.parameter(a_key text) RETURNS text LANGUAGE sql STABLE AS $$ SELECT value FROM oracle.parameter WHERE key = a_key $$;

CREATE TABLE oracle.text_file (kind text, name text, content text, PRIMARY KEY (kind, name)); -- unit, layout, output, identity, formula
CREATE TABLE oracle.arrived (name text PRIMARY KEY, path text NOT NULL);                      -- plain files, gunzipped
CREATE TABLE oracle.override (kind text, name text, section text, key text, value text);

-- Day by day (daily_*.sql): what the program has, and what differs.
CREATE TABLE oracle.engine (number bigint, type text, system text, source_no text, is_primary boolean, threshold text, entry_date date);
CREATE TABLE oracle.engine_average (name text, number bigint, days numeric);
CREATE TABLE oracle.engine_event (kind text, number bigint, other bigint);
CREATE TABLE oracle.engine_redirect (number bigint, target bigint);
CREATE TABLE oracle.engine_change (number bigint, rule text, old text, new text);
CREATE TABLE oracle.engine_reason (number bigint, reason_1 text, reason_2 text, reason_3 text);
CREATE TABLE oracle.engine_event_file (there boolean);
CREATE TABLE oracle.difference (what text, detail text);
