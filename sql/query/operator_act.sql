-- An action on an operator; the trigger checks the rules and makes the change (sql/schema/004_operators.sql).
INSERT INTO crmx.operator_action (actor, os_user, action, operator, name, bound_to, role, scope, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, coalesce($8, '*'), coalesce($9, ''))
