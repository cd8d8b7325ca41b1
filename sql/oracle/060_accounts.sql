-- Whose is it: every accepted account, contact and address record and the integrated customers it belongs to.
--
-- Out: oracle.owned_LAYOUT(file_no, position, integrated, part): one row a record and owner. part is the owner's share of every
-- amount of the record; the one with rest = true takes what the others leave, so that every cent counts once.

-- The customer a source number of a system stands for.
CREATE UNLOGGED TABLE oracle.source AS
SELECT DISTINCT ON (system, source_no) system, source_no, integrated FROM oracle.customer ORDER BY system, source_no, file_no, position;
CREATE UNIQUE INDEX ON oracle.source (system, source_no);

-- Owners named by relation files. Role O (or none) owns; agents and guardians do not. A share of nothing, or of all, is "what is left".
CREATE UNLOGGED TABLE oracle.relation (system text, account text, sub_account text, file_no int, position bigint, integrated bigint, share numeric);
DO $$
DECLARE
    l record;
BEGIN
    FOR l IN SELECT * FROM oracle.layout WHERE class = 'relation' LOOP
        EXECUTE format('INSERT INTO oracle.relation SELECT %1$L, d.account, d.sub_account, d.file_no, d.position, s.integrated, CASE WHEN d.share > 0 AND d.share < 1 THEN d.share END '
                       'FROM (SELECT %2$s AS account, %3$s AS sub_account, %4$s AS source_no, %5$s AS owner_role, %6$s * ''1e-%7$s''::numeric AS share, file_no, position '
                       'FROM oracle.%8$I WHERE reason IS NULL) d JOIN oracle.source s ON s.system = %1$L AND s.source_no = d.source_no '
                       'WHERE d.owner_role IN (''O'', '''')',
                       l.system, oracle.role_sql(l.name, 'account', NULL), oracle.role_sql(l.name, 'sub_account', ''''''),
                       oracle.role_sql(l.name, 'source_no', NULL), oracle.role_sql(l.name, 'owner_role', ''''''), oracle.role_sql(l.name, 'share', '0'),
                       coalesce((SELECT scale FROM oracle.field WHERE layout = l.name AND role = 'share'), 0), 'decoded_' || l.name);
    END LOOP;
END $$;
CREATE INDEX ON oracle.relation (system, account, sub_account);
ANALYZE oracle.relation;

DO $$
DECLARE
    l record;
BEGIN
    FOR l IN SELECT * FROM oracle.layout WHERE class IN ('account', 'contact', 'address') LOOP
        IF oracle.role(l.name, 'source_no') IS NOT NULL THEN
            EXECUTE format('CREATE UNLOGGED TABLE oracle.%I AS SELECT d.file_no, d.position, s.integrated, NULL::numeric AS part, true AS rest '
                           'FROM oracle.%I d JOIN oracle.source s ON s.system = %L AND s.source_no = d.%I WHERE d.reason IS NULL',
                           'owned_' || l.name, 'decoded_' || l.name, l.system, oracle.role(l.name, 'source_no'));
        ELSE
            EXECUTE format('CREATE UNLOGGED TABLE oracle.%I AS SELECT d.file_no, d.position, r.integrated, coalesce(r.share, 0) AS part, '
                           'row_number() OVER (PARTITION BY d.file_no, d.position ORDER BY r.share IS NOT NULL, r.file_no, r.position) = 1 AS rest '
                           'FROM oracle.%I d JOIN oracle.relation r ON r.system = %L AND r.account = d.%I AND r.sub_account = %s WHERE d.reason IS NULL',
                           'owned_' || l.name, 'decoded_' || l.name, l.system, oracle.role(l.name, 'account'),
                           coalesce('d.' || quote_ident(oracle.role(l.name, 'sub_account')), ''''''));
        END IF;
        EXECUTE format('ANALYZE oracle.%I', 'owned_' || l.name);
    END LOOP;
END $$;

-- What formulas see of an account table: amounts as decimals, the owner's part of them; factor converts to the base currency.
CREATE PROCEDURE oracle.make_holding(l oracle.layout) LANGUAGE plpgsql AS $$
DECLARE
    columns text := '';
    shared boolean := oracle.role(l.name, 'source_no') IS NULL;
    f oracle.field;
BEGIN
    FOR f IN SELECT * FROM oracle.field x WHERE x.layout = l.name ORDER BY x.ord LOOP
        columns := columns || ', ' || CASE
            WHEN f.type <> 'amount' THEN format('d.%I', 'f_' || f.name)
            WHEN NOT shared THEN format('d.%1$I * ''1e-%2$s''::numeric AS %1$I', 'f_' || f.name, f.scale)
            ELSE format('CASE WHEN o.rest THEN d.%1$I - coalesce(sum(trunc(d.%1$I * o.part)) FILTER (WHERE NOT o.rest) OVER w, 0) '
                        'ELSE trunc(d.%1$I * o.part) END * ''1e-%2$s''::numeric AS %1$I', 'f_' || f.name, f.scale) END;
    END LOOP;
    EXECUTE format('CREATE UNLOGGED TABLE oracle.%I AS SELECT o.integrated, r.rate * CASE r.per_unit WHEN 1 THEN 1 ELSE 1 / r.per_unit END AS factor%s '
                   'FROM oracle.%I o JOIN oracle.%I d USING (file_no, position) JOIN oracle.rate r ON r.currency = %s WINDOW w AS (PARTITION BY o.file_no, o.position)',
                   'holding_' || l.name, columns, 'owned_' || l.name, 'decoded_' || l.name,
                   CASE WHEN oracle.role(l.name, 'currency') IS NULL THEN quote_literal(oracle.unit_setting('base_currency', NULL))
                        ELSE format('d.%I', oracle.role(l.name, 'currency')) END);
END $$;

DO $$
DECLARE
    l oracle.layout;
BEGIN
    FOR l IN SELECT * FROM oracle.layout x WHERE x.class = 'account' LOOP
        CALL oracle.make_holding(l);
    END LOOP;
END $$;
