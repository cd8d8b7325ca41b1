SELECT pg_catalog.pg_advisory_unlock(1668443513, pg_catalog.hashtext($1))
