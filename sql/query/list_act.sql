-- An action on an entry of a list; the trigger checks the rules and makes the change (sql/schema/006_lists.sql).
INSERT INTO crmx.list_action (entry, action, actor, os_user, reason, list, level, id_type, id_no, number, note, expires, effective_from)
VALUES ($1::bigint, $2, $3, $4, $5, $6, $7, $8, $9, $10::bigint, $11, $12::date, $13::date)
RETURNING entry
