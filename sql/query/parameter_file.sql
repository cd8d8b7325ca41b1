-- What the file of activation $1 says.
SELECT a.number, coalesce(before.file_hash, ''), a.kind, a.level, a.customer_type, a.effective_from::text, coalesce(a.version, 0),
       coalesce(a.subject, 0), coalesce(v.digest, ''), v.threshold::text, v.formula, v.challenger, a.list, coalesce(v.author, ''),
       coalesce(to_char(v.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), ''), coalesce(v.note, ''),
       coalesce(t.trial::text, ''), coalesce(v.approved_by, ''),
       coalesce(to_char(v.approved_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), ''), a.actor, a.os_user,
       to_char(a.requested_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), a.reason
FROM crmx.parameter_activation a
LEFT JOIN crmx.parameter_activation before ON before.number = a.number - 1
LEFT JOIN crmx.parameter_version v ON v.version = a.version
LEFT JOIN crmx.parameter_action t ON t.action_no = v.trial_no
WHERE a.number = $1::bigint
