-- An action on a version; the trigger checks the rules and makes the change (sql/schema/005_parameters.sql).
INSERT INTO crmx.parameter_action (version, action, actor, os_user, reason, digest, level, customer_type, formula, threshold,
                                   challenger, reference, effective_from, trial, last_used)
VALUES ($1::bigint, $2, $3, $4, $5, $6, $7, $8, $9, $10::numeric, $11, $12, $13::date, $14::jsonb, $15::date)
RETURNING version, to_state, digest
