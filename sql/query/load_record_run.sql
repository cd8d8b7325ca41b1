-- The run that made the generation: known to be committed. A run that was recorded before keeps its own times.
INSERT INTO crmx.run AS r (run_id, unit, business_date, generation, mode, state)
VALUES ($1, $2, $3::date, $4, $5, 'committed')
ON CONFLICT (run_id) DO UPDATE SET state = 'committed', generation = EXCLUDED.generation
