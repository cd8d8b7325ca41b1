-- Reason codes of tonight's CRM customers, those who stay below the threshold included, as text.
--
-- In : oracle.scored_P, oracle.scored_C, kept.entry. Out: oracle.reason_today(number, reason_1, reason_2, reason_3).

CREATE TABLE oracle.reason_today (number bigint, reason_1 text, reason_2 text, reason_3 text);
DO $$
DECLARE
    f record;
BEGIN
    FOR f IN SELECT customer_type FROM oracle.formula LOOP
        EXECUTE format('INSERT INTO oracle.reason_today SELECT e.number, oracle.reason_name(%1$L, oracle.reason(s.terms, 1)), '
                       'oracle.reason_name(%1$L, oracle.reason(s.terms, 2)), oracle.reason_name(%1$L, oracle.reason(s.terms, 3)) '
                       'FROM oracle.%2$I s JOIN kept.entry e ON e.number = s.number - %3$s', f.customer_type, 'scored_' || f.customer_type,
                       oracle.unit_setting('number_prefix', '0')::bigint * 100000000);
    END LOOP;
END $$;
