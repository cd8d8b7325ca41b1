SELECT relation FROM crmx.crm_table ORDER BY relation
