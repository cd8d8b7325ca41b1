-- From the commit of this row on, readers see load $2 of the unit.
INSERT INTO crmx.applied_generation (unit, load_no, generation, business_date)
VALUES ($1, $2::bigint, $3, $4::date)
ON CONFLICT (unit) DO UPDATE
SET load_no = EXCLUDED.load_no, generation = EXCLUDED.generation, business_date = EXCLUDED.business_date, applied_at = now()
