-- The audit trail, oldest first, the last $1 rows; $2 object, $3 its id, $4 actor, each null for all.
SELECT audit_no::text, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'), actor, os_user, object, object_id, action, from_state,
       to_state, reason, left(digest, 12), left(chain, 12)
FROM (
    SELECT * FROM crmx.audit
    WHERE ($2::text IS NULL OR object = $2) AND ($3::text IS NULL OR object_id = $3) AND ($4::text IS NULL OR actor = $4)
    ORDER BY audit_no DESC LIMIT $1::bigint) AS newest
ORDER BY newest.audit_no
