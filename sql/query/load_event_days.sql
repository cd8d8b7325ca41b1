-- Nights of unit $1 whose events are here.
SELECT business_date, generation FROM crmx.event_day WHERE unit = $1
