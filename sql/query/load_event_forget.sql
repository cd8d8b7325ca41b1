-- Events of unit $1 of the nights behind $2 up to $3 (null: all behind $2) are taken away.
WITH nights AS (
    DELETE FROM crmx.event_day WHERE unit = $1 AND business_date > $2::date AND ($3::date IS NULL OR business_date <= $3::date))
DELETE FROM crmx_store.event WHERE unit = $1 AND business_date > $2::date AND ($3::date IS NULL OR business_date <= $3::date)
