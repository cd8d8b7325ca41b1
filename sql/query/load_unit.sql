INSERT INTO crmx.unit AS u (unit, name) VALUES ($1, $2)
ON CONFLICT (unit) DO UPDATE SET name = EXCLUDED.name, changed_at = now() WHERE u.name <> EXCLUDED.name
