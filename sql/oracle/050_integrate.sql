-- Integration: which records are one customer, which of them is the primary one, which number he gets.
--
-- Out: oracle.customer with integrated (number) and is_primary; oracle.integrated.

-- Records that may be one customer: type, class and number. A resident number with a wrong check character stands beside the right one
-- (its first 17 digits), because it joins there if name and birth agree.
ALTER TABLE oracle.customer ADD COLUMN id_group text, ADD COLUMN cluster bigint, ADD COLUMN rank bigint, ADD COLUMN integrated bigint,
    ADD COLUMN is_primary boolean NOT NULL DEFAULT false;

UPDATE oracle.customer SET id_group = customer_type || ' ' || class || ' ' ||
    CASE WHEN good IS NOT NULL AND customer_type = 'P' AND (SELECT oracle.profile('name_rule', 'apart')) = 'apart' THEN left(number, 17) ELSE number END
WHERE NOT never;

-- Too many on one number: held, each for himself.
UPDATE oracle.customer SET id_group = NULL
WHERE (SELECT oracle.profile('hold_above', '0'))::int > 0
  AND id_group IN (SELECT id_group FROM oracle.customer GROUP BY id_group HAVING count(*) > (SELECT oracle.profile('hold_above', '0'))::int);

-- The order of precedence: system, then as the unit says.
UPDATE oracle.customer c SET rank = z.rank
FROM (SELECT id, row_number() OVER (ORDER BY priority,
             CASE WHEN (SELECT oracle.unit_setting('tie_break', '')) LIKE '%changed%' THEN changed END DESC NULLS LAST,
             CASE WHEN (SELECT oracle.unit_setting('tie_break', '')) LIKE '%source_no%' THEN length(source_no) END,
             CASE WHEN (SELECT oracle.unit_setting('tie_break', '')) LIKE '%source_no%' THEN source_no END COLLATE "C",
             file_no, position) AS rank
      FROM oracle.customer) z
WHERE z.id = c.id;

-- One customer a group, unless names are kept apart: then each record, in order of precedence, joins the first customer of its group
-- whose founder has the same name, and the same known birth day where a check character is wrong; else it founds a customer.
UPDATE oracle.customer c SET cluster = z.rank
FROM (SELECT id, min(rank) OVER (PARTITION BY coalesce(id_group, 'alone ' || id)) AS rank FROM oracle.customer) z
WHERE z.id = c.id;

DO $$
DECLARE
    g record;
    c oracle.customer;
    founder bigint;
BEGIN
    IF (SELECT oracle.profile('name_rule', 'apart')) = 'ignore' THEN RETURN; END IF;
    FOR g IN SELECT id_group FROM oracle.customer WHERE id_group IS NOT NULL GROUP BY id_group
             HAVING count(DISTINCT name) > 1 OR (count(*) > 1 AND NOT bool_and(coalesce(good, true))) LOOP
        UPDATE oracle.customer SET cluster = NULL WHERE id_group = g.id_group;
        FOR c IN SELECT * FROM oracle.customer x WHERE x.id_group = g.id_group ORDER BY x.rank LOOP
            SELECT f.rank INTO founder FROM oracle.customer f
            WHERE f.id_group = g.id_group AND f.cluster = f.rank AND oracle.same_name(f.name, c.name)
              AND ((coalesce(f.good, true) AND coalesce(c.good, true)) OR f.birth = c.birth)
            ORDER BY f.rank LIMIT 1;
            UPDATE oracle.customer SET cluster = coalesce(founder, c.rank) WHERE id = c.id;
        END LOOP;
    END LOOP;
END $$;

-- The founder is the primary record. Numbers follow system, file and position of the primary records, one sequence for both types.
UPDATE oracle.customer SET is_primary = (cluster = rank);

CREATE UNLOGGED TABLE oracle.integrated AS
SELECT row_number() OVER (ORDER BY priority, file_no, position)
       + CASE (SELECT oracle.unit_setting('number_prefix', '0')) WHEN '0' THEN 0 ELSE (SELECT oracle.unit_setting('number_prefix', '0'))::bigint * 100000000 END AS number,
       cluster, id AS primary_id, customer_type, class, number AS id_key
FROM oracle.customer WHERE is_primary;
CREATE INDEX ON oracle.integrated (cluster);

UPDATE oracle.customer c SET integrated = i.number FROM oracle.integrated i WHERE i.cluster = c.cluster;
CREATE INDEX ON oracle.customer (system, source_no);
CREATE INDEX ON oracle.customer (id);
ANALYZE oracle.customer;
ANALYZE oracle.integrated;
