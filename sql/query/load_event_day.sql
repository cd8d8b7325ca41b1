INSERT INTO crmx.event_day (unit, business_date, generation, events) VALUES ($1, $2::date, $3, $4::bigint)
