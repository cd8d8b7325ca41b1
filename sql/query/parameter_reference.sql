-- What the CRM's number $1 was imported as, whatever was edited since.
SELECT v.version, v.state, a.level, a.customer_type, a.formula, a.threshold::text, a.challenger
FROM crmx.parameter_version v JOIN crmx.parameter_action a ON a.version = v.version AND a.action = 'import'
WHERE v.reference = $1
