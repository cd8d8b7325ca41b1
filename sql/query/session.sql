-- Settings of every connection: names are always qualified, and no setting of the server or role changes a result.
SET client_encoding = 'UTF8';
SET search_path = pg_catalog;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET client_min_messages = warning;
SET bytea_output = hex;
-- A crmx that is killed while the server computes for it is noticed within this time.
SET client_connection_check_interval = '1s';
