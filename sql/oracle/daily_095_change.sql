-- Change events of the two rules that tests/differential/daily gives the unit: a large deposit, another tier. Written out in SQL here, not
-- read from the unit file.
--
-- In : oracle.scored_P, kept.entry (tonight's CRM customers), kept.scored (yesterday's scores). Out: oracle.rule_event, kept.scored.

CREATE TABLE oracle.rule_today AS
SELECT number - oracle.unit_setting('number_prefix', '0')::bigint * 100000000 AS number, m_demand_cny + m_fixed_cny AS deposits, r_tier::text AS tier
FROM oracle."scored_P";

CREATE TABLE oracle.rule_event AS
SELECT t.number, 'large_deposit' AS rule, to_char(y.deposits / 100, 'FM999999999999990.00') AS old, to_char(t.deposits / 100, 'FM999999999999990.00') AS new
FROM oracle.rule_today t JOIN kept.scored y USING (number) JOIN kept.entry USING (number) WHERE t.deposits - y.deposits >= 1000 * 100
UNION ALL
SELECT t.number, 'tier_change', y.tier, t.tier
FROM oracle.rule_today t JOIN kept.scored y USING (number) JOIN kept.entry USING (number) WHERE t.tier <> y.tier;

TRUNCATE kept.scored;
INSERT INTO kept.scored SELECT number, deposits, tier FROM oracle.rule_today;
