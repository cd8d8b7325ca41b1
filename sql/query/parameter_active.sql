-- The version decided last for level $1 and customer type $2.
SELECT version FROM crmx.active_parameter WHERE level = $1 AND customer_type = $2
