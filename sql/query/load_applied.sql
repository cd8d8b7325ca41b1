-- What a unit shows now: no row before its first load.
SELECT a.generation, a.load_no, a.business_date, l.records, l.bytes
FROM crmx.applied_generation a JOIN crmx.load l USING (load_no)
WHERE a.unit = $1
