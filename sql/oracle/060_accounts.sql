-- Whose is it: every accepted account, contact and address record and the integrated customers it belongs to.
--
-- Out: oracle.owned_LAYOUT(file_no, position, owner_no, integrated, part, rest): one row a record and owner. part is the owner's share of
-- every amount of the record; the owner with rest takes what the others leave, so that every cent counts once. integrated is NULL
-- where the owner is no customer: his part is an orphan; dropped marks rows of an account that came once more later. oracle.holding_LAYOUT: the same as formulas see it.

-- The customer a source number of a system stands for.
CREATE UNLOGGED TABLE oracle.source AS SELECT system, source_no, integrated FROM oracle.customer;
CREATE UNIQUE INDEX ON oracle.source (system, source_no);

-- Owners named by relation files: O (or nothing) before joint owners J, in the order of the file. Agents and guardians never own.
-- A share of nothing, or of all, is no share. A person named twice for one account counts once.
CREATE UNLOGGED TABLE oracle.relation (system text, account text, sub_account text, owner_role text, file_no int, position bigint, source_no text, share numeric);
DO $$
DECLARE
    l record;
BEGIN
    FOR l IN SELECT * FROM oracle.layout WHERE class = 'relation' LOOP
        EXECUTE format('INSERT INTO oracle.relation SELECT %1$L, account, sub_account, owner_role, file_no, position, source_no, CASE WHEN share > 0 AND share < 1 THEN share END '
                       'FROM (SELECT %2$s AS account, %3$s AS sub_account, %4$s AS source_no, %5$s AS owner_role, %6$s * ''1e-%7$s''::numeric AS share, file_no, position '
                       'FROM oracle.%8$I WHERE reason IS NULL) d WHERE owner_role IN (''O'', ''J'', '''')',
                       l.system, oracle.role_sql(l.name, 'account', NULL), oracle.role_sql(l.name, 'sub_account', ''''''),
                       oracle.role_sql(l.name, 'source_no', NULL), oracle.role_sql(l.name, 'owner_role', ''''''), oracle.role_sql(l.name, 'share', '0'),
                       coalesce((SELECT scale FROM oracle.field WHERE layout = l.name AND role = 'share'), 0), 'decoded_' || l.name);
    END LOOP;
END $$;
DELETE FROM oracle.relation r USING (
    SELECT file_no, position, row_number() OVER (PARTITION BY system, account, sub_account, source_no ORDER BY owner_role = 'J', file_no, position) AS n FROM oracle.relation) z
WHERE (r.file_no, r.position) = (z.file_no, z.position) AND z.n > 1;
CREATE INDEX ON oracle.relation (system, account, sub_account);
ANALYZE oracle.relation;

CREATE PROCEDURE oracle.make_owned(l oracle.layout) LANGUAGE plpgsql AS $$
DECLARE
    account_key text;
BEGIN
    IF oracle.role(l.name, 'source_no') IS NOT NULL THEN
        EXECUTE format('CREATE UNLOGGED TABLE oracle.%I AS SELECT d.file_no, d.position, 1 AS owner_no, s.integrated, 0::numeric AS part, true AS rest, false AS dropped '
                       'FROM oracle.%I d LEFT JOIN oracle.source s ON s.system = %L AND s.source_no = d.%I WHERE d.reason IS NULL',
                       'owned_' || l.name, 'decoded_' || l.name, l.system, oracle.role(l.name, 'source_no'));
    ELSE
        EXECUTE format('CREATE UNLOGGED TABLE oracle.%1$I AS SELECT z.file_no, z.position, z.owner_no, s.integrated, z.part, z.owner_no = 1 AS rest, false AS dropped '
                       'FROM (SELECT d.file_no, d.position, r.source_no, coalesce(r.share, 0) AS part, '
                       '      row_number() OVER (PARTITION BY d.file_no, d.position ORDER BY r.owner_role = ''J'', r.file_no, r.position)::int AS owner_no '
                       '      FROM oracle.%2$I d LEFT JOIN oracle.relation r ON r.system = %3$L AND r.account = d.%4$I AND r.sub_account = %5$s WHERE d.reason IS NULL) z '
                       'LEFT JOIN oracle.source s ON s.system = %3$L AND s.source_no = z.source_no',
                       'owned_' || l.name, 'decoded_' || l.name, l.system, oracle.role(l.name, 'account'),
                       coalesce('d.' || quote_ident(oracle.role(l.name, 'sub_account')), ''''''));
    END IF;
    -- The same account twice among those that have an owner: the last record stays.
    IF l.class = 'account' THEN
        account_key := format('%I, %s, %s, %s', oracle.role(l.name, 'account'), oracle.role_sql(l.name, 'sub_account', ''''''),
                              oracle.role_sql(l.name, 'currency', ''''''), oracle.role_sql(l.name, 'cash_flag', ''''''));
        EXECUTE format('UPDATE oracle.%1$I o SET dropped = true FROM (SELECT file_no, position, dense_rank() OVER (PARTITION BY %3$s ORDER BY file_no DESC, position DESC) AS n '
                       'FROM oracle.%2$I JOIN oracle.%1$I USING (file_no, position) WHERE integrated IS NOT NULL) a WHERE (o.file_no, o.position) = (a.file_no, a.position) AND a.n > 1 AND o.integrated IS NOT NULL',
                       'owned_' || l.name, 'decoded_' || l.name, account_key);
    END IF;
    EXECUTE format('ANALYZE oracle.%I', 'owned_' || l.name);
END $$;

-- What formulas see of an account table: amounts as decimals, the owner's part of them; factor converts to the base currency. Two owners
-- who turn out to be one customer are one: his parts add up, the account counts once.
-- shares × NAV of the owner's own shares, in units of the currency.
-- What nobody owns is the rest of the account's value instead: nobody's shares stand anywhere. shared_…: the share of the value; what an owner's
-- own shares are worth beside it is a rounding, which the engine calls revalued.
CREATE FUNCTION oracle.value_of_shares_sql(f oracle.field) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT format(', CASE WHEN p.integrated IS NULL THEN p.%6$I ELSE round(p.%1$I * ''1e%2$s''::numeric * oracle.nav_of(d.%3$I)) END * ''1e-%4$s''::numeric AS %5$I, p.%6$I * ''1e-%4$s''::numeric AS %7$I',
                  'f_' || s.name, f.scale - s.scale, 'f_' || split_part(f.computed, '*', 2), f.scale, 'f_' || f.name, 'f_' || f.name, 'shared_' || f.name)
    FROM oracle.field s WHERE s.layout = f.layout AND s.name = split_part(f.computed, '*', 1) $$;

CREATE PROCEDURE oracle.make_holding(l oracle.layout) LANGUAGE plpgsql AS $$
DECLARE
    columns text := '';
    parts text := '';
    f oracle.field;
BEGIN
    FOR f IN SELECT * FROM oracle.field x WHERE x.layout = l.name ORDER BY x.ord LOOP
        columns := columns || CASE WHEN f.computed LIKE '%*%' THEN oracle.value_of_shares_sql(f)
                                   WHEN f.type <> 'amount' OR f.computed IS NOT NULL THEN format(', d.%I', 'f_' || f.name)
                                   ELSE format(', p.%1$I * ''1e-%2$s''::numeric AS %1$I', 'f_' || f.name, f.scale) END;
        IF f.type = 'amount' AND (f.computed IS NULL OR f.computed LIKE '%*%') THEN
            parts := parts || format(', CASE WHEN o.rest THEN d.%1$I - coalesce(sum(trunc(d.%1$I * o.part)) FILTER (WHERE NOT o.rest) OVER w, 0) ELSE trunc(d.%1$I * o.part) END AS %1$I',
                                     'f_' || f.name);
        END IF;
    END LOOP;
    EXECUTE format('CREATE UNLOGGED TABLE oracle.%1$I AS WITH part AS (SELECT o.file_no, o.position, o.owner_no, o.integrated, o.dropped%2$s FROM oracle.%3$I o JOIN oracle.%4$I d USING (file_no, position) '
                   'WINDOW w AS (PARTITION BY o.file_no, o.position)), person AS (SELECT file_no, position, min(integrated) AS integrated, bool_or(dropped) AS dropped%5$s '
                   'FROM part GROUP BY file_no, position, coalesce(integrated, -owner_no)) '
                   'SELECT p.file_no, p.integrated, p.dropped, r.currency AS the_currency, r.rate * CASE r.per_unit WHEN 1 THEN 1 ELSE 1 / r.per_unit END AS factor%6$s '
                   'FROM person p JOIN oracle.%4$I d USING (file_no, position) JOIN oracle.rate r ON r.currency = %7$s',
                   'holding_' || l.name, parts, 'owned_' || l.name, 'decoded_' || l.name,
                   (SELECT string_agg(format(', sum(%1$I) AS %1$I', 'f_' || x.name), '' ORDER BY x.ord) FROM oracle.field x WHERE x.layout = l.name AND x.type = 'amount' AND (x.computed IS NULL OR x.computed LIKE '%*%')), columns,
                   CASE WHEN oracle.role(l.name, 'currency') IS NULL THEN quote_literal(oracle.unit_setting('base_currency', NULL))
                        ELSE format('d.%I', oracle.role(l.name, 'currency')) END);
END $$;

DO $$
DECLARE
    l oracle.layout;
BEGIN
    FOR l IN SELECT * FROM oracle.layout x WHERE x.class IN ('account', 'contact', 'address') LOOP
        CALL oracle.make_owned(l);
        IF l.class = 'account' THEN CALL oracle.make_holding(l); END IF;
    END LOOP;
END $$;
