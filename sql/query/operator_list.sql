SELECT operator, name, roles, os_user, CASE WHEN active THEN 'yes' ELSE 'no' END FROM crmx.operator_list ORDER BY operator
