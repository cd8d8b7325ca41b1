-- List and state of entry $1.
SELECT list, state FROM crmx.list_entry WHERE entry = $1::bigint
