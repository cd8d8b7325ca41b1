-- Everything that came into force; $1 level, null for all.
SELECT to_char(number, 'FM000000'), kind, level, customer_type, effective_from::text, version::text, subject::text, author, approved_by,
       actor, to_char(exported_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'), reason
FROM crmx.parameter_history WHERE $1::text IS NULL OR level = $1
ORDER BY number
