-- The version of the same level and type that came into force last before version $1, or is in force beside it.
SELECT a.version FROM crmx.parameter_activation a JOIN crmx.parameter_version v USING (level, customer_type)
WHERE v.version = $1::bigint AND a.version <> v.version AND a.kind <> 'list'
  AND a.number < coalesce((SELECT min(number) FROM crmx.parameter_activation WHERE version = v.version), 1000000)
ORDER BY a.number DESC LIMIT 1
