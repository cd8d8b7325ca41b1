-- What the oracle remembers from one day to the next (schema kept): the bank's records as of now, and what depends on history.
-- Once, before the first day. A day is: 000 … 030, daily_035, 040, 050, daily_055, 060 … 080, daily_085, 090, daily_110.

SET client_min_messages = warning;
DROP SCHEMA IF EXISTS kept CASCADE;
CREATE SCHEMA kept;

-- The image of every record of the unloads' layouts, as the last change left it. Contacts: no is the place among those of one customer.
CREATE TABLE kept.record (layout text, key text, no int NOT NULL DEFAULT 1, line text NOT NULL, closed boolean NOT NULL DEFAULT false, PRIMARY KEY (layout, key, no));
CREATE TABLE kept.former (layout text, key text, line text); -- what a record said before its ID was renewed
-- Each customer record ever seen: the number it founded (NULL: none), the customer it belonged to yesterday.
CREATE TABLE kept.member (system text, source_no text, founded bigint, number bigint, was_primary boolean, living boolean, PRIMARY KEY (system, source_no));
CREATE TABLE kept.high_water (number bigint);
INSERT INTO kept.high_water VALUES (0);
CREATE TABLE kept.entry (number bigint PRIMARY KEY, entry_date date NOT NULL, below_since date); -- below_since: below the share of a hysteresis
CREATE TABLE kept.average (name text, number bigint, days numeric NOT NULL, PRIMARY KEY (name, number)); -- minor units of the base currency × days
CREATE TABLE kept.average_since (name text PRIMARY KEY, since date NOT NULL);
CREATE TABLE kept.scored (number bigint PRIMARY KEY, deposits numeric, tier text); -- personal customers
CREATE TABLE kept.redirect (number bigint PRIMARY KEY, target bigint NOT NULL);
CREATE TABLE kept.event (day date, kind text, number bigint, other bigint);
