-- Integration: which records are one customer, which of them is the primary one, which number he gets.
--
-- Out: oracle.customer with integrated (number) and is_primary; oracle.integrated.
--
-- ghost (only day by day, daily_035): records that are closed, and former identities of records whose ID was renewed. They stand behind
-- the living in every order and are nobody's primary record.

ALTER TABLE oracle.customer ADD COLUMN id_group text, ADD COLUMN cluster bigint, ADD COLUMN rank bigint, ADD COLUMN integrated bigint,
    ADD COLUMN is_primary boolean NOT NULL DEFAULT false, ADD COLUMN ghost text;
DO $$
BEGIN
    IF to_regclass('oracle.ghost_file') IS NOT NULL THEN
        UPDATE oracle.customer c SET ghost = g.ghost FROM oracle.ghost_file g WHERE g.file_no = c.file_no;
    END IF;
END $$;

-- The same source number twice in one system: the latest change stays, among equals the later record.
CREATE TABLE oracle.superseded AS
SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY system, source_no ORDER BY changed DESC NULLS LAST, file_no DESC, position DESC) AS n FROM oracle.customer WHERE ghost IS NULL) z
WHERE n > 1;
DELETE FROM oracle.customer WHERE id IN (SELECT id FROM oracle.superseded);

-- Records that may be one customer: type, class and number. A resident number with a wrong check character stands beside the right one
-- (its first 17 digits), because it joins there if name and birth agree.
UPDATE oracle.customer SET id_group = customer_type || ' ' || class || ' ' ||
    CASE WHEN good IS NOT NULL AND customer_type = 'P' AND (SELECT oracle.profile('name_rule', 'apart')) = 'apart' THEN left(number, 17) ELSE number END
WHERE NOT never;

-- Too many on one number: held, each for himself.
UPDATE oracle.customer SET id_group = NULL
WHERE (SELECT oracle.profile('hold_above', '0'))::int > 0
  AND id_group IN (SELECT id_group FROM oracle.customer GROUP BY id_group HAVING count(*) FILTER (WHERE ghost IS NULL) > (SELECT oracle.profile('hold_above', '0'))::int);

-- The order of records within a group does not depend on files, unless the unit wants it so: system, then source number (shorter digits
-- first), or position.
ALTER TABLE oracle.customer ADD COLUMN place bigint;
UPDATE oracle.customer c SET place = z.place
FROM (SELECT id, row_number() OVER (ORDER BY ghost IS NOT NULL, priority,
             CASE WHEN t.tie LIKE '%source_no%' AND source_no ~ '^[0-9]{1,16}$' THEN length(source_no) END,
             CASE WHEN t.tie LIKE '%source_no%' THEN source_no END COLLATE "C", id) AS place
      FROM oracle.customer, (SELECT oracle.unit_setting('tie_break', 'changed source_no') AS tie) t) z
WHERE z.id = c.id;

-- One customer a group, unless names are kept apart: then each record, in that order, joins the first customer of its group whose first
-- record has the same name, and the same known birth day where a check character is wrong; else it begins a customer. cluster is the id
-- of the first record.
UPDATE oracle.customer c SET cluster = z.id_first
FROM (SELECT id, first_value(id) OVER (PARTITION BY coalesce(id_group, 'alone ' || id) ORDER BY place) AS id_first FROM oracle.customer) z
WHERE z.id = c.id;

DO $$
DECLARE
    g record;
    c oracle.customer;
    first bigint;
BEGIN
    IF oracle.profile('name_rule', 'apart') = 'ignore' THEN RETURN; END IF;
    CREATE INDEX ON oracle.customer (id_group);
    FOR g IN SELECT id_group FROM oracle.customer WHERE id_group IS NOT NULL GROUP BY id_group
             HAVING count(DISTINCT name) > 1 OR (count(*) > 1 AND NOT bool_and(coalesce(good, true))) LOOP
        UPDATE oracle.customer SET cluster = NULL WHERE id_group = g.id_group;
        FOR c IN SELECT * FROM oracle.customer x WHERE x.id_group = g.id_group ORDER BY x.place LOOP
            SELECT f.id INTO first FROM oracle.customer f
            WHERE f.id_group = g.id_group AND f.cluster = f.id AND oracle.same_name(f.name, c.name)
              AND ((coalesce(f.good, true) AND coalesce(c.good, true)) OR f.birth = c.birth)
            ORDER BY f.place LIMIT 1;
            UPDATE oracle.customer SET cluster = coalesce(first, c.id) WHERE id = c.id;
        END LOOP;
    END LOOP;
END $$;

-- The primary record: highest system, then as the unit's tie rule says. Numbers compare as texts, byte by byte (shorter digits first).
UPDATE oracle.customer c SET is_primary = (z.n = 1)
FROM (SELECT id, row_number() OVER (PARTITION BY cluster ORDER BY ghost IS NOT NULL, priority,
             CASE WHEN t.tie LIKE '%changed%' THEN changed END DESC NULLS LAST,
             CASE WHEN t.tie LIKE '%source_no%' AND source_no ~ '^[0-9]{1,16}$' THEN length(source_no) END,
             CASE WHEN t.tie LIKE '%source_no%' THEN source_no END COLLATE "C",
             id) AS n
      FROM oracle.customer, (SELECT oracle.unit_setting('tie_break', 'changed source_no') AS tie) t) z
WHERE z.id = c.id;

-- Numbers follow system, file and position of the primary records, one sequence for both types of customers.
CREATE UNLOGGED TABLE oracle.integrated AS
SELECT row_number() OVER (ORDER BY id) + (SELECT oracle.unit_setting('number_prefix', '0'))::bigint * 100000000 AS number,
       cluster, id AS primary_id, customer_type, class, number AS id_key
FROM oracle.customer WHERE is_primary;
CREATE INDEX ON oracle.integrated (cluster);

UPDATE oracle.customer c SET integrated = i.number FROM oracle.integrated i WHERE i.cluster = c.cluster;
CREATE INDEX ON oracle.customer (system, source_no);
CREATE INDEX ON oracle.customer (id);
ANALYZE oracle.customer;
ANALYZE oracle.integrated;
