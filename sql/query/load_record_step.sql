INSERT INTO crmx.run_step (run_id, step, name, state, started_at, finished_at, records)
VALUES ($1, 110, 'load', 'done', now() - $3::bigint * interval '1 ms', now(), $2::bigint)
ON CONFLICT (run_id, step) DO UPDATE
SET state = 'done', started_at = EXCLUDED.started_at, finished_at = EXCLUDED.finished_at, records = EXCLUDED.records, message = NULL
