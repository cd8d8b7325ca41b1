-- Was this number of the CRM imported before?
SELECT version, digest, state FROM crmx.parameter_version WHERE reference = $1
