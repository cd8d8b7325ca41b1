-- Who is a CRM customer over the days (domain 5): who reaches the threshold enters, and keeps the date; what happens to who falls below is
-- the unit's leave policy: stay, leave (at once), hysteresis SHARE DAYS (so many days below that share of the threshold).
--
-- In : oracle.selected (today's threshold result), oracle.numbered, oracle.found, scores. Out: kept.entry.

-- The exclusion list means a former identity, too (domain 7: it stays an alias), and that of a record that is closed.
INSERT INTO oracle.excluded_customer
SELECT DISTINCT n.number + oracle.unit_setting('number_prefix', '0')::bigint * 100000000
FROM oracle.excluded e JOIN oracle.known_by k ON (k.class, k.number) = (e.class, e.number) AND NOT k.never JOIN oracle.numbered n USING (cluster)
WHERE n.living EXCEPT SELECT number FROM oracle.excluded_customer;
DELETE FROM oracle.selected WHERE number IN (SELECT number FROM oracle.excluded_customer);

CREATE TABLE oracle.today_score (number bigint, score numeric, threshold numeric);
DO $$
DECLARE
    f record;
BEGIN
    FOR f IN SELECT customer_type FROM oracle.formula LOOP
        EXECUTE format('INSERT INTO oracle.today_score SELECT number - %s, r_score, %s FROM oracle.%I', oracle.unit_setting('number_prefix', '0')::bigint * 100000000,
                       oracle.threshold_minor(f.customer_type), 'scored_' || f.customer_type);
    END LOOP;
END $$;

-- The entry date goes with the number; of a number that was merged tonight it goes to the customer it was merged into. Of several the
-- earliest counts.
CREATE TABLE oracle.entry AS
SELECT n.number, coalesce(min(e.entry_date), CASE WHEN s.number IS NOT NULL THEN oracle.parameter('date')::date END) AS entry_date, s.number IS NOT NULL AS reached,
       min(e.below_since) FILTER (WHERE e.number = n.number) AS below_since
FROM oracle.numbered n
LEFT JOIN kept.entry e ON e.number = n.number OR e.number IN (SELECT number FROM oracle.event WHERE kind = 'merged' AND other = n.number)
LEFT JOIN oracle.selected s ON s.number = n.number + (SELECT oracle.unit_setting('number_prefix', '0'))::bigint * 100000000
WHERE n.living GROUP BY n.number, s.number;

DELETE FROM oracle.entry WHERE entry_date IS NULL;
DO $$
DECLARE
    policy text[] := regexp_split_to_array(oracle.unit_setting('leave', 'stay'), '\s+');
    today date := oracle.parameter('date')::date;
BEGIN
    IF policy[1] = 'leave' THEN
        DELETE FROM oracle.entry WHERE NOT reached;
    ELSIF policy[1] = 'hysteresis' THEN
        UPDATE oracle.entry e SET below_since = CASE WHEN s.score < s.threshold * policy[2]::numeric AND NOT e.reached THEN coalesce(e.below_since, today) END
        FROM oracle.today_score s WHERE s.number = e.number;
        DELETE FROM oracle.entry WHERE today - below_since >= policy[3]::int;
    ELSE
        UPDATE oracle.entry SET below_since = NULL;
    END IF;
END $$;
-- Whoever is put on the exclusion list goes at once, whatever the policy.
DELETE FROM oracle.entry WHERE number + (SELECT oracle.unit_setting('number_prefix', '0'))::bigint * 100000000 IN (SELECT number FROM oracle.excluded_customer);
TRUNCATE kept.entry;
INSERT INTO kept.entry SELECT number, entry_date, below_since FROM oracle.entry;
