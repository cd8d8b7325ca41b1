-- Tells the database about a file: export, abandon or restore.
INSERT INTO crmx.export_action (number, action, actor, os_user, file_hash, reason, content)
VALUES ($1::bigint, $2, $3, $4, $5, $6, $7::jsonb)
