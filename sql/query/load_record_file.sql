INSERT INTO crmx.run_file (run_id, direction, name, bytes, records, loaded_as)
VALUES ($1, 'output', $2, $3::bigint, $4::bigint, $5)
ON CONFLICT (run_id, direction, name) DO UPDATE
SET bytes = EXCLUDED.bytes, records = EXCLUDED.records, loaded_as = EXCLUDED.loaded_as
