-- Numbers over the days (domain 7): a record remembers the number it founded; a customer's number is the smallest that one of its records
-- founded; so a merged customer has the smallest, and a record that parts takes its own with it. A number whose founder went to a
-- customer with a smaller one stays with those left behind. The rest are newcomers.
--
-- Which fresh number a newcomer gets depends on the order of the files: it is taken over from the program (oracle.engine) after a look
-- whether it is fresh. Everything else is computed and compared in daily_110.
--
-- In : oracle.customer with clusters, ghosts included; kept.member; oracle.engine(number, system, source_no). Out: oracle.customer.integrated,
--      is_primary, oracle.integrated without ghosts; oracle.known_by (identities, present and former); kept.member, kept.redirect, kept.event.

-- A former identity links: the customer of its record is the customer of those who have that identity.
DO $$
DECLARE
    f record;
    mine bigint;
BEGIN
    FOR f IN SELECT * FROM oracle.customer WHERE ghost = 'former' LOOP
        SELECT cluster INTO mine FROM oracle.customer WHERE system = f.system AND source_no = f.source_no AND ghost IS DISTINCT FROM 'former';
        UPDATE oracle.customer SET cluster = mine WHERE cluster = (SELECT cluster FROM oracle.customer WHERE id = f.id) AND mine IS NOT NULL;
    END LOOP;
END $$;
-- What a customer was known by counts for the lists (daily_085): whoever is excluded stays so with a new document.
CREATE TABLE oracle.known_by AS SELECT cluster, class, number, never FROM oracle.customer;
DELETE FROM oracle.customer WHERE ghost = 'former';

CREATE TABLE oracle.found AS
SELECT c.id, c.system, c.source_no, c.cluster, c.ghost IS NULL AS living, m.founded, m.number AS old_number, coalesce(m.was_primary, false) AS was_primary, coalesce(m.living, false) AS was_living
FROM oracle.customer c LEFT JOIN kept.member m USING (system, source_no);
CREATE TABLE oracle.numbered AS
SELECT cluster, min(founded) AS number, bool_or(living) AS living, NULL::bigint AS primary_id FROM oracle.found GROUP BY cluster;

-- The primary record: a higher system always, then who was it before (of the smallest number, if several were), then the tie rule.
UPDATE oracle.numbered n SET primary_id = z.id FROM (
    SELECT c.id, c.cluster, row_number() OVER (PARTITION BY c.cluster ORDER BY c.ghost IS NOT NULL, c.priority, NOT f.was_primary, CASE WHEN f.was_primary THEN f.old_number END,
           CASE WHEN t.tie LIKE '%changed%' THEN c.changed END DESC NULLS LAST,
           CASE WHEN t.tie LIKE '%source_no%' AND c.source_no ~ '^[0-9]{1,16}$' THEN length(c.source_no) END,
           CASE WHEN t.tie LIKE '%source_no%' THEN c.source_no END COLLATE "C", c.id) AS n
    FROM oracle.customer c JOIN oracle.found f USING (id), (SELECT oracle.unit_setting('tie_break', 'changed source_no') AS tie) t) z
WHERE z.cluster = n.cluster AND z.n = 1;
UPDATE oracle.customer c SET is_primary = EXISTS (SELECT FROM oracle.numbered n WHERE n.primary_id = c.id);

-- Left behind, and new.
DO $$
DECLARE
    g record;
    wanted bigint;
BEGIN
    FOR g IN SELECT * FROM oracle.numbered WHERE number IS NULL ORDER BY NOT living, primary_id LOOP
        SELECT min(f.old_number) INTO wanted FROM oracle.found f
        WHERE f.cluster = g.cluster AND f.old_number NOT IN (SELECT number FROM oracle.numbered WHERE number IS NOT NULL);
        IF wanted IS NOT NULL THEN
            UPDATE oracle.found SET founded = NULL WHERE founded = wanted;
        ELSIF EXISTS (SELECT FROM oracle.engine) THEN
            SELECT e.number INTO wanted FROM oracle.engine e JOIN oracle.found f USING (system, source_no) WHERE f.cluster = g.cluster ORDER BY e.number LIMIT 1;
            IF wanted IS NOT NULL AND (wanted <= (SELECT number FROM kept.high_water) OR wanted IN (SELECT number FROM oracle.numbered WHERE number IS NOT NULL)) THEN
                INSERT INTO oracle.difference VALUES ('number', format('newcomer %s has %s, which was given before', g.cluster, wanted));
            END IF;
        END IF;
        IF wanted IS NULL THEN
            SELECT greatest(max(h.number), max(n.number), 0) + 1 INTO wanted FROM kept.high_water h, oracle.numbered n;
        END IF;
        UPDATE oracle.numbered SET number = wanted WHERE cluster = g.cluster;
        UPDATE oracle.found SET founded = wanted WHERE id = g.primary_id;
    END LOOP;
END $$;
UPDATE kept.high_water SET number = greatest(number, (SELECT max(number) FROM oracle.numbered));

-- What happened: numbers that came into force or went out of it.
CREATE TABLE oracle.event AS
WITH before AS (SELECT DISTINCT old_number AS number FROM oracle.found WHERE was_living),
     after AS (SELECT number, cluster FROM oracle.numbered WHERE living)
SELECT CASE WHEN f.other IS NOT NULL THEN 'parted' WHEN a.number IN (SELECT old_number FROM oracle.found UNION SELECT founded FROM kept.member) THEN 'reopened' ELSE 'new' END AS kind, a.number, f.other
FROM after a, LATERAL (SELECT min(old_number) AS other FROM oracle.found WHERE cluster = a.cluster AND living AND was_living) f
WHERE a.number NOT IN (SELECT number FROM before)
UNION ALL
SELECT CASE WHEN f.other IS NOT NULL THEN 'merged' ELSE 'closed' END, b.number, f.other
FROM before b, LATERAL (SELECT min(n.number) AS other FROM oracle.found x JOIN oracle.numbered n USING (cluster) WHERE x.old_number = b.number AND x.living AND x.was_living) f
WHERE b.number NOT IN (SELECT number FROM after);
INSERT INTO kept.event SELECT oracle.parameter('date')::date, kind, number, other FROM oracle.event;

INSERT INTO kept.member SELECT f.system, f.source_no, f.founded, n.number, n.primary_id = f.id, f.living FROM oracle.found f JOIN oracle.numbered n USING (cluster)
ON CONFLICT (system, source_no) DO UPDATE SET founded = excluded.founded, number = excluded.number, was_primary = excluded.was_primary, living = excluded.living;
-- An old number always resolves: it leads to the customer its founder belongs to.
TRUNCATE kept.redirect;
INSERT INTO kept.redirect SELECT founded, number FROM kept.member WHERE founded <> number;

-- From here on as in an initial load, with these numbers and without ghosts.
DELETE FROM oracle.customer WHERE ghost IS NOT NULL;
TRUNCATE oracle.integrated;
INSERT INTO oracle.integrated (number, cluster, primary_id, customer_type, class, id_key)
SELECT n.number + (SELECT oracle.unit_setting('number_prefix', '0'))::bigint * 100000000, n.cluster, n.primary_id, c.customer_type, c.class, c.number
FROM oracle.numbered n JOIN oracle.customer c ON c.id = n.primary_id WHERE n.living;
UPDATE oracle.customer c SET integrated = i.number FROM oracle.integrated i WHERE i.cluster = c.cluster;
ANALYZE oracle.customer;
