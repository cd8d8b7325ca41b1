-- One version with its texts, its last trial and its last activation.
SELECT v.version, v.level, v.customer_type, v.state, v.formula, v.threshold::text, v.challenger, v.digest, v.author, v.note, v.reference,
       to_char(v.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'), t.trial->>'unit', t.trial->>'generation',
       t.trial->>'customers', t.trial->>'passing', t.actor, v.approved_by,
       to_char(v.approved_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'), l.effective_from::text, to_char(l.number, 'FM000000'),
       t.trial->>'hash'
FROM crmx.parameter_version v
LEFT JOIN crmx.parameter_action t ON t.action_no = v.trial_no
LEFT JOIN crmx.parameter_list l ON l.version = v.version
WHERE v.version = $1::bigint
