-- Who is a CRM customer over the days (domain 5): who reaches the threshold enters, and keeps the date; what happens to who falls below is
-- the unit's leave policy.
--
-- In : oracle.selected (today's threshold result), oracle.numbered, oracle.found. Out: kept.entry, oracle.selected with those who stay.

-- The entry date goes with the number; of customers who became one the earliest counts.
CREATE TABLE oracle.entry AS
SELECT n.number, coalesce(min(e.entry_date), CASE WHEN s.number IS NOT NULL THEN oracle.parameter('date')::date END) AS entry_date, s.number IS NOT NULL AS reached
FROM oracle.numbered n
LEFT JOIN oracle.found f ON f.cluster = n.cluster AND f.living AND f.was_living
LEFT JOIN kept.entry e ON e.number = f.old_number AND (n.number = f.old_number OR f.old_number NOT IN (SELECT number FROM oracle.numbered WHERE living))
LEFT JOIN oracle.selected s ON s.number = n.number + (SELECT oracle.unit_setting('number_prefix', '0'))::bigint * 100000000
WHERE n.living GROUP BY n.number, s.number;

DO $$
BEGIN
    IF oracle.unit_setting('leave', 'stay') = 'leave' THEN
        DELETE FROM oracle.entry WHERE NOT reached;
    ELSE
        DELETE FROM oracle.entry WHERE entry_date IS NULL;
    END IF;
END $$;
-- Whoever is put on the exclusion list goes at once, whatever the policy.
DELETE FROM oracle.entry WHERE number + (SELECT oracle.unit_setting('number_prefix', '0'))::bigint * 100000000 IN (SELECT number FROM oracle.excluded_customer);
TRUNCATE kept.entry;
INSERT INTO kept.entry SELECT number, entry_date FROM oracle.entry;
