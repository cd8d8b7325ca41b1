INSERT INTO crmx.control_total (run_id, step, name, currency, records, amount)
VALUES ($1, $2::smallint, $3, $4, $5::bigint, $6::numeric)
ON CONFLICT (run_id, step, name, currency) DO UPDATE SET records = EXCLUDED.records, amount = EXCLUDED.amount
