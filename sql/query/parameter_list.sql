-- Versions, newest last; $1 level, $2 customer type, $3 state, each null for all.
SELECT version::text, level, customer_type, state,
       concat_ws('+', CASE WHEN has_formula THEN 'formula' END, CASE WHEN threshold IS NOT NULL THEN 'threshold' END,
                 CASE WHEN has_challenger THEN 'challenger' END),
       threshold::text, left(digest, 12), author, approved_by, effective_from::text, to_char(number, 'FM000000'),
       trial->>'passing', note
FROM crmx.parameter_list
WHERE ($1::text IS NULL OR level = $1) AND ($2::text IS NULL OR customer_type = $2) AND ($3::text IS NULL OR state = $3)
ORDER BY version
