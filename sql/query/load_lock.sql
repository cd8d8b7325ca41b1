-- One loader per unit. The lock belongs to the session, so it goes away with a killed loader.
SELECT pg_catalog.pg_try_advisory_lock(1668443513, pg_catalog.hashtext($1))
