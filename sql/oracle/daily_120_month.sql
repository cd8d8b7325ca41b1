-- The month's movements and what statements must add up to (domain 9): balances by account at the start, every movement, balances at the end.
--
-- In : decoded_LOG of today's transaction logs, decoded_ and owned_LAYOUT of the account layouts, kept.entry, kept.redirect.
-- Out: kept.month_balance (the first day's), kept.month_movement, kept.month_holder (whose it was last), and oracle.month_statement: per account
-- layout and currency accounts, opening, in, out, closing of the CRM customers' accounts, as of today.

CREATE TABLE IF NOT EXISTS kept.month_balance (layout text, key text, currency text, balance numeric, PRIMARY KEY (layout, key));
CREATE TABLE IF NOT EXISTS kept.month_movement (layout text, key text, currency text, amount numeric);
CREATE TABLE IF NOT EXISTS kept.month_holder (layout text, key text, number bigint, day date, PRIMARY KEY (layout, key));

CREATE TABLE oracle.log AS
SELECT l.name, b.name AS base, oracle.setting('layout', l.name, 'layout', 'ledger', 'balance') AS ledger
FROM oracle.layout l JOIN oracle.layout b ON b.name = oracle.setting('layout', l.name, 'layout', 'of', NULL) WHERE l.class = 'transaction';

-- "balance -overdraft" as SQL over the decoded columns, in units of the currency.
CREATE FUNCTION oracle.ledger_sql(a_layout text, ledger text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT string_agg(format('%s f_%s * ''1e-%s''::numeric', CASE WHEN left(w, 1) = '-' THEN '-' ELSE '+' END, ltrim(w, '+-'), f.scale), ' ')
    FROM regexp_split_to_table(btrim(ledger), '\s+') w JOIN oracle.field f ON f.layout = a_layout AND f.name = ltrim(w, '+-') $$;

CREATE TABLE oracle.account_now (layout text, key text, currency text, balance numeric, file_no int, position bigint);
DO $$
DECLARE
    g record;
    key_roles text[] := '{account,sub_account,currency,cash_flag}';
BEGIN
    FOR g IN SELECT * FROM oracle.log LOOP
        EXECUTE format('INSERT INTO oracle.account_now SELECT %1$L, %2$s, %3$s, %4$s, file_no, position FROM oracle.%5$I WHERE reason IS NULL', g.base,
                       oracle.key_sql(g.base, key_roles), oracle.role_sql(g.base, 'currency', quote_literal(oracle.unit_setting('base_currency', 'CNY'))),
                       oracle.ledger_sql(g.base, g.ledger), 'decoded_' || g.base);
        EXECUTE format('INSERT INTO kept.month_movement SELECT %1$L, %2$s, %3$s, %4$I * ''1e-%5$s''::numeric FROM oracle.%6$I WHERE reason IS NULL', g.base,
                       oracle.key_sql(g.name, key_roles), oracle.role_sql(g.name, 'currency', quote_literal(oracle.unit_setting('base_currency', 'CNY'))),
                       oracle.role(g.name, 'amount'), (SELECT scale FROM oracle.field WHERE layout = g.name AND role = 'amount'), 'decoded_' || g.name);
    END LOOP;
END $$;
-- The first day is the opening: whatever was not there then opened at nothing.
INSERT INTO kept.month_balance SELECT layout, key, currency, balance FROM oracle.account_now
WHERE NOT EXISTS (SELECT FROM kept.month_balance) ON CONFLICT DO NOTHING;

-- Every owner of every account, without the unit's prefix.
CREATE TABLE oracle.account_owner (layout text, key text, number bigint);
DO $$
DECLARE
    g record;
BEGIN
    FOR g IN SELECT * FROM oracle.log LOOP
        EXECUTE format('INSERT INTO oracle.account_owner SELECT DISTINCT a.layout, a.key, o.integrated - oracle.unit_setting(''number_prefix'', ''0'')::bigint * 100000000 '
                       'FROM oracle.account_now a JOIN oracle.%I o USING (file_no, position) WHERE a.layout = %L AND o.integrated IS NOT NULL AND NOT o.dropped', 'owned_' || g.base, g.base);
    END LOOP;
END $$;
INSERT INTO kept.month_holder SELECT layout, key, min(number), oracle.parameter('date')::date FROM oracle.account_owner GROUP BY layout, key
ON CONFLICT (layout, key) DO UPDATE SET number = excluded.number, day = excluded.day;

-- An account is stated when a CRM customer is among its owners, or when it was closed in the month and its last holder (where his number leads
-- to) is one.
CREATE TABLE oracle.stated AS
WITH RECURSIVE leads AS (SELECT layout, key, number, 0 AS hops FROM kept.month_holder
                         UNION ALL SELECT l.layout, l.key, r.target, hops + 1 FROM leads l JOIN kept.redirect r ON r.number = l.number WHERE hops < 16),
     last_holder AS (SELECT DISTINCT ON (layout, key) layout, key, number FROM leads ORDER BY layout, key, hops DESC)
SELECT layout, key, true AS open FROM oracle.account_owner JOIN kept.entry USING (number) GROUP BY layout, key
UNION ALL
SELECT h.layout, h.key, false FROM last_holder h JOIN kept.entry e USING (number)
WHERE NOT EXISTS (SELECT FROM oracle.account_now a WHERE (a.layout, a.key) = (h.layout, h.key))
  AND (EXISTS (SELECT FROM kept.month_movement m WHERE (m.layout, m.key) = (h.layout, h.key))
       OR EXISTS (SELECT FROM kept.month_balance b WHERE (b.layout, b.key) = (h.layout, h.key) AND b.balance <> 0));

CREATE TABLE oracle.month_statement AS
SELECT s.layout, coalesce(a.currency, b.currency, m.currency) AS currency, count(*) AS accounts, sum(coalesce(m.movements, 0)) AS movements,
       sum(coalesce(b.balance, 0)) AS opening, sum(coalesce(m.gain, 0)) AS gain, sum(coalesce(m.loss, 0)) AS loss,
       sum(CASE WHEN s.open THEN a.balance ELSE 0 END) AS closing
FROM oracle.stated s
LEFT JOIN oracle.account_now a ON (a.layout, a.key) = (s.layout, s.key)
LEFT JOIN kept.month_balance b ON (b.layout, b.key) = (s.layout, s.key)
LEFT JOIN (SELECT layout, key, min(currency) AS currency, count(*) AS movements, sum(amount) FILTER (WHERE amount > 0) AS gain,
                  sum(amount) FILTER (WHERE amount <= 0) AS loss FROM kept.month_movement GROUP BY layout, key) m ON (m.layout, m.key) = (s.layout, s.key)
GROUP BY 1, 2;
