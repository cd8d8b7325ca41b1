-- The first row that does not fit (null: none), the number of rows and the head of the chain.
SELECT crmx.audit_break(), (SELECT count(*) FROM crmx.audit),
       coalesce((SELECT chain FROM crmx.audit ORDER BY audit_no DESC LIMIT 1), '')
