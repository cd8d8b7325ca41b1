INSERT INTO crmx.load (load_no, unit, generation, business_date, run_id, mode, records, bytes, replaced, duration_ms)
VALUES ($1::bigint, $2, $3, $4::date, $5, $6, $7::bigint, $8::bigint, $9::bigint, $10::bigint)
